"""The fingerprint of a request: the same for the same content, another for any other content, whatever the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.kernel.currency import EUR, JPY
from quarterturn_domain.kernel.idempotency import TIMING, Answer, KeyReused, fingerprint, same_request
from quarterturn_domain.kernel.money import Money

AT = datetime(2026, 1, 1, tzinfo=UTC)
ONE = Money(1, EUR)


@attrs.frozen(kw_only=True)
class Ask:
    """A command for these tests."""

    name: str = "x"
    lines: tuple[tuple[str, int], ...] = ()
    price: Money = ONE
    wanted: Mapping[str, int] = attrs.field(factory=dict)
    codes: frozenset[str] = frozenset()
    owner: UUID | None = None
    at: datetime = attrs.field(default=AT, metadata=TIMING)


@attrs.frozen(kw_only=True)
class Demand(Ask):
    """Another command with the same content."""


@pytest.mark.parametrize(
    ("case", "other"),
    [
        ("another text", Ask(name="y")),
        ("another line", Ask(lines=(("a", 1),))),
        ("another amount", Ask(price=Money(2, EUR))),
        ("another currency", Ask(price=Money(1, JPY))),
        ("a key", Ask(wanted={"a": 1})),
        ("a code", Ask(codes=frozenset({"a"}))),
        ("an owner", Ask(owner=UUID(int=1))),
        ("an owner whose id is written", Ask(name="None")),
        ("another command", Demand()),
    ],
)
def test_other_content_is_another_request(case: str, other: Ask) -> None:
    """Any difference in what was asked shows."""
    assert fingerprint(Ask()) != fingerprint(other), case


def test_the_time_of_asking_is_not_content() -> None:
    """Asking again later is asking the same."""
    assert fingerprint(Ask()) == fingerprint(Ask(at=AT.replace(year=2027)))


@given(st.dictionaries(st.text(), st.integers()), st.frozensets(st.text()))
def test_order_does_not_matter_where_there_is_none(wanted: dict[str, int], codes: frozenset[str]) -> None:
    """Mappings and sets are the same request in whatever order they were made."""
    turned = dict(reversed(wanted.items()))
    assert fingerprint(Ask(wanted=wanted, codes=codes)) == fingerprint(Ask(wanted=turned, codes=frozenset(sorted(codes))))


@given(st.lists(st.text()), st.lists(st.text()))
def test_no_two_lists_of_texts_look_alike(one: list[str], two: list[str]) -> None:
    """Commas, brackets and quotes inside a text do not make it look like two."""
    assert (one == two) == (fingerprint(one) == fingerprint(two))


def test_a_key_is_for_one_request() -> None:
    """The same fingerprint gets the first answer, another one is refused with the key."""
    answer = Answer("key-1", "abc", "{}", AT)
    assert answer is same_request(answer, "abc")
    with pytest.raises(KeyReused) as refused:
        same_request(answer, "abd")
    assert KeyReused("key-1") == refused.value
