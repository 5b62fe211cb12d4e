"""Idempotency: the same key and the same content give the same answer; the same key and other content are a conflict."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final, Protocol
from uuid import UUID

import attrs

from quarterturn_domain.kernel.errors import Rejected

TIMING: Final = {"content": False}
"""Metadata of a command's field that is not part of what was asked, such as the time of asking."""


@attrs.frozen(eq=False)
class KeyReused(Rejected):
    """An idempotency key came back with other content than the first time."""

    key: str

    @property
    def message(self) -> str:
        """Which key was reused."""
        return f"The idempotency key {self.key} was used before with other content; use a new key for a new request"


@attrs.frozen
class Answer:
    """What was answered to `key` the first time: the fingerprint of the request, and the answer's text."""

    key: str
    fingerprint: str
    text: str
    at: datetime


class Answers(Protocol):
    """The idempotency keys that were used, with what was answered: written in the transaction of the change itself."""

    def find(self, keys: Iterable[str], /) -> Mapping[str, Answer]:
        """The first answers of those of `keys` that were used before."""
        ...

    def add(self, answers: Iterable[Answer], /) -> None:
        """Keep first answers; raises `Conflict` when a key was taken meanwhile."""
        ...

    def forget(self, before: datetime, /) -> int:
        """Drop the answers that are older than `before`; returns how many."""
        ...


def same_request(answer: Answer, fingerprint: str) -> Answer:
    """`answer` when it belongs to a request with this `fingerprint`, else raises `KeyReused`."""
    if answer.fingerprint != fingerprint:
        raise KeyReused(answer.key)
    return answer


_PLAIN: Final = frozenset({int, bool, UUID, type(None)})
"""What is written as it is: most of what commands are made of."""


def fingerprint(command: object) -> str:
    """SHA-256, in hex, of everything that `command` asks for, leaving out fields marked with `TIMING`."""
    return hashlib.sha256(_canonical(command).encode()).hexdigest()


def _canonical(value: Any) -> str:  # noqa: ANN401
    kind: Any = type(value)
    if kind is str:
        return repr(value)
    if kind in _PLAIN:
        return str(value)
    if kind is tuple or kind is list:
        return "[" + ",".join([_canonical(each) for each in value]) + "]"
    names = _content(kind)
    if names is not None:
        return f"{kind.__name__}(" + ",".join([_field(name, getattr(value, name)) for name in names]) + ")"
    if isinstance(value, str):
        return repr(str(value))
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{_canonical(k)}:{_canonical(v)}" for k, v in value.items())) + "}"
    if isinstance(value, (set, frozenset)):
        return "{" + ",".join(sorted(map(_canonical, value))) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return str(value)


def _field(name: str, value: Any) -> str:  # noqa: ANN401
    # What is plain, as most fields are, is written without asking further.
    return f"{name}={value}" if type(value) in _PLAIN else f"{name}={_canonical(value)}"


@cache
def _content(kind: type) -> tuple[str, ...] | None:
    """The fields of a class that count as content, or None for one that attrs does not know."""
    if not attrs.has(kind):
        return None
    return tuple(field.name for field in attrs.fields(kind) if field.metadata.get("content", True))
