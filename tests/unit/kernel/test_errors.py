"""Refusals are values: named, with facts, equal when they say the same."""

from __future__ import annotations

import pytest

from quarterturn_domain.kernel.batch import decide_each
from quarterturn_domain.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    Rejected,
    Unavailable,
    granted,
)
from quarterturn_domain.kernel.ids import Sku
from quarterturn_domain.stock.stock_item import StockShort


@pytest.mark.parametrize(
    ("case", "refusal", "code", "facts", "message"),
    [
        ("without facts", Rejected(), "rejected", {}, "rejected"),
        (
            "values",
            Invalid("a rate over 0", "1 or more"),
            "invalid",
            {"what": "a rate over 0", "expected": "1 or more"},
            "a rate over 0; expected 1 or more",
        ),
        ("a thing", NotFound("offer", "X-1"), "not_found", {"kind": "offer", "key": "X-1"}, "There is no offer X-1"),
        ("not allowed", Forbidden("not yours"), "forbidden", {"reason": "not yours"}, "not yours"),
        (
            "changed meanwhile",
            Conflict("offer", "X-1"),
            "conflict",
            {"kind": "offer", "key": "X-1", "reason": "it was changed by somebody else; read it again"},
            "The offer X-1 conflicts: it was changed by somebody else; read it again",
        ),
        (
            "a port failed",
            Unavailable("the gateway", 30),
            "unavailable",
            {"what": "the gateway", "retry_after_seconds": 30},
            "the gateway is not available; retry after 30 s",
        ),
        (
            "a leaf of a context",
            StockShort(Sku("X-1"), 3, 2),
            "stock_short",
            {"sku": "X-1", "wanted": 3, "available": 2},
            "Only 2 of X-1 are available; 3 were asked for",
        ),
    ],
)
def test_a_refusal_says(case: str, refusal: DomainError, code: str, facts: dict[str, object], message: str) -> None:
    """Its code, its facts by name, and a sentence."""
    assert (code, facts, message) == (refusal.code, refusal.facts(), str(refusal)), case


def test_refusals_with_the_same_facts_are_equal() -> None:
    """Equal class and equal facts are equal; a subclass or other facts are not."""
    assert NotFound("offer", "X-1") == NotFound("offer", "X-1")
    assert 1 == len({NotFound("offer", "X-1"), NotFound("offer", "X-1")})
    assert NotFound("offer", "X-1") != NotFound("offer", "X-2")
    assert Invalid("nothing") != Forbidden("nothing")


def test_granted_raises_what_was_refused() -> None:
    """A result comes back, a refusal is raised as it is."""
    assert "done" == granted("done")
    refusal = Forbidden("not yours")
    with pytest.raises(Forbidden) as raised:
        granted(refusal)
    assert refusal is raised.value


def test_one_refusal_of_a_batch_harms_no_neighbour() -> None:
    """Each command has its own outcome, in order; a bug is not an outcome."""

    def decide(number: int) -> int:
        if number % 2:
            raise Invalid(f"{number}", "an even number")
        return number

    assert [2, Invalid("3", "an even number"), 4] == decide_each([2, 3, 4], decide)
    with pytest.raises(ZeroDivisionError):
        decide_each([1], lambda number: number // 0)


def test_a_returned_refusal_keeps_no_frames() -> None:
    """A refusal that is kept as an answer does not keep the batch's locals alive."""

    def refuse(_: int) -> int:
        raise Rejected

    [outcome] = decide_each([1], refuse)
    assert isinstance(outcome, Rejected)
    assert outcome.__traceback__ is None
