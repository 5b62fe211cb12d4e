"""The table of the circuits: who is left alone for a while, as all machines know it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from quarterturn_adapters.postgres.tables.columns import count, instant, law, metadata, one_of, text
from quarterturn_domain.operations.circuit import CIRCUIT

CIRCUITS: Final = Table(
    "circuits",
    metadata,
    text("name", primary_key=True),
    text("status"),
    count("trips"),
    instant("since", nullable=True),
    instant("until", nullable=True),
    text("failure", nullable=True),
    text("forced", nullable=True),
    text("forced_reason", nullable=True),
    instant("forced_until", nullable=True),
    one_of("status", CIRCUIT.states),
    law("trips", "trips >= 0"),
    law("forced_known", "forced IN ('open', 'closed')"),
    law("forced", "(forced IS NULL) = (forced_reason IS NULL) AND (forced_until IS NULL OR forced IS NOT NULL)"),
)
