"""Replaying: a marketplace is opened in memory, lives the orders of a source, and is proved."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter
from typing import Final

import attrs

from quarterturn_adapters.bootstrap import application
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.databases import Opened, refuse_unless_empty
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.proof import prove
from quarterturn_adapters.replay.figures import Figures
from quarterturn_adapters.replay.living import OPENING, Watch, live
from quarterturn_adapters.replay.source import Source
from quarterturn_adapters.replay.troubles import Troubles, prove_troubled
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers, Terms
from quarterturn_domain.kernel.rate import ZERO

SEED: Final = 1
"""What the ids follow from: any number would do."""

FREE: Final = Terms(rate=ZERO, fixed_hundredths=0)
"""The files do not say what payments cost, so the sandbox takes nothing."""

NO_ORDER_AT: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Where a source without orders begins."""


def replay(
    source: Source, watch: Watch, *, since: float | None = None, on: Opened | None = None, troubles: int | None = None
) -> Figures:
    """Live every order of a source, and prove what it came to; `since` is when the clock of the figures started.

    With `troubles`, a seed, some orders are refunded or disputed and some payouts fail, and nothing may be left to reconcile.

    It happens in the database `on`, without one in memory; raises `Conflict` when that has vendors or orders already.
    """
    began = perf_counter() if since is None else since
    clock = ManualClock((source.orders[0].placed_at if source.orders else NO_ORDER_AT) - OPENING)
    ids = SeededIds(SEED, clock)
    sandbox = Sandbox(clock, seed=SEED, terms=FREE)
    database = on or Opened(MemoryDatabase(ids).begin)
    refuse_unless_empty(database)
    app = application(
        database.begin,
        payments=SandboxPayments(sandbox),
        transfers=SandboxTransfers(sandbox),
        clock=clock,
        ids=ids,
        retried=database.retried,
    )
    coming = Troubles(troubles, sandbox)
    refusals = live(source, app, clock, sandbox, watch, coming)
    watch("proof", 0, 1)
    vendor_ids = [vendor.id for vendor in source.vendors]
    proof = prove(app.begin, vendor_ids, sandbox.balance)
    if troubles is not None:
        proof = attrs.evolve(proof, laws=[*proof.laws, *prove_troubled(app, vendor_ids)])
    sandbox.prove()
    watch("proof", 1, 1)
    return Figures(
        proof=proof,
        problems=source.problems,
        refused_orders=source.refused_orders + len(refusals),
        refusals=refusals,
        refused=source.refused_rows + len(refusals),
        seconds=perf_counter() - began,
        troubles=None if troubles is None else dict(coming.came),
    )
