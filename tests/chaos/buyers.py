"""Many buyers in one process: each takes a basket, and pays, pays too late, pays and regrets, gives up, or forgets about it.

    python -m tests.chaos.buyers '{"url": ..., "provider": ..., "through": "desk", "threads": 16, "seed": 0}'

When it is ready it says so, and then waits for acts on its standard input, a line of JSON each, so that several processes begin
them at once; of each it says in a line of JSON what became of the buyers. It ends when its standard input does.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

from tests.chaos.provider import reached
from tests.chaos.shop import CARD, SKUS, basket, order, wired

from quarterturn_adapters.bootstrap import Application
from quarterturn_adapters.desk import Desk
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.ordering.cancelling import CancelOrder
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.placing import PlaceOrder
from quarterturn_domain.payments.taking import NotAwaitingPayment, StartPayment
from quarterturn_domain.stock.stock_item import StockShort

WAIT_SECONDS: Final = 60
TRIES: Final = 4
"""So often a buyer comes back who found too little."""

Place = Callable[[PlaceOrder], Order]


class Buyers:
    """The buyers of one process, and what became of them."""

    def __init__(self, app: Application, place: Place, hold: timedelta) -> None:
        """`place` is how they order."""
        self._app = app
        self._place = place
        self._hold_seconds = hold.total_seconds()
        self._lock = threading.Lock()
        self.came_to: Counter[str] = Counter()
        self.unexpected: list[str] = []

    def rush(self, buyers: int, threads: int, seed: int) -> None:
        """Everybody at once, each with a basket and a mind of their own, while chores are done beside them."""
        waiting = iter(range(buyers))

        def serve() -> None:
            while (number := self._next(waiting)) is not None:
                self._guarded(partial(self._buy, random.Random(f"{seed}/{number}")))

        self._together(threads, serve, chores=True)

    def forget(self, buyers: int, threads: int, seed: int) -> None:
        """So many buyers, all of whom forget to pay, and nobody who sweeps up behind them."""
        waiting = iter(range(buyers))

        def serve() -> None:
            while (number := self._next(waiting)) is not None:
                self._guarded(partial(self._hold, random.Random(f"{seed}/{number}")))

        self._together(threads, serve, chores=False)

    def drain(self, threads: int) -> None:
        """Everybody buys single units and pays, of each SKU until somebody is refused; nobody sweeps up behind those who left."""

        def buy() -> None:
            for sku in random.sample(SKUS, len(SKUS)):
                try:
                    while True:
                        self._pay(self._place(order((sku, 1))))
                except StockShort:
                    self._note("refused a single unit")

        self._together(threads, lambda: self._guarded(buy), chores=False)

    def singles(self, buyers: int, threads: int) -> None:
        """So many buyers of a single unit of the same SKU, all of whom pay."""
        waiting = iter(range(buyers))

        def serve() -> None:
            while self._next(waiting) is not None:
                self._guarded(self._buy_one)

        self._together(threads, serve, chores=False)

    def _next(self, waiting: Iterator[int]) -> int | None:
        with self._lock:
            return next(waiting, None)

    def _hold(self, chance: random.Random) -> None:
        try:
            self._place(basket(chance))
        except StockShort:
            self._note("found too little")
        else:
            self._note("forgets")

    def _buy_one(self) -> None:
        try:
            self._pay(self._place(order((SKUS[0], 1))))
        except StockShort:
            self._note("refused a single unit")

    def _buy(self, chance: random.Random) -> None:
        for _ in range(TRIES):
            wanted = basket(chance)
            try:
                bought = self._place(wanted)
            except StockShort:
                self._note("found too little")
                time.sleep(chance.uniform(0, self._hold_seconds / 4))
                continue
            if chance.random() < 0.1:
                assert self._place(wanted).id == bought.id
                self._note("asked twice")
            self._live(bought, chance)
            return
        self._note("went away")

    def _live(self, bought: Order, chance: random.Random) -> None:
        fate = chance.choices(("pays", "pays late", "regrets", "gives up", "forgets"), (35, 10, 10, 20, 25))[0]
        if fate == "forgets":
            self._note(fate)
            return
        if fate == "pays late":
            time.sleep(self._hold_seconds * chance.uniform(0.8, 1.5))
        if fate != "gives up":
            self._pay(bought)
        if fate in {"regrets", "gives up"}:
            cancel = CancelOrder(cancellation_id=uuid4(), order_id=bought.id, reason=fate, at=datetime.now(UTC))
            try:
                self._app.cancel_orders(cancel)
            except InvalidTransition:
                # The sweeper came first.
                fate = f"{fate} too late"
        self._note(fate)

    def _pay(self, bought: Order) -> None:
        ask = StartPayment(payment_id=PaymentId(uuid4()), order_id=bought.id, method=CARD, at=datetime.now(UTC))
        try:
            payment = granted(self._app.start_payments([ask])[0]).payment
        except NotAwaitingPayment:
            self._note("may not pay any more")
        else:
            self._note(f"payment {payment.status}")

    def _together(self, threads: int, act: Callable[[], None], *, chores: bool) -> None:
        over = threading.Event()
        sweeper = threading.Thread(target=self._chores, args=(over,))
        crowd = [threading.Thread(target=act) for _ in range(threads)]
        for each in crowd:
            each.start()
        if chores:
            sweeper.start()
        for each in crowd:
            each.join()
        over.set()
        if chores:
            sweeper.join()

    def _chores(self, over: threading.Event) -> None:
        """What runs beside the sales in every process: late orders expire, refunds are sent, the journal is sealed."""
        while not over.wait(0.2):
            self._guarded(lambda: self._app.expire_orders(20))
            self._guarded(self._app.relay.drain)
            self._guarded(lambda: self._app.seal_journal(200))

    def _guarded(self, act: Callable[[], object]) -> None:
        """Do it; what nobody may hear is kept for the test to show."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever else reaches a caller is what this is looking for
            with self._lock:
                self.unexpected.append(f"{type(error).__name__}: {error}")

    def _note(self, what: str) -> None:
        with self._lock:
            self.came_to[what] += 1


def main(told: dict[str, Any]) -> None:
    """Be ready, and let buyers act whenever that is asked for."""
    threads, seed = told["threads"], told["seed"]
    # On a busy machine somebody among 64 may wait long for the hottest row: how long is not what is raced for.
    patience = timedelta(seconds=WAIT_SECONDS)
    database = PostgresDatabase(
        told["url"], connections=threads + 2, statement_timeout=patience, lock_timeout=patience, wait=patience
    )
    with database:
        _say("ready")
        for line in sys.stdin:
            act = json.loads(line)
            hold = timedelta(seconds=act["hold"])
            app = wired(database, reached(told["provider"]), hold=hold)
            with ExitStack() as stack:
                if told["through"] == "desk":
                    desk = stack.enter_context(Desk(app.place_orders))
                    buyers = Buyers(app, partial(_through_desk, desk), hold)
                else:
                    buyers = Buyers(app, partial(_directly, app), hold)
                match act["act"]:
                    case "rush":
                        buyers.rush(act["buyers"], threads, seed)
                    case "forget":
                        buyers.forget(act["buyers"], threads, seed)
                    case "drain":
                        buyers.drain(threads)
                    case "singles":
                        buyers.singles(act["buyers"], threads)
            _say({"came_to": buyers.came_to, "unexpected": buyers.unexpected})


def _through_desk(desk: Desk, command: PlaceOrder) -> Order:
    return desk.submit(command).result(WAIT_SECONDS)


def _directly(app: Application, command: PlaceOrder) -> Order:
    return granted(app.place_orders([command])[0])


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
