"""Notices: everybody is told of what is their own, in thin data, and of nobody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.events import OrderConfirmed, OrderPlaced, ReturnDecided
from quarterturn_domain.payments.events import RefundRequested, RefundSucceeded, VendorPart
from quarterturn_domain.payments.refund import LineRefund
from quarterturn_domain.payouts.events import PayoutMoved
from quarterturn_domain.pricing.split import Split
from quarterturn_domain.stock.events import StockMoved
from quarterturn_domain.testing import samples
from quarterturn_domain.webhooks.events import EndpointDisabled
from quarterturn_domain.webhooks.notice import (
    PING,
    TELLINGS,
    TYPES,
    TYPES_OF_VENDORS,
    VERSION,
    Notice,
    Surroundings,
    notices,
    wanted,
)

NOW = samples.moment(1)

SILENT: Final = {
    "fine print of what is told already": {
        *("payment.opened", "payment.authorized", "payment.cancelled", "payment.claimed", "payment.quarantine_settled"),
        *("payment.authorization_released", "refund.covered", "dispute.evidence_due", "location.opened", "kit.defined"),
        *("reservation.expired", "cart.expired", "cart.merged", "entry.corrected", "account.suspended", "account.reinstated"),
    },
    "the catalog and the terms, which whoever changes them knows": {
        *("category.placed", "product.described", "product.status_changed", "commission.ruled", "discount.ruled", "tax.ruled"),
    },
    "our own machinery": {
        *("webhook.received", "webhook.given_up", "webhook_delivery.due", "shop_window.opened", "circuit.opened", "circuit.closed"),
        *("payment.authorization_ended", "letter.written", "account.email_changed"),
    },
}
"""Events that nobody outside is told of, and why."""


def two_vendors() -> Any:  # noqa: ANN401
    """An order of two vendors or more."""
    return next(order for n in range(1, 40) if len((order := samples.a_paid_order(n)).vendor_orders) > 1)


ORDER: Final = two_vendors()


def everything() -> Iterator[Event]:
    """One event of every kind that is told, about the order."""
    first = ORDER.vendor_orders[0]
    for kind, telling in TELLINGS.items():
        fact: Any = samples.a_fact(kind, 1)
        given = {"order_id": ORDER.id, "vendor_id": first.vendor_id}
        if len(telling.types) > 1:
            given["status"] = telling.types[0].partition(".")[2]
        names = {field.name for field in attrs.fields(type(fact))}
        yield attrs.evolve(fact, **{name: value for name, value in given.items() if name in names})


def test_every_event_is_told_or_there_is_a_reason() -> None:
    """An event that is new has to be offered, or to be named here."""
    told = {kind.tag for kind in TELLINGS}
    silent = {tag for tags in SILENT.values() for tag in tags}
    known = {fact.tag for fact in samples.every_fact()}

    assert not told & silent
    assert known == told | silent


@pytest.mark.parametrize("event", list(everything()), ids=lambda event: event.tag)
def test_a_notice_is_plain_and_thin(event: Event) -> None:
    """JSON with an envelope, a known type, and no text that somebody has typed."""
    around = Surroundings(orders={ORDER.id: ORDER})
    for notice in notices(event, around):
        said = json.loads(notice.payload(NOW))
        assert {"type", "version", "timestamp", "data"} == set(said)
        assert (notice.type, VERSION, "2026-03-01T12:31:15.123457Z") == (said["type"], said["version"], said["timestamp"])
        assert notice.type in (TYPES if notice.vendor_id is None else TYPES_OF_VENDORS)
        free = {"reason", "carrier", "tracking", "name", "title", "actor", "cancellation", "reference", "buyerId", "email"}
        allowed = {"reason"} if isinstance(event, EndpointDisabled) else set()
        assert not (free - allowed) & set(_names(said["data"]))


def _names(data: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield name
            yield from _names(value)
    elif isinstance(data, list):
        for each in data:
            yield from _names(each)


def test_the_platform_hears_of_everything_and_vendors_of_theirs() -> None:
    """One notice of the platform for each event, and one of each vendor that it is about."""
    around = Surroundings(orders={ORDER.id: ORDER})
    for event in everything():
        told = [notice.vendor_id for notice in notices(event, around)]
        assert 1 == told.count(None), event.tag
        assert len(told) == len(set(told)), event.tag


def others(vendor_id: VendorId) -> set[str]:
    """What of the order is another vendor's."""
    mine = {str(line.sku) for each in ORDER.vendor_orders if each.vendor_id == vendor_id for line in each.lines}
    theirs = [each for each in ORDER.vendor_orders if each.vendor_id != vendor_id]
    return {str(each.vendor_id) for each in theirs} | {str(line.sku) for each in theirs for line in each.lines} - mine


