"""Driving: one or several marketplaces are asked the same, must answer the same, and are looked at after every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from quarterturn_domain.kernel.errors import DomainError, Outcome
from quarterturn_domain.kernel.ids import OrderId, PaymentId
from quarterturn_domain.ordering.order import Order, OrderState
from quarterturn_domain.payments.payment import PaymentStatus
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.gateways import BankAccount
from quarterturn_domain.testing.machines.laws import LAWS, clearing
from quarterturn_domain.testing.machines.model import Model, more
from quarterturn_domain.testing.machines.opening import KIT, SHELVED, VENDORS, WARES, open_marketplace
from quarterturn_domain.testing.machines.picture import Picture, picture
from quarterturn_domain.testing.machines.surroundings import Marketplace, Surroundings

R = TypeVar("R")

_SKUS: Final = tuple(sorted(ware.sku for ware in WARES))


class DrivenMachine(RuleBasedStateMachine):
    """What the machines share: marketplaces side by side, the reference model, and the laws."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.seen: Picture | None = None
        self._count = 0
        self._known: set[tuple[PaymentId, PaymentStatus]] = set()
        self.markets = [Marketplace(around) for around in self.surroundings()]
        assert self.markets

    def surroundings(self) -> Sequence[Surroundings]:
        """What to drive: fresh and empty, one, or several that must not be told apart. To be defined by the adapter's author."""
        message = f"{type(self).__name__} has to define `surroundings`"
        raise NotImplementedError(message)

    @initialize(rich=st.booleans(), banks=st.tuples(*(st.sampled_from(BankAccount) for _ in VENDORS)))
    def open(self, *, rich: bool, banks: tuple[BankAccount, ...]) -> None:
        """Let vendors and their wares in."""
        for market in self.markets:
            open_marketplace(market, rich=rich, banks=banks)
        self.model.currencies = {ware.sku: ware.currency for ware in WARES}
        self.model.kits = {KIT[0]: dict(KIT[1])}

    def new(self, kind: int) -> Any:  # an id of whatever kind is asked for
        """An id that was not given before."""
        self._count += 1
        return samples.numbered(kind, self._count)

    def ask(self, act: Callable[[Marketplace], R]) -> Outcome[R]:
        """What every marketplace answers: all the same, be it a result or a refusal."""
        answers = [_answer(act, market) for market in self.markets]
        for other in answers[1:]:
            assert [] == differences(answers[0], other, "the answer")
        return answers[0]

    def asked(self, act: Callable[[Marketplace], R]) -> Outcome[R]:
        """The same for what happens in one transaction: a refusal leaves everything as it was."""
        before = self.seen
        answer = self.ask(act)
        if isinstance(answer, DomainError) and before is not None:
            assert [] == differences(before, self._look(self.markets[0])), f"{answer!r} was said, but something was done"
        return answer

    def orders(self, *states: OrderState) -> list[Order]:
        """The orders in these states, or all, as they were seen last, the first first."""
        found = () if self.seen is None else self.seen.orders
        return [order for order in reversed(found) if not states or order.state in states]

    def order(self, order_id: OrderId) -> Order:
        """An order as it is now."""
        with self.markets[0].begin() as work:
            found: Order = work.orders.find([order_id])[order_id]
        return found

    def follow(self, before: Order, after: Order) -> None:
        """Tell the model of units that are not shipped after all, or that went back on the shelf."""
        self.model.come_back(more(before, after, "cancelled"))

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        """Stock and orders are those of the reference model, every law holds, and no two marketplaces can be told apart."""
        pictures = [self._look(market) for market in self.markets]
        self.seen = seen = pictures[0]
        for other in pictures[1:]:
            assert [] == differences(seen, other, "the marketplace")
        for ware in SHELVED:
            there = [item for item in seen.items if item.sku == ware.sku]
            assert self.model.on_hand[ware.sku] == sum(item.on_hand for item in there), ware.sku
            assert self.model.reserved(ware.sku) == sum(item.reserved for item in there), ware.sku
        assert self.model.states == {order.id: order.state for order in seen.orders}
        for law in LAWS.values():
            law(seen)
        for market in self.markets:
            for unit in samples.CURRENCIES:
                balance = market.around.balance(unit)
                assert balance is None or balance == clearing(seen.entries, unit), "the provider's balance is not that of the books"

    def teardown(self) -> None:
        """The journal can be sealed, and its chain verifies."""
        if self.seen is None:
            return
        for market in self.markets:
            while market.seal_journal(7):
                pass
            assert market.verify_chain() is None

    def _look(self, market: Marketplace) -> Picture:
        return picture(market.begin, skus=_SKUS, vendors=VENDORS)


def _answer(act: Callable[[Marketplace], R], market: Marketplace) -> Outcome[R]:
    try:
        return act(market)
    except DomainError as refusal:
        return refusal.with_traceback(None)
