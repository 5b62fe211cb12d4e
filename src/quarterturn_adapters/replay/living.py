"""Living: every order goes through the use cases, under a clock that follows the orders' own time.

The vendors apply, are approved and get accounts at the sandbox; their products are published. Then, batch by batch: offers are made
or repriced, stock is received, orders are placed, paid, packed and sent; parcels arrive when the file says so, or `TRANSIT` after
the order where it does not say; earnings are released after their hold, and a payout run pays the vendors once a week.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count, groupby
from typing import Final, TypeAlias
from uuid import uuid5

import attrs

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.replay.batches import Asked, Batch, Price, batches
from quarterturn_adapters.replay.opening import OF_A_REPLAY, every, location, open_vendors, publish, variant
from quarterturn_adapters.replay.source import Fate, LineRow, OrderRows, Source
from quarterturn_adapters.replay.troubles import Troubles
from quarterturn_adapters.sandbox import Sandbox
from quarterturn_domain.catalog.offering import MakeOffer, RepriceOffer
from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.kernel.ids import (
    OrderId,
    PaymentId,
    PayoutId,
    ShipmentId,
    Sku,
    VendorId,
)
from quarterturn_domain.ordering.cancelling import CancelUnits
from quarterturn_domain.ordering.fulfilling import ConfirmDelivery, SendShipment, StartVendorOrder
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.payments.payment import TAKEN
from quarterturn_domain.payments.taking import StartPayment
from quarterturn_domain.payouts.claiming import RunPayouts
from quarterturn_domain.stock.receiving import MoveStock

TRANSIT: Final = timedelta(days=5)
"""How long a parcel takes of which the file does not say when it arrived."""

RHYTHM: Final = timedelta(days=7)
"""How often vendors are paid."""

OPENING: Final = timedelta(days=1)
"""How long before its first order the marketplace opens."""

_PAGE: Final = 500
_CARD: Final = "card_approved"

Watch: TypeAlias = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is."""


@attrs.frozen
class Refused:
    """An order that a use case refused, as the file names it, and why."""

    order: str
    reason: str


@attrs.frozen
class Part:
    """What one vendor has of an order: how far it is to come, and when it arrives."""

    order_id: OrderId
    vendor_id: VendorId
    fate: Fate
    arrives_at: datetime

    @property
    def shipment_id(self) -> ShipmentId:
        """The one parcel of it."""
        return ShipmentId(uuid5(OF_A_REPLAY, f"shipment:{self.order_id}:{self.vendor_id}"))


