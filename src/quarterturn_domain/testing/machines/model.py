"""The reference model: a marketplace's stock and orders as a few dictionaries, simple enough to be right at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import attrs

from quarterturn_domain.catalog.offer import NotForSale
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Conflict, DomainError, NotFound
from quarterturn_domain.kernel.ids import OrderId, Sku
from quarterturn_domain.kernel.money import CurrencyMismatch
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.ordering.placing import CheckoutPolicy, PlaceOrder, PriceChanged
from quarterturn_domain.stock.stock_item import StockShort


@attrs.define
class Model:
    """Stock by SKU, whatever the location; holds by order; orders by their state. It knows nothing of money."""

    currencies: dict[Sku, Currency] = attrs.field(factory=dict)
    """What is offered, and in which currency."""
    paused: set[Sku] = attrs.field(factory=set)
    kits: dict[Sku, Mapping[Sku, int]] = attrs.field(factory=dict)
    on_hand: Counter[Sku] = attrs.field(factory=Counter)
    holds: dict[OrderId, Counter[Sku]] = attrs.field(factory=dict)
    asked: dict[OrderId, PlaceOrder] = attrs.field(factory=dict)
    deadlines: dict[OrderId, datetime] = attrs.field(factory=dict)
    states: dict[OrderId, OrderState] = attrs.field(factory=dict)

    def reserved(self, sku: Sku) -> int:
        """How many units are held."""
        return sum(held[sku] for held in self.holds.values())

    def free(self, sku: Sku) -> int:
        """How many units can be promised."""
        return self.on_hand[sku] - self.reserved(sku)

    def units(self, lines: Iterable[tuple[Sku, int]]) -> Counter[Sku]:
        """Units that lie on shelves, kits taken apart."""
        units: Counter[Sku] = Counter()
        for sku, quantity in lines:
            for part, each in self.kits.get(sku, {sku: 1}).items():
                units[part] += each * quantity
        return units

    def place(self, commands: Sequence[PlaceOrder], at: datetime) -> list[type[DomainError] | None]:
        """What each command comes to: the class of its refusal, or None for an order, new or the same again."""
        before = set(self.states)
        return [self._place(command, at, command.order_id in before) for command in commands]

    def _place(self, command: PlaceOrder, at: datetime, known: bool) -> type[DomainError] | None:  # noqa: FBT001 - one caller.
        if known or ((refusal := self._basket(command)) is None and command.order_id in self.states):
            return None if attrs.evolve(self.asked[command.order_id], at=command.at) == command else Conflict
        if refusal is not None:
            return refusal
        wanted = self.units((line.sku, line.quantity) for line in command.lines)
        short = {sku for sku in wanted if self.free(sku) < wanted[sku]}
        lapsed = [order for order in self.holds if self.deadlines[order] <= at]
        if any(self.free(sku) + sum(self.holds[order][sku] for order in lapsed) < wanted[sku] for sku in short):
            return StockShort
        for order in lapsed:
            for sku in short:
                self.holds[order][sku] = 0
        self.holds[command.order_id] = wanted
        self.asked[command.order_id] = command
        self.deadlines[command.order_id] = at + CheckoutPolicy().hold
        self.states[command.order_id] = OrderState.PLACED
        return None

    def _basket(self, command: PlaceOrder) -> type[DomainError] | None:
        for line in command.lines:
            if line.sku not in self.currencies:
                return NotFound
            if line.sku in self.paused:
                return NotForSale
        if len({self.currencies[line.sku] for line in command.lines}) > 1:
            return CurrencyMismatch
        # Whoever expects a total in the machine expects a wrong one.
        return None if command.expected_total is None else PriceChanged

    def expire(self, at: datetime) -> set[OrderId]:
        """Which orders are given up, because nobody has paid for them in time."""
        late = {order for order, state in self.states.items() if state is OrderState.PLACED and self.deadlines[order] <= at}
        for order in late:
            self.states[order] = OrderState.EXPIRED
            del self.holds[order]
        return late

    def pay(self, order: OrderId) -> bool:
        """Whether money that has arrived for an order is honoured."""
        if self.states[order] in {OrderState.PAID, OrderState.CANCELLED}:
            return False
        wanted = self.units((line.sku, line.quantity) for line in self.asked[order].lines)
        held = self.holds.get(order, Counter())
        if any(self.free(sku) < wanted[sku] - held[sku] for sku in wanted):
            return False
        self.on_hand.subtract(wanted)
        self.holds.pop(order, None)
        self.states[order] = OrderState.PAID
        return True

    def cancel(self, order: OrderId) -> None:
        """An order that is not paid is given up."""
        self.states[order] = OrderState.CANCELLED
        self.holds.pop(order, None)

    def come_back(self, lines: Iterable[tuple[Sku, int]]) -> None:
        """Units that were sold lie on the shelf again."""
        self.on_hand.update(self.units(lines))


def counted(order: Order, counter: str) -> dict[int, tuple[Sku, int]]:
    """A counter of each line, such as `cancelled`, with its SKU."""
    return {line.number: (line.sku, getattr(line, counter)) for part in order.vendor_orders for line in part.lines}


def more(before: Order, after: Order, counter: str) -> list[tuple[Sku, int]]:
    """By how much a counter of each line has grown."""
    was = counted(before, counter)
    return [(sku, count - was[number][1]) for number, (sku, count) in counted(after, counter).items() if count > was[number][1]]
