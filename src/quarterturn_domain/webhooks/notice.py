"""A notice: what one owner of endpoints is told of an event, as the world outside calls it.

The table `TELLINGS` is all that is ever told outside. A notice is thin: ids, amounts and quantities, no names, addresses, e-mail
addresses or free text, so that whoever wants more asks the API, which knows what they may see. A vendor's notice is made from its
own part of the event alone; it never holds another vendor's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs

from quarterturn_domain.catalog.events import OfferMade, OfferRepriced, OfferStatusChanged
from quarterturn_domain.catalog.offer import Offer
from quarterturn_domain.identity.events import AccountRegistered, PayoutAccountChanged, VendorApplied, VendorStatusChanged
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import LocationId, OrderId, RefundId, Sku, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.ordering.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderExpired,
    OrderPlaced,
    ReturnDecided,
    ReturnReceived,
    ReturnRequested,
    ShipmentArrived,
    ShipmentSent,
    Units,
    UnitsCancelled,
    VendorOrderDelivered,
    VendorOrderStarted,
)
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.return_ import ReturnStatus
from quarterturn_domain.payments.events import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentCaptured,
    PaymentFailed,
    PaymentUnclaimed,
    RefundBounced,
    RefundFailed,
    RefundRequested,
    RefundSucceeded,
)
from quarterturn_domain.payments.refund import Refund
from quarterturn_domain.payouts.events import DebtRecovered, PayoutMoved, PayoutScheduled
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.settlement.events import EarningReleased, ReserveReleased
from quarterturn_domain.stock.events import StockMoved
from quarterturn_domain.stock.location import Location
from quarterturn_domain.webhooks.events import EndpointDisabled

VERSION: Final = 1
"""Of the envelope and of what is in it; a change that a receiver may stumble over is a new one."""

PING: Final = "webhook_endpoint.ping"

Data: TypeAlias = Mapping[str, Any]
"""Plain values that JSON can say, by names in camelCase."""


@attrs.frozen
class Notice:
    """What an owner is told: a vendor, or the platform (None); of which type, and what."""

    vendor_id: VendorId | None
    type: str
    data: Data

    def payload(self, at: datetime) -> str:
        """The body that is sent: the envelope that Standard Webhooks proposes, with the version of what is in it."""
        said = {"type": self.type, "version": VERSION, "timestamp": _json(at), "data": self.data}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


@attrs.frozen(kw_only=True)
class Surroundings:
    """What has to be known beside events to say whom they are about."""

    orders: Mapping[OrderId, Order] = attrs.field(factory=dict)
    refunds: Mapping[RefundId, Refund] = attrs.field(factory=dict)
    locations: Mapping[LocationId, Location] = attrs.field(factory=dict)
    offers: Mapping[Sku, Offer] = attrs.field(factory=dict)


Parts: TypeAlias = Callable[[Any, Surroundings], Mapping[VendorId, Data]]
"""Which vendors an event is about, and what only each of them, and the platform, is told."""


@attrs.frozen(kw_only=True)
class Telling:
    """How an event is told: under which type (of several the one that ends with the event's `status`), and which of its fields.

    Everybody hears `fields`, the platform `whole`, too. With `listed` the platform hears every vendor's part in a list.
    """

    event: type[Event]
    types: tuple[str, ...]
    fields: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    parts: Parts
    listed: bool = False

    def notices(self, event: Event, around: Surroundings) -> Iterator[Notice]:
        """Everybody's notice of the event: the platform's, and one of each vendor that it is about."""
        type_ = self.types[0]
        if len(self.types) > 1:
            type_ = f"{type_.partition('.')[0]}.{getattr(event, 'status')}"  # noqa: B009 - not every event has one
            if type_ not in self.types:
                return
        said = {_camel(name): _json(getattr(event, name)) for name in self.fields}
        parts = {vendor_id: {**said, "vendorId": str(vendor_id), **part} for vendor_id, part in self.parts(event, around).items()}
        whole = {_camel(name): _json(getattr(event, name)) for name in self.whole}
        if self.listed:
            each = [{name: part[name] for name in part if name not in said} for part in parts.values()]
            yield Notice(None, type_, {**said, **whole, "vendors": each})
        else:
            (only,) = parts.values() or ({**said},)
            yield Notice(None, type_, {**only, **whole})
        for vendor_id, part in parts.items():
            yield Notice(vendor_id, type_, part)


def _nobodys(_: Any, __: Surroundings) -> Mapping[VendorId, Data]:  # noqa: ANN401
    return {}


def _its_vendors(event: Any, _: Surroundings) -> Mapping[VendorId, Data]:  # noqa: ANN401
    return {} if event.vendor_id is None else {event.vendor_id: {}}


def _placed(event: OrderPlaced, _: Surroundings) -> Mapping[VendorId, Data]:
    return {each.vendor_id: _goods(each.total, each.items) for each in event.vendor_orders}


def _of_the_order(event: Any, around: Surroundings) -> Mapping[VendorId, Data]:  # noqa: ANN401
    order = around.orders.get(event.order_id)
    parts = () if order is None else order.vendor_orders
    return {each.vendor_id: _goods(each.total, [(line.sku, line.quantity) for line in each.lines]) for each in parts}


def _of_the_parts(event: Any, _: Surroundings) -> Mapping[VendorId, Data]:  # noqa: ANN401
    return {part.vendor_id: {"amount": _json(part.split.paid)} for part in event.parts}


def _of_the_refund(event: Any, around: Surroundings) -> Mapping[VendorId, Data]:  # noqa: ANN401
    refund, order = around.refunds.get(event.refund_id), around.orders.get(event.order_id)
    if refund is None or order is None:
        return {}
    amounts: dict[VendorId, Money] = {}
    for line in refund.lines:
        vendor_id = order.vendor_of(line.line)
        amounts[vendor_id] = amounts.get(vendor_id, Money.zero(refund.amount.currency)) + line.amount
    return {vendor_id: {"amount": _json(amount)} for vendor_id, amount in amounts.items()}


def _of_the_place(event: StockMoved, around: Surroundings) -> Mapping[VendorId, Data]:
    place = around.locations.get(event.location_id)
    return {} if place is None else {place.vendor_id: {}}


def _of_the_offer(event: Any, around: Surroundings) -> Mapping[VendorId, Data]:  # noqa: ANN401
    offer = around.offers.get(event.sku)
    return {} if offer is None else {offer.vendor_id: {}}


_AMOUNT: Final = ("amount",)
_REFUND: Final = ("refund_id", "order_id")
_DISPUTE: Final = ("dispute_id", "order_id")
_PAYMENT: Final = ("payment_id", "order_id", "amount")
_PARCEL: Final = ("order_id", "shipment_id")
_RETURN: Final = ("return_id", "order_id")
_RETURNS: Final = tuple(f"return.{each}" for each in (ReturnStatus.APPROVED, ReturnStatus.REJECTED, ReturnStatus.WITHDRAWN))
_PAYOUTS: Final = tuple(f"payout.{each}" for each in PayoutStatus if each is not PayoutStatus.SCHEDULED)


def _tell(event: type[Event], *types: str, parts: Parts = _its_vendors, **how: Any) -> Telling:
    return Telling(event=event, types=types, parts=parts, **how)


TELLINGS: Final[Mapping[type[Event], Telling]] = {
    each.event: each
    for each in (
        _tell(OrderPlaced, "order.placed", fields=("order_id",), whole=("total",), parts=_placed, listed=True),
        _tell(OrderConfirmed, "order.paid", fields=("order_id",), parts=_of_the_order, listed=True),
        _tell(OrderExpired, "order.expired", fields=("order_id",), parts=_of_the_order, listed=True),
        _tell(OrderCancelled, "order.cancelled", fields=("order_id",), parts=_of_the_order, listed=True),
        _tell(UnitsCancelled, "order.units_cancelled", fields=("order_id", "units", "whole")),
        _tell(VendorOrderStarted, "order.processing", fields=("order_id",)),
        _tell(ShipmentSent, "order.shipped", fields=(*_PARCEL, "units", "complete")),
        _tell(ShipmentArrived, "order.parcel_delivered", fields=_PARCEL),
        _tell(VendorOrderDelivered, "order.delivered", fields=("order_id",)),
        _tell(ReturnRequested, "return.requested", fields=(*_RETURN, "units")),
        _tell(ReturnDecided, *_RETURNS, fields=_RETURN),
        _tell(ReturnReceived, "return.received", fields=(*_RETURN, "units", "restocked")),
        _tell(PaymentCaptured, "payment.captured", fields=_PAYMENT, parts=_nobodys),
        _tell(PaymentFailed, "payment.failed", fields=_PAYMENT[:2], parts=_nobodys),
        _tell(PaymentUnclaimed, "payment.unclaimed", fields=(*_PAYMENT, "quarantined"), parts=_nobodys),
        _tell(RefundRequested, "refund.requested", fields=_REFUND, whole=_AMOUNT, parts=_of_the_parts, listed=True),
        _tell(RefundSucceeded, "refund.succeeded", fields=_REFUND, whole=_AMOUNT, parts=_of_the_refund, listed=True),
        _tell(RefundFailed, "refund.failed", fields=(*_REFUND, "amount"), parts=_nobodys),
        _tell(RefundBounced, "refund.bounced", fields=(*_REFUND, "amount"), parts=_nobodys),
        _tell(
            DisputeOpened, "dispute.opened", fields=_DISPUTE, whole=(*_AMOUNT, "evidence_due_at"), parts=_of_the_parts, listed=True
        ),
        _tell(DisputeWon, "dispute.won", fields=_DISPUTE, whole=_AMOUNT, parts=_of_the_parts, listed=True),
        _tell(DisputeLost, "dispute.lost", fields=_DISPUTE, whole=_AMOUNT, parts=_of_the_parts, listed=True),
        _tell(EarningReleased, "earning.released", fields=("order_id", "available", "reserved", "reserve_until")),
        _tell(ReserveReleased, "earning.reserve_released", fields=("order_id", "amount")),
        _tell(PayoutScheduled, "payout.scheduled", fields=("payout_id", "amount")),
        _tell(PayoutMoved, *_PAYOUTS, fields=("payout_id", "amount")),
        _tell(DebtRecovered, "debt.recovered", fields=("step", "amount")),
        _tell(StockMoved, "stock.moved", fields=("sku", "location_id", "kind", "quantity", "on_hand"), parts=_of_the_place),
        _tell(OfferMade, "offer.made", fields=("sku", "product_id", "price", "shipping")),
        _tell(OfferRepriced, "offer.repriced", fields=("sku", "price", "shipping"), parts=_of_the_offer),
        _tell(OfferStatusChanged, "offer.status_changed", fields=("sku", "status"), parts=_of_the_offer),
        _tell(VendorApplied, "vendor.applied", fields=("country",)),
        _tell(VendorStatusChanged, "vendor.status_changed", fields=("status",)),
        _tell(PayoutAccountChanged, "vendor.payout_account_changed", fields=("ready",)),
        _tell(AccountRegistered, "account.registered", fields=("account_id",), parts=_nobodys),
        _tell(EndpointDisabled, "webhook_endpoint.disabled", fields=("endpoint_id", "reason", "automatic")),
    )
}
"""Every event that is told outside."""

TYPES: Final = tuple(type_ for each in TELLINGS.values() for type_ in each.types)
"""Every type that the platform may hear of."""

TYPES_OF_VENDORS: Final = tuple(type_ for each in TELLINGS.values() if each.parts is not _nobodys for type_ in each.types)
"""Every type that a vendor may hear of, where it is about that vendor."""


def notices(event: Event, around: Surroundings) -> Sequence[Notice]:
    """What everybody is told of an event, which is in `TELLINGS`."""
    return list(TELLINGS[type(event)].notices(event, around))


def wanted(events: Iterable[Event]) -> tuple[set[OrderId], set[RefundId], set[LocationId], set[Sku]]:
    """What has to be in the `Surroundings` of events: orders, refunds, locations and offers."""
    orders: set[OrderId] = set()
    refunds: set[RefundId] = set()
    locations: set[LocationId] = set()
    skus: set[Sku] = set()
    for event in events:
        if isinstance(event, OrderConfirmed | OrderExpired | OrderCancelled):
            orders.add(event.order_id)
        elif isinstance(event, RefundSucceeded):
            orders.add(event.order_id)
            refunds.add(event.refund_id)
        elif isinstance(event, StockMoved):
            locations.add(event.location_id)
        elif isinstance(event, OfferRepriced | OfferStatusChanged):
            skus.add(event.sku)
    return orders, refunds, locations, skus


def _goods(total: Money, items: Iterable[tuple[Sku, int]]) -> Data:
    return {"total": _json(total), "items": [{"sku": sku, "quantity": quantity} for sku, quantity in items]}


def _json(value: object) -> Any:  # noqa: ANN401
    """A value of an event as the API writes it."""
    if isinstance(value, Money):
        return {"amount": value.amount, "currency": value.currency.code}
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Units):
        return {"line": value.line, "quantity": value.quantity}
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    assert value is None or isinstance(value, str | bool | int), f"{value!r} is told outside by nobody"
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
