"""What happened to the platform's ways to the world outside."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event


@attrs.frozen(kw_only=True)
class CircuitOpened(Event, tag="circuit.opened", about="name"):
    """Somebody outside has failed too often, last with `failure`, and is left alone until `retry_at`, for the `trips`-th time."""

    name: str
    failure: str
    trips: int
    retry_at: datetime
    at: datetime


@attrs.frozen(kw_only=True)
class CircuitClosed(Event, tag="circuit.closed", about="name"):
    """Somebody outside is asked again as ever."""

    name: str
    at: datetime
