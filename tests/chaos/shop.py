"""A small shop to be cruel to: three SKUs of three vendors, one of them on two shelves, and the programs that buy from it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, cast

import psycopg

from quarterturn_adapters.bootstrap import Application, Decorator, application
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.postgres import PostgresDatabase, retried
from quarterturn_adapters.postgres.doctor import examine
from quarterturn_adapters.sandbox import Sandbox, SandboxTransfers
from quarterturn_domain.kernel.ids import OrderId, Sku
from quarterturn_domain.ordering.placing import BasketLine, CheckoutPolicy, PlaceOrder
from quarterturn_domain.payments.gateway import PaymentGateway
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.testing import samples

ROOT: Final = Path(__file__).parents[2]
FULL: Final = os.environ.get("QUARTERTURN_CHAOS") == "full"
"""Whether everything is run in full size, as `nox -s chaos` does, or only so much of it that the tests stay quick."""

SKUS: Final[Sequence[Sku]] = tuple(samples.offer_sku(n) for n in (3, 6, 9))
"""What is sold: offers of three vendors in one currency."""

FIGURES: Final[list[str]] = []
"""What tests have measured, a sentence each, for whoever reads the end of the run."""

CARD: Final = "pm_card_visa"

# Each SKU by the locations of its vendor and their share, in percent, of what there is of it.
_SHELVES: Final = {SKUS[0]: {3: 100}, SKUS[1]: {6: 60, 18: 40}, SKUS[2]: {9: 100}}

_IDS: Final = SystemIds()


def open_shop(url: str, units: Mapping[Sku, int]) -> None:
    """Furnish the migrated database at `url` and receive so many `units` of each SKU."""
    at = datetime.now(UTC)
    with PostgresDatabase(url) as database, database.begin() as work:
        samples.furnish_locations(work)
        allocation = Allocation(work.stock.lock(units))
        for sku, quantity in units.items():
            for place, share in _SHELVES[sku].items():
                came = quantity * share // 100
                receipt = Movement(f"receipt:{sku}", sku, samples.location_id(place), MovementKind.RECEIPT, came, "came", "me", at)
                allocation.move(receipt)
        work.stock.record(allocation)


def wired(database: PostgresDatabase, payments: PaymentGateway, *, hold: timedelta) -> Application:
    """Every use case over `database`, with a hold of the stock for so long, retried as in production."""
    clock = SystemClock()
    return application(
        database.begin,
        payments=payments,
        transfers=SandboxTransfers(Sandbox(clock)),
        clock=clock,
        ids=_IDS,
        policy=CheckoutPolicy(hold=hold),
        retried=cast("Decorator", retried),
    )


def basket(chance: random.Random) -> PlaceOrder:
    """One to three SKUs in random order, one or two units of each, now and then one of them twice."""
    chosen = chance.sample(SKUS, chance.randint(1, len(SKUS)))
    if chance.random() < 0.1:
        chosen.append(chosen[0])
    return order(*((sku, chance.randint(1, 2)) for sku in chosen))


def order(*lines: tuple[Sku, int]) -> PlaceOrder:
    """A new order of these lines, now."""
    basket_lines = tuple(BasketLine(sku, quantity) for sku, quantity in lines)
    return PlaceOrder(order_id=OrderId(_IDS.new()), lines=basket_lines, at=datetime.now(UTC))


def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Another program of this folder, which hears through its standard input and speaks through its standard output."""
    command = [sys.executable, "-m", f"tests.chaos.{module}", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def stock_of(url: str) -> dict[str, tuple[int, int, int]]:
    """Of each SKU: what is on hand, what is reserved, and what was sold and not brought back."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """SELECT sku, sum(on_hand)::int, sum(reserved)::int, (SELECT coalesce(-sum(quantity), 0)::int FROM movements m
               WHERE m.sku = i.sku AND kind IN ('sale', 'return')) FROM stock_items i GROUP BY sku"""
        ).fetchall()
    return {sku: (on_hand, reserved, sold) for sku, on_hand, reserved, sold in rows}


def deadlocks(url: str) -> int:
    """How often the database had to end a deadlock."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


def ills(url: str) -> list[str]:
    """What the doctor finds in the database, a line for each law that is broken."""
    return [f"{finding.check}: {finding.law} {finding.count} rows, as {finding.rows[:3]}" for finding in examine(url).findings]
