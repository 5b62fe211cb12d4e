"""Passwords hashed with Argon2id, the winner of the Password Hashing Competition (RFC 9106)."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher


class Argon2Hasher:
    """Argon2id with the given cost; by default the one that OWASP names first: 19 MiB, two passes, one lane.

    The package `argon2-cffi` is imported when the first password is hashed or verified: a shop without passwords needs none.
    """

    def __init__(self, *, memory_kib: int = 19_456, passes: int = 2, lanes: int = 1) -> None:
        """Raise what a hash costs here: hashes of before are verified as they were made, and made anew at the next sign-in."""
        self._cost = (passes, memory_kib, lanes)
        self._lock = Lock()
        self._nobodys: str | None = None

    @cached_property
    def _argon(self) -> PasswordHasher:
        from argon2 import PasswordHasher, Type  # noqa: PLC0415 - see the docstring of the class.

        passes, memory_kib, lanes = self._cost
        return PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)

    def hash(self, password: str, /) -> str:
        """A salted hash of `password`, in the PHC string format."""
        return self._argon.hash(password)

    def verify(self, password: str, hashed: str | None, /) -> bool:
        """Whether `password` is the one of `hashed`; None is nobody's hash: that takes as long as any other, and is False."""
        from argon2.exceptions import VerificationError  # noqa: PLC0415 - see the docstring of the class.

        try:
            self._argon.verify(self._of_nobody() if hashed is None else hashed, password)
        except VerificationError:
            return False
        return hashed is not None

    def stale(self, hashed: str, /) -> bool:
        """Whether a hash of the same password would be made with other parameters today."""
        return self._argon.check_needs_rehash(hashed)

    def _of_nobody(self) -> str:
        with self._lock:
            if self._nobodys is None:
                self._nobodys = self._argon.hash("nobody has this password")
            return self._nobodys
