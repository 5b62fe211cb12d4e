"""Orders of a real marketplace with refunds, disputes and failed payouts: nothing is left to reconcile, and every law holds."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Final

import pytest
from tests.databases import EMBEDDED, running

from quarterturn_adapters.postgres.doctor import examine
from quarterturn_api.command import main

SEED: Final = "3"
ORDERS: Final = 600


def slice_of(source: Path, folder: Path) -> Path:
    """The first orders of a marketplace, with their vendors and products."""
    with (source / "order_lines.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = set(list(dict.fromkeys(row["order_id"] for row in rows))[:ORDERS])
    kept = [row for row in rows if row["order_id"] in wanted]
    folder.mkdir()
    _write(folder / "order_lines.csv", kept)
    for name, key in (("products.csv", "product_id"), ("vendors.csv", "vendor_id")):
        used = {row[key] for row in kept}
        with (source / name).open(encoding="utf-8", newline="") as file:
            named = [row for row in csv.DictReader(file) if row[key] in used]
        _write(folder / name, named)
        # A product names the vendor who described it, who need not be the one who sold it.
        kept += named
    return folder


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def figures(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> Any:  # noqa: ANN401
    """What a replay with troubles comes to."""
    assert 0 == main(["replay", str(folder), "--troubles", SEED, "--json", *arguments]), capsys.readouterr()
    return json.loads(capsys.readouterr().out)


def test_a_marketplace_with_troubles_balances(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In PostgreSQL: reconciliation is empty, statements add up to the books, and the doctor finds nothing.

    The same troubles come in memory.
    """
    folder = slice_of(shared_data / "olist", tmp_path / "olist")
    url = running(EMBEDDED).database()
    said = figures(capsys, folder, "--database", url)
    assert said["balanced"]
    assert min(said["troubles"][what] for what in ("refunds", "disputes", "failed payouts")) > 0
    report = examine(url)
    assert report.healthy, report.findings
    again = figures(capsys, folder)
    assert said.pop("secondsPerThousandOrders") > 0 < again.pop("secondsPerThousandOrders")
    assert said == again


@pytest.mark.slow
def test_a_whole_marketplace_with_troubles_balances(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """8,795 orders, of which 3 % are refunded and 0.5 % disputed, and of whose payouts 1 % fail."""
    said = figures(capsys, shared_data / "olist")
    assert said["balanced"]
    assert 200 < said["troubles"]["refunds"] < 320
    assert 20 < said["troubles"]["disputes"] < 70
    assert said["troubles"]["failed payouts"] > 20
