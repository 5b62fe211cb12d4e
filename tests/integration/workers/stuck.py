"""A process that begins to handle what there is, leaves a mark, and never ends by itself."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_adapters.relay import Relay, Subscription
from quarterturn_domain.identity.events import AccountReinstated


def main(url: str, mark: str) -> None:
    """Begin."""

    def stuck(_: Sequence[Any]) -> Sequence[Any]:
        Path(mark).touch()
        time.sleep(3_600)
        return []

    subscription = Subscription(name="hearer", events=(AccountReinstated,), handle=stuck)
    relay = Relay(PostgresDatabase(url).begin, [subscription], SystemClock(), SystemIds(), lease=timedelta(seconds=1))
    relay.forward()
    relay.handle("hearer")


if __name__ == "__main__":
    main(*sys.argv[1:])
