"""The shop of the demonstration: two vendors, what they sell, and everything wired over memory and the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import attrs

from quarterturn_adapters.bootstrap import Application, application
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.databases import Opened, refuse_unless_empty
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.ids import CategoryId, LocationId, ProductId, Sku, VariantId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.settlement.journal import Booked

MONDAY: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When the story begins."""

SEED: Final = 4
"""What the sandbox's names and the ids follow from: any number would do."""

_OF_THE_DEMO: Final = UUID("5a0f2a5e-1a1c-5c55-8d1b-0a7c9d3e4f21")
_PAGE: Final = 1_000


def named(what: str) -> UUID:
    """The id of a thing in the story, the same in every run."""
    return uuid5(_OF_THE_DEMO, what)


@attrs.frozen
class Seller:
    """A vendor of the story with the one thing that it sells."""

    name: str
    country: str
    sku: Sku
    title: str
    price: Money
    in_stock: int

    @property
    def id(self) -> VendorId:
        """The vendor."""
        return VendorId(named(f"vendor:{self.name}"))

    @property
    def product_id(self) -> ProductId:
        """Its product."""
        return ProductId(named(f"product:{self.sku}"))

    @property
    def variant_id(self) -> VariantId:
        """The one form of its product."""
        return VariantId(named(f"variant:{self.sku}"))

    @property
    def location_id(self) -> LocationId:
        """Where its stock lies."""
        return LocationId(named(f"location:{self.name}"))


IRON: Final = Seller("Iron Alley", "DE", Sku("KETTLEBELL-16"), "Kettlebell, 16 kg", Money(6000, EUR), 12)
MATS: Final = Seller("Mat & Motion", "PT", Sku("YOGA-MAT"), "Yoga mat, 5 mm", Money(2000, EUR), 30)
SELLERS: Final = (IRON, MATS)
CATEGORY: Final = CategoryId(named("category:training"))


class Shop:
    """The marketplace of the story, its clock and its provider."""

    def __init__(self, database: Opened | None = None) -> None:
        """A shop in an empty database, without one in memory; raises `Conflict` when there is a marketplace in it already."""
        self.clock = ManualClock(MONDAY)
        ids = SeededIds(SEED, self.clock)
        self.sandbox = Sandbox(self.clock, seed=SEED)
        database = database or Opened(MemoryDatabase(ids).begin)
        refuse_unless_empty(database)
        self.app: Application = application(
            database.begin,
            payments=SandboxPayments(self.sandbox),
            transfers=SandboxTransfers(self.sandbox),
            clock=self.clock,
            ids=ids,
            retried=database.retried,
        )
        self._last = 0

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return self.clock.now()

    def later(self, **by: int) -> datetime:
        """Let so many days, hours or minutes pass."""
        return self.clock.advance(timedelta(**by))

    def booked(self) -> tuple[Booked, ...]:
        """The journal entries since the last time that this was asked."""
        with self.app.begin() as work:
            fresh = tuple(work.journal.entries(self._last, _PAGE))
        self._last = fresh[-1].number if fresh else self._last
        return fresh
