"""Events and values as JSON and back: exactly, whatever they hold, and always the same bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_adapters import codec
from quarterturn_adapters.codec import decode_event, encode, encode_event, structure
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.events import Event, registered
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.ordering.events import OrderPlaced
from quarterturn_domain.payouts.schedule import PayoutTerms, Rhythm, Schedule
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.samples.facts import a_fact, every_fact

CURRENCIES = [currency for currency in Currency.all() if currency.exponent is not None]
MONEY = st.builds(Money, st.integers(-(2**63), 2**63 - 1), st.sampled_from(CURRENCIES))
INSTANTS = st.datetimes(timezones=st.just(UTC))
KINDS = sorted(
    {kind for kind in registered().values() if kind.__module__.startswith("quarterturn_domain")}, key=lambda kind: kind.tag
)
# Text is whatever can be written as UTF-8.
TEXT = st.text(st.characters(codec="utf-8"))

st.register_type_strategy(Money, MONEY)
st.register_type_strategy(datetime, INSTANTS)
st.register_type_strategy(str, TEXT)


def there_and_back(event: Event) -> Event:
    """The event, written and read."""
    return decode_event(event.tag, event.version, json.loads(encode_event(event)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.tag)
@given(data=st.data())
def test_every_event_comes_back(kind: type[Event], data: st.DataObject) -> None:
    """Any event of any registered kind comes back equal field by field, and is written the same when it is written again."""
    event = data.draw(st.from_type(kind))
    again = there_and_back(event)
    assert [] == differences(event, again)
    assert encode_event(event) == encode_event(again)


def test_no_kind_of_event_is_forgotten() -> None:
    """The codec has seen every context: whatever it is asked to read is registered."""
    assert {type(event) for event in every_fact()} <= set(registered().values())
    assert {context.__name__.split(".")[1] for context in codec.CONTEXTS} >= {kind.__module__.split(".")[1] for kind in KINDS}


@given(st.from_type(OrderPlaced))
def test_what_is_written_by_hand_is_what_the_converter_writes(event: OrderPlaced) -> None:
    """The event that every checkout makes is written faster, not otherwise."""
    assert codec.dumps(codec.unstructure(event)) == encode_event(event)


@pytest.mark.parametrize(
    ("case", "value", "expected"),
    [
        ("money", Money.of("19.99", "EUR"), '{"minor":1999,"currency":"EUR"}'),
        ("money without decimals", Money.of("1999", "JPY"), '{"minor":1999,"currency":"JPY"}'),
        ("a rate", Rate.percent("7.25"), '"29/400"'),
        ("an instant", datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC), '"2026-03-01T12:00:00.000001+00:00"'),
        ("a time span", timedelta(days=1, microseconds=1), "86400000001"),
        ("an enumeration", Rhythm.DAILY, '"daily"'),
        ("a value", Schedule(Rhythm.WEEKLY, 3), '{"rhythm":"weekly","day":3}'),
        ("an id", samples.vendor_id(1), f'"{samples.vendor_id(1)}"'),
    ],
)
def test_how_values_are_written(case: str, value: object, expected: str) -> None:
    """The JSON of each kind of value is the one that the module promises, and it is read back."""
    assert expected == encode(value), case
    assert value == structure(json.loads(expected), type(value))


def test_terms_come_back() -> None:
    """Payout terms, which nest all kinds of values, come back equal."""
    terms = PayoutTerms(
        samples.vendor_id(1),
        Schedule(Rhythm.MONTHLY, 31),
        timedelta(days=3, seconds=7),
        (Money.of("5", "EUR"), Money.of("0.001", "BHD")),
        Rate(1, 3),
    )
    assert [] == differences(terms, structure(json.loads(encode(terms)), PayoutTerms))


def test_an_unknown_event_is_a_bug() -> None:
    """An event of a version that nobody has registered is not guessed at."""
    event = a_fact(OrderPlaced)
    with pytest.raises(AssertionError, match=r"order\.placed in version 99"):
        decode_event(event.tag, 99, {})