class Life:
    """A marketplace that lives the orders of a `Source`."""

    def __init__(self, app: Application, clock: ManualClock, watch: Watch, troubles: Troubles) -> None:
        self._app = app
        self._troubles = troubles
        self._clock = clock
        self._watch = watch
        self._prices: dict[Sku, Price] = {}
        self._under_way: list[tuple[datetime, int, Part]] = []
        self._parcels = count()
        self._paid_at = clock.now()
        self._open_payouts: list[PayoutId] = []
        self.refused: list[Refused] = []

    def sell(self, orders: Sequence[OrderRows]) -> None:
        """Live every order up to its last parcel, and pay the vendors on the way."""
        done = 0
        for batch in batches(orders):
            self._let_pass(batch.ends_at)
            self._offer(batch)
            self._receive(batch)
            self._take(batch)
            done += len(batch.orders)
            self._watch("orders", done, len(orders))

    def settle(self) -> None:
        """Let the last parcels arrive and every hold end, and pay until nothing is available."""
        while self._under_way:
            self._let_pass(max(self._clock.now(), self._under_way[0][0]))
        while (at := self._troubles.next_at) is not None:
            self._let_pass(max(self._clock.now(), at))
        # The first run pays what the last hold releases, the second one hears that it has arrived.
        for _ in range(2):
            self._clock.advance(RHYTHM + timedelta(days=1))
            self._pay_vendors()

    def _offer(self, batch: Batch) -> None:
        at = batch.begins_at
        fresh = [asked for asked in batch.offers if asked.sku not in self._prices]
        changed = [asked for asked in batch.offers if self._prices.get(asked.sku, asked.price) != asked.price]
        every(
            self._app.make_offers(
                [
                    MakeOffer(
                        sku=asked.sku,
                        vendor_id=asked.vendor_id,
                        product_id=asked.product_id,
                        variant_id=variant(asked.product_id),
                        price=asked.price[0],
                        shipping=asked.price[1],
                        at=at,
                    )
                    for asked in fresh
                ]
            )
        )
        every(
            self._app.change_offers(
                [
                    RepriceOffer(sku=asked.sku, vendor_id=asked.vendor_id, price=asked.price[0], shipping=asked.price[1], at=at)
                    for asked in changed
                ]
            )
        )
        self._prices.update((asked.sku, asked.price) for asked in batch.offers)

    def _receive(self, batch: Batch) -> None:
        first = batch.orders[0][0].id

        def receipt(asked: Asked) -> MoveStock:
            return MoveStock(
                movement_id=uuid5(OF_A_REPLAY, f"receipt:{first}:{asked.sku}"),
                vendor_id=asked.vendor_id,
                sku=asked.sku,
                location_id=location(asked.vendor_id),
                quantity=asked.units,
                actor="replay",
                at=batch.begins_at,
            )

        every(self._app.move_stocks([receipt(asked) for asked in batch.offers]))

    def _take(self, batch: Batch) -> None:
        """Place the orders of a batch, let those be paid that were, and send what was sent."""
        placed = self._app.place_orders(
            [
                PlaceOrder(
                    order_id=order.id,
                    lines=tuple(BasketLine(sku, line.quantity) for sku, line in zip(skus, order.lines, strict=True)),
                    expected_total=order.total,
                    at=order.placed_at,
                )
                for order, skus in batch.orders
            ]
        )
        orders = self._heard((order for order, _ in batch.orders), placed)
        orders = [order for order in orders if order.lines[0].fate is not Fate.PLACED]
        started = self._app.start_payments(
            [
                StartPayment(
                    payment_id=PaymentId(uuid5(OF_A_REPLAY, f"payment:{order.id}")),
                    order_id=order.id,
                    method=_CARD,
                    at=order.placed_at,
                )
                for order in orders
            ]
        )
        assert all(isinstance(each, DomainError) or each.payment.status in TAKEN for each in started), "the card is good"
        paid = self._heard(orders, started)
        self._fulfil([part for order in paid for part in parts(order)])
        self._troubles.expect(paid)

    def _fulfil(self, going: Sequence[Part]) -> None:
        at = self._clock.now()
        sent = [part for part in going if part.fate in {Fate.SHIPPED, Fate.DELIVERED}]
        begun = [part for part in going if part.fate is Fate.STARTED]
        every(
            self._app.fulfil_vendor_orders(
                [
                    *(StartVendorOrder(order_id=part.order_id, vendor_id=part.vendor_id, at=at) for part in (*begun, *sent)),
                    *(
                        SendShipment(order_id=part.order_id, vendor_id=part.vendor_id, shipment_id=part.shipment_id, at=at)
                        for part in sent
                    ),
                ]
            )
        )
        for part in going:
            if part.fate is Fate.DELIVERED:
                heappush(self._under_way, (part.arrives_at, next(self._parcels), part))
            elif part.fate is Fate.CANCELLED:
                cancellation = uuid5(OF_A_REPLAY, f"cancellation:{part.order_id}:{part.vendor_id}")
                self._app.cancel_orders(
                    CancelUnits(
                        cancellation_id=cancellation,
                        order_id=part.order_id,
                        vendor_id=part.vendor_id,
                        reason="cancelled in the file",
                        at=at,
                    )
                )

    def _let_pass(self, until: datetime) -> None:
        """Let time pass until then: parcels arrive, and vendors are paid when it is time."""
        while self._paid_at + RHYTHM <= until:
            self._arrive(max(self._paid_at + RHYTHM, self._clock.now()))
            self._pay_vendors()
        self._arrive(until)

    def _arrive(self, now: datetime) -> None:
        self._clock.set(max(now, self._clock.now()))
        self._troubles.let_come(self._app, self._clock.now())
        arrived: list[Part] = []
        while self._under_way and self._under_way[0][0] <= now:
            arrived.append(heappop(self._under_way)[2])
        if arrived:
            every(
                self._app.fulfil_vendor_orders(
                    [
                        ConfirmDelivery(
                            order_id=part.order_id, vendor_id=part.vendor_id, shipment_id=part.shipment_id, at=part.arrives_at
                        )
                        for part in arrived
                    ]
                )
            )

    def _pay_vendors(self) -> None:
        """Confirm the last run, release what is due, claim what is available, and send it; orders that nobody paid expire."""
        app, now = self._app, self._clock.now()
        self._paid_at = now
        while app.expire_orders(_PAGE):
            pass
        app.relay.drain().sure()
        every(app.confirm_payouts(self._open_payouts))
        while app.release_earnings(_PAGE) == _PAGE:
            pass
        run = app.claim_payouts(RunPayouts(run_id=uuid5(OF_A_REPLAY, f"run:{now.isoformat()}"), at=now))
        self._open_payouts = [payout.id for payout in run.payouts]
        restore = self._troubles.before_payouts(run.payouts)
        app.relay.drain().sure()
        restore()
        app.recover_debts()
        while app.seal_journal(_PAGE) == _PAGE:
            pass

    def _heard(self, orders: Iterable[OrderRows], outcomes: Sequence[Outcome[object]]) -> list[OrderRows]:
        """Those of the orders that were granted; the others are noted with their reason."""
        went: list[OrderRows] = []
        for order, outcome in zip(orders, outcomes, strict=True):
            if isinstance(outcome, DomainError):
                self.refused.append(Refused(order.text, outcome.message))
            else:
                went.append(order)
        return went


def live(
    source: Source, app: Application, clock: ManualClock, sandbox: Sandbox, watch: Watch, troubles: Troubles | None = None
) -> Sequence[Refused]:
    """Live every order of `source`, with `troubles` if any; those that a use case refused."""
    open_vendors(app, sandbox, source.vendors)
    watch("vendors", len(source.vendors), len(source.vendors))
    publish(app, source.products)
    watch("products", len(source.products), len(source.products))
    life = Life(app, clock, watch, troubles or Troubles(None, sandbox))
    life.sell(source.orders)
    life.settle()
    return life.refused


def parts(order: OrderRows) -> Sequence[Part]:
    """What each vendor has of an order."""
    found = []
    for vendor_id, group in groupby(sorted(order.lines, key=lambda line: line.vendor_id), key=lambda line: line.vendor_id):
        lines = list(group)
        found.append(Part(order.id, vendor_id, lines[0].fate, max(map(_arrival, lines))))
    return found


def _arrival(line: LineRow) -> datetime:
    return line.delivered_at or line.placed_at + TRANSIT
