"""Secrets that are shown once: what their text looks like, and what makes, digests and compares them."""

from __future__ import annotations

import re
from typing import Final, Protocol
from uuid import UUID

_TEXT: Final = re.compile(r"(?P<kind>[a-z]{2})_(?P<id>[0-9a-f]{32})_(?P<secret>[A-Za-z0-9_.-]{16,200})")


class Secrets(Protocol):
    """Randomness that nobody can guess; nothing that it makes is kept, only its digest, or what it was sealed from."""

    def new(self) -> str:
        """A new secret of at least 128 bits, of letters, digits, `_` and `-`."""
        ...

    def sealed(self, text: str, /) -> str:
        """The secret that follows from `text` and from a key that only this service has, of the same characters as a new one."""
        ...

    def digest(self, text: str, /) -> str:
        """SHA-256 of `text`, in hex."""
        ...

    def same(self, one: str, other: str, /) -> bool:
        """Whether two digests are equal, in a time that does not tell where they differ."""
        ...


def shown(kind: str, key: UUID, secret: str) -> str:
    """The text of a secret: two letters for its kind, the id that it is found by, and itself.

    >>> shown("qt", UUID(int=255), "never-to-be-guessed")
    'qt_000000000000000000000000000000ff_never-to-be-guessed'
    """
    text = f"{kind}_{key.hex}_{secret}"
    assert _TEXT.fullmatch(text), "a secret is made of letters, digits, `_`, `.` and `-`"
    return text


def parted(kind: str, text: str) -> tuple[UUID, str] | None:
    """The id and the secret of a text of this kind; None for what cannot be one.

    >>> parted("qt", "qt_000000000000000000000000000000ff_never-to-be-guessed")
    (UUID('00000000-0000-0000-0000-0000000000ff'), 'never-to-be-guessed')
    >>> parted("qt", "anything else") is None
    True
    """
    found = _TEXT.fullmatch(text)
    return (UUID(hex=found["id"]), found["secret"]) if found and found["kind"] == kind else None
