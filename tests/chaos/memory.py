"""What the world outside remembers of a shop that dies: what was asked and answered, and whether the database says the same."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from tests.chaos.customers import payment_of
from tests.chaos.provider import reached
from tests.chaos.shop import ills, start, wired

from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import PaymentId
from quarterturn_domain.payments.payment import TAKEN, PaymentStatus

# What one order may have once at the most; whoever has it more often was served twice for one key.
_TWICE = """
SELECT 'placed' AS what, aggregateid AS key, count(*) FROM outbox WHERE type = 'order.placed' GROUP BY 2 HAVING count(*) > 1
UNION ALL SELECT 'paid', aggregateid, count(*) FROM outbox WHERE type = 'order.paid' GROUP BY 2 HAVING count(*) > 1
UNION ALL SELECT 'cancelled', aggregateid, count(*) FROM outbox WHERE type = 'order.cancelled' GROUP BY 2 HAVING count(*) > 1
UNION ALL SELECT 'payments', order_id::text, count(*) FROM payments GROUP BY 2 HAVING count(*) > 1
UNION ALL SELECT 'booked', order_id::text, count(*) FROM journal_entries WHERE kind = 'capture' GROUP BY 2 HAVING count(*) > 1
UNION ALL SELECT 'sold', cause || sku || location_id, count(*) FROM movements WHERE kind = 'sale' GROUP BY 2 HAVING count(*) > 1
"""


class Life:
    """One run of the customers' program, and what it has said so far."""

    def __init__(self, **told: Any) -> None:
        self.said: list[dict[str, Any]] = []
        self._process = start("customers", json.dumps({"url": None, "threads": 8, "again": [], **told}))
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def kill(self) -> None:
        """End it as the power does: SIGKILL, to this process and no other."""
        self._process.kill()
        self._ended()

    def close(self) -> None:
        """Let it come to its end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._ended()
        assert 0 == self._process.returncode

    def wait(self, what: str, more: int, *, seconds: int = 60) -> float:
        """Wait until that was said so many times more; how many seconds it took."""
        began, wanted = time.monotonic(), self.count(what) + more
        while self.count(what) < wanted:
            assert self._process.poll() is None, "the program ended by itself"
            assert time.monotonic() < began + seconds, f"it did not come to pass: {Counter(each['what'] for each in self.said)}"
            time.sleep(0.005)
        return time.monotonic() - began

    def count(self, what: str) -> int:
        """How often that was said."""
        return sum(each["what"] == what for each in list(self.said))

    def _ended(self) -> None:
        try:
            self._process.wait(90)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(json.loads(line))


class Memory:
    """Everything that was said in all lives."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self._checked = 0

    def keep(self, life: Life) -> None:
        """Remember what a life has said so far; nobody may have heard what nobody may hear."""
        said = list(life.said)
        self.said += said
        assert [] == [each["why"] for each in said if each["what"] in {"unexpected", "refused"}]

    def last(self, orders: int) -> list[dict[str, Any]]:
        """The orders that were asked for last, answered or not, as they were asked for."""
        return list({each["order"]: each for each in self.said if each["what"] == "asked"}.values())[-orders:]

    def of(self, what: str) -> set[UUID]:
        """The orders of which that was said."""
        return {UUID(each["order"]) for each in self.said if each["what"] == what}

    def lost(self, url: str) -> set[UUID]:
        """The orders that were acknowledged and are not there."""
        acknowledged = self.of("placed")
        with psycopg.connect(url) as connection:
            return acknowledged - {each for (each,) in connection.execute("SELECT id FROM orders").fetchall()}

    def compare(self, url: str) -> None:
        """Assert that the database knows all that was acknowledged, as it was asked for and once, and that every law holds."""
        assert [] == ills(url)
        asked = {UUID(each["order"]): each for each in self.said if each["what"] == "asked"}
        with psycopg.connect(url) as connection:
            assert [] == connection.execute(_TWICE).fetchall()
            kept: dict[UUID, str] = dict(connection.execute("SELECT id, state FROM orders").fetchall())
            lines: dict[UUID, Counter[str]] = {}
            for order_id, sku, quantity in connection.execute("SELECT order_id, sku, quantity FROM order_lines").fetchall():
                lines.setdefault(order_id, Counter())[sku] += quantity
            captured = {each for (each,) in connection.execute("SELECT order_id FROM payments WHERE captured > 0").fetchall()}
        assert set() == self.of("placed") - set(kept), "an order that was acknowledged is gone"
        assert set() == set(kept) - set(asked), "an order that nobody asked for is there"
        for order_id in kept:
            wanted: Counter[str] = Counter()
            for sku, quantity in asked[order_id]["lines"]:
                wanted[sku] += quantity
            assert wanted == lines[order_id]
        assert set() == self.of("paid") - captured, "a payment that was acknowledged is gone"
        # One that was paid stays a paid one: all of its units are cancelled.
        assert {"paid"} >= {kept[order_id] for order_id in self.of("paid")}
        assert {"paid", "cancelled"} >= {kept[order_id] for order_id in self.of("cancelled")}


def settle(url: str, provider: str) -> int:
    """Read every payment from the provider, send what is owed, and assert that both say the same; how many were captured."""
    gateway = reached(provider)
    with psycopg.connect(url) as connection:
        orders = [each for (each,) in connection.execute("SELECT order_id FROM payments").fetchall()]
    ids = [payment_of(each) for each in orders]
    with PostgresDatabase(url) as database:
        app = wired(database, gateway, hold=timedelta(hours=1))
        ours = [granted(each) for each in app.sync_payments(ids)]
        app.relay.drain()
        while app.seal_journal():
            pass
    captured = 0
    for payment in ours:
        theirs = gateway.find_payment(PaymentId(payment.id))
        assert theirs is not None
        assert (payment.status in TAKEN) == (theirs.status in {*TAKEN, PaymentStatus.CAPTURED})
        assert payment.captured == theirs.captured
        captured += payment.status in TAKEN
    assert [] == ills(url)
    return captured
