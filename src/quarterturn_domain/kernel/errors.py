"""Every way a use case may say no.

A refusal is a `DomainError` that carries facts; a bug is an `AssertionError` and crashes. The tree is the whole vocabulary:
each context adds leaves, never branches, so that one table at the edge can turn a class into an HTTP status.

* DomainError
  + Rejected      the rules forbid it; asking again changes nothing        409
    - InvalidTransition, StockShort, PriceChanged, ...
  + Invalid       the values make no sense                                 422
    - CurrencyMismatch, UnknownCurrency, ...
  + NotFound      there is no such thing, or it is not yours               404
  + Forbidden     it exists, you may see it, you may not do this           403
  + Conflict      somebody changed it first; read again                    409
  + Unavailable   a port failed; retry later                               503
    - CircuitOpen   it was not even asked, since it has failed too often
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, TypeAlias, TypeVar

import attrs

T = TypeVar("T")


class DomainError(Exception):
    """A "no" that the world may hear: `code` names it, the fields are its facts, `message` says it in a sentence.

    Refusals are values as much as exceptions: a batch returns them beside its successes, and two with the same facts are equal.
    """

    code: ClassVar[str] = "domain_error"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def message(self) -> str:
        """One sentence: what is wrong and what would help."""
        facts = ", ".join(f"{name}={value}" for name, value in self.facts().items())
        return f"{self.code.replace('_', ' ')}: {facts}" if facts else self.code.replace("_", " ")

    def facts(self) -> dict[str, Any]:
        """The fields of this refusal by name; empty for one that has none."""
        kind = type(self)
        return {field.name: getattr(self, field.name) for field in attrs.fields(kind)} if attrs.has(kind) else {}

    def __str__(self) -> str:
        return self.message

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DomainError):
            return NotImplemented
        return type(self) is type(other) and self.facts() == other.facts()

    def __hash__(self) -> int:
        return hash((type(self), tuple(str(value) for value in self.facts().values())))


class Rejected(DomainError):
    """The rules forbid it; asking again changes nothing."""


@attrs.frozen(eq=False)
class Invalid(DomainError):
    """The values make no sense: `what` is wrong, and `expected` says what would be right."""

    what: str
    expected: str = ""

    @property
    def message(self) -> str:
        """What is wrong, then what was expected."""
        return f"{self.what}; expected {self.expected}" if self.expected else self.what


@attrs.frozen(eq=False)
class NotFound(DomainError):
    """There is no `kind` with this `key`, or it is not yours to know of."""

    kind: str
    key: str

    @property
    def message(self) -> str:
        """Which thing was looked for, by what key."""
        return f"There is no {self.kind} {self.key}"


@attrs.frozen(eq=False)
class Forbidden(DomainError):
    """It exists and you may see it, but you may not do this."""

    reason: str

    @property
    def message(self) -> str:
        """Why it may not be done."""
        return self.reason


@attrs.frozen(eq=False)
class Conflict(DomainError):
    """The `kind` with this `key` already says something else; read it again before you repeat."""

    kind: str
    key: str
    reason: str = "it was changed by somebody else; read it again"

    @property
    def message(self) -> str:
        """Which thing conflicts, and why."""
        return f"The {self.kind} {self.key} conflicts: {self.reason}"


@attrs.frozen(eq=False)
class Unavailable(DomainError):
    """A port failed or is overloaded; nothing was done; retry later."""

    what: str
    retry_after_seconds: int | None = None

    @property
    def message(self) -> str:
        """What is not available, and when to ask again."""
        wait = "" if self.retry_after_seconds is None else f"; retry after {self.retry_after_seconds} s"
        return f"{self.what} is not available{wait}"


@attrs.frozen(eq=False)
class CircuitOpen(Unavailable):
    """It has failed too often and is left alone for a while: it was not asked, nothing was tried, and no try is to be counted."""


Outcome: TypeAlias = T | DomainError
"""What one command of a batch came to: its result, or the refusal that it got."""


def granted(outcome: Outcome[T]) -> T:
    """The result of `outcome`; raises it when it is a refusal."""
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome
