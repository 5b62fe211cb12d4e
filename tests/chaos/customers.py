"""Customers of a shop that may die at any moment: they order, pay and cancel, and say aloud what they ask and what they are told.

    python -m tests.chaos.customers '{"url": ..., "provider": ..., "seed": 1, "threads": 8, "again": [...]}'

Each line on the standard output is JSON and stands there before the next step is made: `asked` with an order's whole content,
`placed`, `paid` and `cancelled` once that was answered, `away` for an `Unavailable`, `refused`, and `unexpected` for everything
that nobody may hear. `again` are orders that were asked for in a life before. The program ends when its standard input does.
"""

from __future__ import annotations

import json
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

import attrs
from tests.chaos.provider import reached
from tests.chaos.shop import CARD, basket, wired

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.desk import Desk
from quarterturn_adapters.embedded import EmbeddedPostgres
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_domain.kernel.errors import Conflict, DomainError, Unavailable, granted
from quarterturn_domain.kernel.ids import OrderId, PaymentId, Sku
from quarterturn_domain.ordering.cancelling import CancelOrder
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.payments.taking import StartPayment

T = TypeVar("T")

WAIT_SECONDS: Final = 60
HOLD: Final = timedelta(hours=1)
FATES: Final = ("pays", "pays", "pays", "gives up", "regrets", "forgets")


class Customers:
    """The customers of one life of the shop."""

    def __init__(self, app: Application, desk: Desk, over: threading.Event) -> None:
        self._app = app
        self._desk = desk
        self._over = over

    def come(self, chance: random.Random) -> None:
        """One after the other, until it is over."""
        while not self._over.is_set():
            self._guarded(lambda: self._buy(basket(chance)))

    def come_again(self, asked: list[dict[str, Any]]) -> None:
        """Ask once more for what was asked for before, as it was and then with other content, and go on where that life ended."""
        for each in asked:
            command = _command(each)
            other = attrs.evolve(command, lines=(*command.lines, command.lines[0]))
            self._guarded(partial(self._buy, command))
            self._guarded(partial(self._contradict, other))

    def do_chores(self) -> None:
        """Send refunds and seal the journal, now and then."""
        while not self._over.wait(0.1):
            self._guarded(self._app.relay.drain)
            self._guarded(lambda: self._app.seal_journal(100))

    def _buy(self, command: PlaceOrder) -> None:
        lines = [(line.sku, line.quantity) for line in command.lines]
        say("asked", command.order_id, lines=lines, at=command.at.isoformat())
        order = self._until_answered(lambda: self._desk.submit(command).result(WAIT_SECONDS))
        if order is None:
            return
        assert command.order_id == order.id
        say("placed", order.id)
        # Who asks again remembers what they were about to do: it follows from the order.
        fate = random.Random(order.id.int).choice(FATES)
        if fate in {"pays", "regrets"}:
            ask = StartPayment(payment_id=payment_of(order.id), order_id=order.id, method=CARD, at=datetime.now(UTC))
            started = self._until_answered(lambda: granted(self._app.start_payments([ask])[0]))
            if started is not None:
                say("paid", order.id, status=started.payment.status)
        if fate in {"gives up", "regrets"}:
            cancel = CancelOrder(cancellation_id=uuid5(order.id, "cancel"), order_id=order.id, reason=fate, at=datetime.now(UTC))
            if self._until_answered(lambda: self._app.cancel_orders(cancel)) is not None:
                say("cancelled", order.id)

    def _contradict(self, other: PlaceOrder) -> None:
        try:
            answer = self._until_answered(lambda: self._desk.submit(other).result(WAIT_SECONDS))
        except Conflict:
            return
        assert answer is None, f"{other.order_id} was placed with other content"

    def _until_answered(self, ask: Callable[[], T]) -> T | None:
        """The answer; who hears `Unavailable` asks again, until it is over."""
        while True:
            try:
                return ask()
            except Unavailable as away:
                say("away", why=str(away))
                if self._over.wait(0.05):
                    return None

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Unavailable as away:
            say("away", why=str(away))
            time.sleep(0.05)
        except DomainError as refusal:
            say("refused", why=f"{type(refusal).__name__}: {refusal}")
        except Exception as error:  # noqa: BLE001 - whatever else reaches a caller is what this is looking for
            say("unexpected", why=f"{type(error).__name__}: {error}")


def payment_of(order_id: UUID) -> PaymentId:
    """The one payment of an order, however often and in whichever life it is asked for."""
    return PaymentId(uuid5(order_id, "payment"))


def say(what: str, order_id: UUID | None = None, **more: Any) -> None:
    """One line, whole or not at all: the pipe takes so much at once, and what is in it outlives this process."""
    line = json.dumps({"what": what, "order": None if order_id is None else str(order_id), **more}) + "\n"
    os.write(1, line.encode())


def _command(asked: dict[str, Any]) -> PlaceOrder:
    lines = tuple(BasketLine(Sku(sku), quantity) for sku, quantity in asked["lines"])
    return PlaceOrder(order_id=OrderId(UUID(asked["order"])), lines=lines, at=datetime.fromisoformat(asked["at"]))


def main(told: dict[str, Any]) -> None:
    """Open the shop and let customers come until the standard input ends."""
    # The driver says in the log, again and again, that the database is away: here that is on purpose.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    over = threading.Event()
    threads = told["threads"]
    with ExitStack() as stack:
        # Where no server is named, this program starts its own.
        url = told["url"] or stack.enter_context(EmbeddedPostgres(Path(told["folder"]))).url
        database = stack.enter_context(PostgresDatabase(url, connections=threads + 4, wait=timedelta(seconds=2)))
        app = wired(database, reached(told["provider"]), hold=HOLD)
        desk = stack.enter_context(Desk(app.place_orders))
        customers = Customers(app, desk, over)
        crowd = [threading.Thread(target=customers.come_again, args=(told["again"],)), threading.Thread(target=customers.do_chores)]
        crowd += [
            threading.Thread(target=customers.come, args=(random.Random(f"{told['seed']}/{number}"),)) for number in range(threads)
        ]
        for each in crowd:
            each.start()
        sys.stdin.read()
        over.set()
        for each in crowd:
            each.join()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