def test_a_vendor_is_told_nothing_of_another_one() -> None:
    """Neither who else has sold, nor what, nor for how much, nor what the whole came to."""
    parts = tuple(
        VendorPart(each.vendor_id, Split.charge(Money(1_000_003 * n, ORDER.total.currency)))
        for n, each in enumerate(ORDER.vendor_orders, start=1)
    )
    refund = attrs.evolve(
        samples.a_refund(1),
        order_id=ORDER.id,
        lines=tuple(
            LineRefund(each.lines[0].number, Money(1_000_003 * n, ORDER.total.currency), Money.zero(ORDER.total.currency))
            for n, each in enumerate(ORDER.vendor_orders, start=1)
        ),
    )
    whole = sum((part.split.paid for part in parts[1:]), parts[0].split.paid)
    refund = attrs.evolve(refund, amount=whole)
    about = {"refund_id": refund.id, "order_id": ORDER.id, "payment_id": refund.payment_id, "at": NOW, "amount": whole}
    around = Surroundings(orders={ORDER.id: ORDER}, refunds={refund.id: refund})
    events = [
        ORDER.placed(),
        OrderConfirmed(order_id=ORDER.id, vendor_ids=tuple(each.vendor_id for each in ORDER.vendor_orders), at=NOW),
        RefundRequested(parts=parts, reason="a secret", **about),
        RefundSucceeded(**about),
    ]

    for event in events:
        told = notices(event, around)
        assert {None, *(each.vendor_id for each in ORDER.vendor_orders)} == {notice.vendor_id for notice in told}
        for notice in told:
            if notice.vendor_id is not None:
                payload = notice.payload(NOW)
                secret = {*others(notice.vendor_id), whole.amount, ORDER.total.amount}
                assert not [each for each in secret if f'"{each}"' in payload], event.tag
                assert notice.data["vendorId"] == str(notice.vendor_id)
    amounts = {notice.vendor_id: notice.data["amount"]["amount"] for notice in notices(events[3], around)}
    assert amounts == {None: whole.amount} | {part.vendor_id: part.split.paid.amount for part in parts}


def test_what_is_said_of_an_order_that_was_paid() -> None:
    """A vendor hears of its goods and what they came to; the platform of everybody's."""
    fact = OrderConfirmed(order_id=ORDER.id, vendor_ids=(), at=NOW)
    whole, *parts = notices(fact, Surroundings(orders={ORDER.id: ORDER}))

    expected = [
        {
            "orderId": str(ORDER.id),
            "vendorId": str(each.vendor_id),
            "total": {"amount": each.total.amount, "currency": each.total.currency.code},
            "items": [{"sku": line.sku, "quantity": line.quantity} for line in each.lines],
        }
        for each in ORDER.vendor_orders
    ]
    assert expected == [part.data for part in parts]
    without = [{name: value for name, value in each.items() if name != "orderId"} for each in expected]
    assert Notice(None, "order.paid", {"orderId": str(ORDER.id), "vendors": without}) == whole


@pytest.mark.parametrize(
    ("case", "event", "expected"),
    [
        ("of whom nobody knows the order", OrderConfirmed(order_id=samples.order_id(77), vendor_ids=(), at=NOW), {None}),
        (
            "whose place is gone",
            StockMoved(sku=samples.offer_sku(1), location_id=samples.location_id(1), kind="receipt", quantity=1, on_hand=1, at=NOW),
            {None},
        ),
        (
            "of an endpoint of the platform",
            EndpointDisabled(endpoint_id=samples.endpoint_id(1), vendor_id=None, reason="", automatic=True, at=NOW),
            {None},
        ),
    ],
)
def test_what_is_about_no_vendor_is_told_to_none(case: str, event: Event, expected: set[VendorId | None]) -> None:
    """Where nobody knows whose it is, it is the platform's."""
    assert expected == {notice.vendor_id for notice in notices(event, Surroundings())}, case


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        (PayoutMoved, "paid", ["payout.paid"] * 2),
        (PayoutMoved, "unknown", ["payout.unknown"] * 2),
        (PayoutMoved, "something new", []),
        (ReturnDecided, "approved", ["return.approved"] * 2),
        (ReturnDecided, "withdrawn", ["return.withdrawn"] * 2),
    ],
)
def test_what_has_a_status_is_called_by_it(kind: type[Event], status: str, expected: list[str]) -> None:
    """A status that nobody outside knows is not told."""
    made: Any = samples.a_fact(kind, 1)
    fact = attrs.evolve(made, status=status)

    assert expected == [notice.type for notice in notices(fact, Surroundings())]


def test_what_has_to_be_known_beside_events() -> None:
    """What carries everything asks for nothing."""
    fact = samples.a_fact(StockMoved, 1)
    assert (set(), set(), set(), set()) == wanted([samples.a_fact(OrderPlaced, 1), samples.a_fact(RefundRequested, 1)])
    assert ({ORDER.id}, set(), set(), set()) == wanted([OrderConfirmed(order_id=ORDER.id, vendor_ids=(), at=NOW)])
    assert isinstance(fact, StockMoved)
    assert (set(), set(), {fact.location_id}, set()) == wanted([fact])


def test_the_guide_names_every_type() -> None:
    """Whoever writes a receiver finds there what there is to hear, and nothing that there is not."""
    guide = (Path(__file__).parents[3] / "docs" / "how-to" / "send-webhooks.md").read_text(encoding="utf-8")
    told = guide[guide.index("## What is told") : guide.index("## When it fails")]
    kinds = {type_.partition(".")[0] for type_ in TYPES}
    named = {each for each in re.findall(r"`([a-z_]+\.[a-z_]+)`", told) if each.partition(".")[0] in kinds}

    assert {*TYPES, PING} == named
