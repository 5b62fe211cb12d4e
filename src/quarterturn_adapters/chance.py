"""Secrets from the operating system's source of randomness, and repeatable ones for demonstrations and tests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from threading import Lock
from typing import Final

_BYTES: Final = 24
_KEY_BYTES: Final = 32


class _Digesting:
    """What does not depend on where a secret comes from."""

    def digest(self, text: str, /) -> str:
        """SHA-256 of `text`, in hex: enough for secrets, which nobody can guess; passwords need a slow hash instead."""
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def same(self, one: str, other: str, /) -> bool:
        """Whether two digests are equal, in a time that does not tell where they differ."""
        return hmac.compare_digest(one.encode(), other.encode())


class SystemSecrets(_Digesting):
    """Secrets of 192 bits and more that nobody can guess; `key` seals, and is the same wherever what is sealed has to be known."""

    def __init__(self, key: bytes | None = None) -> None:
        """Without a `key` what is sealed is known by this object only."""
        self._key = key or secrets.token_bytes(_KEY_BYTES)

    def sealed(self, text: str, /) -> str:
        """HMAC with SHA-256 of `text` by the key, in URL-safe base 64: 43 letters, digits, `_` and `-`."""
        return urlsafe_b64encode(hmac.digest(self._key, f"sealed:{text}".encode(), "sha256")).rstrip(b"=").decode()

    def new(self) -> str:
        """A new secret of 32 letters, digits, `_` and `-`."""
        return secrets.token_urlsafe(_BYTES)


class CountedSecrets(_Digesting):
    """Secrets that anybody can guess, the same in every run: for tests only."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._count = 0

    def new(self) -> str:
        """The next one."""
        with self._lock:
            self._count += 1
            return f"counted-secret-{self._count:06}"

    def sealed(self, text: str, /) -> str:
        """A digest, which anybody can make."""
        return f"sealed-{self.digest(text)}"


class PlainHasher:
    """Passwords hashed fast, without salt: for tests only, where a slow hash would test nothing more."""

    def __init__(self, version: int = 1) -> None:
        """Hashes of another `version` are stale."""
        self._version = version

    def hash(self, password: str, /) -> str:
        """The version, and a digest."""
        return f"plain-{self._version}-{_digest(password)}"

    def verify(self, password: str, hashed: str | None, /) -> bool:
        """Whether `password` is the one of `hashed`; None is nobody's."""
        return hashed is not None and hmac.compare_digest(hashed.rpartition("-")[2], _digest(password))

    def stale(self, hashed: str, /) -> bool:
        """Whether the hash has another version."""
        return not hashed.startswith(f"plain-{self._version}-")


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
