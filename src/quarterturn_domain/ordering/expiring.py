"""Expiring: orders that were not paid in time give their stock back, and carts that nobody touches any more end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.ids import CartId, OrderId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.cart import CartStatus
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.stock.allocation import Allocation

IDLE: Final = timedelta(days=30)
"""How long a cart may lie untouched."""


class ExpireOrders:
    """Expires orders whose deadline is over, a bounded number at a time."""

    def __init__(self, work: Begin[OrderingWork], clock: Clock) -> None:
        self._work = work
        self._clock = clock

    def __call__(self, limit: int = 100) -> Sequence[OrderId]:
        """The orders that were expired, at most `limit`.

        Orders that were paid, cancelled or expired meanwhile are passed over and count towards the limit. So fewer than `limit`
        mean that none is left only where nobody else expires orders at the same time; else the next round finds the rest.
        """
        at = self._clock.now()
        with self._work() as work:
            orders = work.orders.lock(work.orders.overdue(at, limit))
            late = [order for order in orders.values() if order.state is OrderState.PLACED and order.deadline <= at]
            if not late:
                return ()
            allocation = Allocation(work.stock.lock_orders([order.id for order in late]))
            facts: list[Event] = []
            changed = []
            for order in late:
                allocation.expire(order.id, at=at)
                after, fact = order.expire(at=at)
                changed.append(after)
                facts.append(fact)
            work.orders.save(changed)
            work.stock.record(allocation)
            work.outbox.append([*allocation.facts, *facts])
        return tuple(order.id for order in changed)


class ExpireCarts:
    """Ends open carts that nobody has touched for `idle`, a bounded number at a time."""

    def __init__(self, work: Begin[OrderingWork], clock: Clock, idle: timedelta = IDLE) -> None:
        self._work = work
        self._clock = clock
        self._idle = idle

    def __call__(self, limit: int = 100) -> Sequence[CartId]:
        """The carts that were ended, at most `limit`; one that is touched, ordered or merged at this moment is passed over."""
        at = self._clock.now()
        before = at - self._idle
        with self._work() as work:
            carts = work.carts.lock(work.carts.idle(before, limit))
            idle = [
                cart
                for cart in carts.values()
                if cart.status is CartStatus.OPEN and cart.changed_at is not None and cart.changed_at < before
            ]
            ended = [cart.expire(at=at) for cart in idle]
            work.carts.save([cart for cart, _ in ended])
            work.outbox.append([fact for _, fact in ended])
        return tuple(cart.id for cart, _ in ended)
