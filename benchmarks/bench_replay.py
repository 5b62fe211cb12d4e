"""A marketplace's orders lived through every use case: orders a second and statements an order, in memory and in PostgreSQL.

The orders are those of `../shared/data/olist`, or of the folder that `--data` names; without either, those of `tests/data/shop`.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path

from figures import Figure, report
from shop import server

from quarterturn_adapters.bootstrap import Decorator
from quarterturn_adapters.databases import Opened
from quarterturn_adapters.postgres import PostgresDatabase, migrate, retried
from quarterturn_adapters.replay import Figures, Source, check, replay

ROOT = Path(__file__).parents[1]


def data() -> Path:
    """The folder with the three files."""
    if "--data" in sys.argv:
        return Path(sys.argv[sys.argv.index("--data") + 1])
    shared = Path(os.environ.get("QUARTERTURN_DATA") or ROOT.parent / "shared" / "data") / "olist"
    return shared if shared.is_dir() else ROOT / "tests" / "data" / "shop"


def lived(source: Source, on: Opened | None) -> tuple[Figures, float]:
    """What a replay came to, and how many seconds it took, its own proof included."""
    gc.collect()
    gc.freeze()
    gc.disable()
    began = time.perf_counter()
    figures = replay(source, lambda *_: None, on=on)
    took = time.perf_counter() - began
    gc.enable()
    gc.unfreeze()
    assert figures.proof.balanced
    return figures, took


def main() -> None:
    """Print the figures, memory first."""
    source = check(data())
    orders = len(source.orders)
    figures = []
    proved, took = lived(source, None)
    figures.append(Figure("in memory", orders / took, "orders/s"))
    statements = 0

    def count(_: str) -> None:
        nonlocal statements
        statements += 1

    with server() as url:
        migrate(url)
        with PostgresDatabase(url, watch=count) as database:
            decorator: Decorator = retried  # type: ignore[assignment]
            again, took = lived(source, Opened(database.begin, decorator, url))
    same = {name: value for name, value in again.said().items() if "seconds" not in name}
    assert same.items() <= proved.said().items(), "PostgreSQL and memory come to the same"
    figures += [
        Figure("in PostgreSQL, embedded, fsync on", orders / took, "orders/s"),
        Figure("in PostgreSQL, for an order, everything included", statements / orders, "statements"),
    ]
    report(f"replay of {orders:,} orders", figures)


if __name__ == "__main__":
    main()
