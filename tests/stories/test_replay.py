"""A replay: three files go in, figures come out, and they are those of the books."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, strategies

from quarterturn_adapters.replay import Figures, check, replay
from quarterturn_adapters.replay.batches import batches
from quarterturn_adapters.replay.rows import Row
from quarterturn_adapters.replay.source import Fate, LineRow, OrderRows
from quarterturn_api.command import main
from quarterturn_domain.kernel.currency import EUR, JPY, Currency
from quarterturn_domain.kernel.ids import OrderId, ProductId, VendorId
from quarterturn_domain.kernel.money import Money

SHOP = Path(__file__).parents[1] / "data" / "shop"
HEADER = (SHOP / "order_lines.csv").read_text(encoding="utf-8").splitlines()[0]

# Counted by hand from the rows: an order that was cancelled gave everything back, one that nobody paid brought nothing.
FIGURES = {
    "orders": 10,
    "vendorOrders": 12,
    "lines": 13,
    "units": 17,
    "goods": "1201.25",
    "shipping": "74.90",
    "customerPaid": "1276.15",
    "commission": "120.14",
    "vendorEarnings": "1156.01",
    "paidOut": "1055.46",
    "balanced": True,
    "refused": 0,
}


def ignore(stage: str, done: int, total: int) -> None:
    """Watch nothing."""


def lived(folder: Path) -> Figures:
    """The figures of a replay."""
    return replay(check(folder), ignore)


def shop_with(tmp_path: Path, *lines: str) -> Path:
    """The made-up shop with other orders."""
    folder = Path(shutil.copytree(SHOP, tmp_path / "shop"))
    (folder / "order_lines.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return folder


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What the command printed for a program."""
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


def test_the_made_up_shop_comes_to_what_its_rows_say(capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of fate, a product of two vendors, two prices in one order and a changed price: to the cent."""
    assert 0 == main(["replay", str(SHOP), "--json"])
    figures = said(capsys)
    assert FIGURES == {name: figures[name] for name in FIGURES}
    assert [*FIGURES] == [name for name in figures if name in FIGURES]
    assert {"journalEntries", "secondsPerThousandOrders"} == set(figures) - set(FIGURES)


@pytest.mark.slow
def test_the_orders_of_a_real_marketplace_come_to_their_control_totals(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """8,795 orders are sold, split, paid and paid out to the cent."""
    assert 0 == main(["replay", str(shared_data / "olist"), "--json"])
    figures = said(capsys)
    expected = {
        "orders": 8795,
        "vendorOrders": 8903,
        "lines": 9119,
        "units": 9997,
        "goods": "1204701.59",
        "shipping": "200919.10",
        "customerPaid": "1405620.69",
        "commission": "120473.37",
        "vendorEarnings": "1285147.32",
        "paidOut": "1285147.32",
        "balanced": True,
        "refused": 0,
    }
    assert expected == {name: figures[name] for name in expected}


def test_a_replay_is_the_same_every_time() -> None:
    """Two replays of the same files have the same books, up to the last seal."""
    first, second = lived(SHOP), lived(SHOP)
    assert first.proof == second.proof


def test_figures_are_told_by_currency_where_there_are_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With one currency an amount is a string, with several one string for each by its code."""
    folder = shop_with(
        tmp_path,
        "a,1,2026-03-02T09:00:00Z,iron-alley,kettlebell-16,1,60.00,5.00,EUR,delivered,",
        "b,1,2026-03-02T10:00:00Z,iron-alley,kettlebell-16,2,9000,800,JPY,delivered,",
        "c,1,2026-03-02T11:00:00Z,iron-alley,kettlebell-16,1,19.995,0.000,BHD,delivered,",
    )
    assert 0 == main(["replay", str(folder), "--json"])
    figures = said(capsys)
    assert {"BHD": "19.995", "EUR": "60.00", "JPY": "18000"} == figures["goods"]
    assert {"BHD": "2.000", "EUR": "6.00", "JPY": "1800"} == figures["commission"]
    assert figures["vendorEarnings"] == figures["paidOut"]
    assert figures["balanced"] is True


@pytest.mark.parametrize(
    ("case", "change"),
    [
        ("a byte-order mark", lambda content: b"\xef\xbb\xbf" + content),
        ("CRLF", lambda content: content.replace(b"\n", b"\r\n")),
        ("both, and no end of the last line", lambda content: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n").rstrip()),
        ("blank lines", lambda content: content.replace(b"\n", b"\n\n")),
        ("quoted fields", lambda content: content.replace(b"iron-alley", b'"iron-alley"')),
        (
            "columns in another order, and one more",
            lambda content: b"\n".join(b",".join([b"note", *reversed(line.split(b","))]) for line in content.strip().split(b"\n")),
        ),
    ],
)
def test_files_are_read_as_spreadsheets_write_them(case: str, change: object, tmp_path: Path) -> None:
    """What programs do to CSV files without harming a field changes no figure."""
    folder = Path(shutil.copytree(SHOP, tmp_path / "shop"))
    assert callable(change)
    for path in folder.iterdir():
        path.write_bytes(change(path.read_bytes()))
    assert check(SHOP).problems == check(folder).problems, case
    assert lived(SHOP).proof == lived(folder).proof, case


@pytest.mark.parametrize(
    ("status", "paid", "paid_out"),
    [
        ("created", "0.00", "0.00"),
        ("approved", "65.00", "0.00"),
        ("invoiced", "65.00", "0.00"),
        ("processing", "65.00", "0.00"),
        ("shipped", "65.00", "0.00"),
        ("delivered", "65.00", "59.00"),
        ("canceled", "0.00", "0.00"),
        ("cancelled", "0.00", "0.00"),
        ("unavailable", "0.00", "0.00"),
    ],
)
def test_an_order_comes_as_far_as_its_status_says(status: str, paid: str, paid_out: str, tmp_path: Path) -> None:
    """What is not paid brings nothing, what is not delivered is not paid out, what is cancelled is given back; all balanced."""
    folder = shop_with(tmp_path, f"a,1,2026-03-02T09:00:00Z,iron-alley,kettlebell-16,1,60.00,5.00,EUR,{status},")
    figures = lived(folder).said()
    assert (1, paid, paid_out, True) == tuple(figures[name] for name in ("orders", "customerPaid", "paidOut", "balanced"))


def test_ids_that_are_alike_in_sum_are_still_two_parcels(tmp_path: Path) -> None:
    """Two parcels that arrive at the same moment never compare as anything but parcels."""
    folder = shop_with(
        tmp_path,
        *(f"{order:032x},1,2026-03-02T09:00:00Z,iron-alley,kettlebell-16,1,60.00,5.00,EUR,delivered," for order in range(1, 20)),
    )
    assert "1121.00" == lived(folder).said()["paidOut"]


def test_a_person_gets_tables_and_a_log_gets_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--json` the figures come as tables with the proof; how it goes on is told elsewhere, as lines of key=value."""
    assert 0 == main(["replay", str(SHOP)])
    printed = capsys.readouterr()
    assert "1,276.15" in printed.out
    assert "Everything balances." in printed.out
    assert "command=replay stage=orders done=10 total=10" in printed.err.splitlines()
    assert "\x1b" not in printed.out


def test_an_interrupted_replay_ends_quietly(tmp_path: Path) -> None:
    """Ctrl-C in the middle ends with 130, without a stack trace and without figures."""
    folder = shop_with(
        tmp_path,
        *(f"{order},1,2026-03-02T09:00:00Z,iron-alley,kettlebell-16,1,60.00,5.00,EUR,delivered," for order in range(20_000)),
    )
    command = (sys.executable, "-m", "quarterturn_api", "replay", str(folder), "--json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert "stage=vendors" in run.stderr.readline()
        run.send_signal(signal.SIGINT)
        assert "Traceback" not in run.stderr.read()
        assert "" == run.stdout.read()
        assert 130 == run.wait(timeout=60)


def line(order: int, vendor: int, product: int, price: int, currency: Currency = EUR) -> LineRow:
    """A line of an order that asks a price."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    row = Row("order_lines.csv", 2, {})
    ids = (VendorId(UUID(int=vendor)), ProductId(UUID(int=product)))
    asked = (Money(price, currency), Money(0, currency))
    return LineRow(row, OrderId(UUID(int=order)), 1, at, *ids, 1, *asked, Fate.DELIVERED, None)


LINES = strategies.lists(
    strategies.builds(
        line,
        order=strategies.just(0),
        vendor=strategies.integers(1, 2),
        product=strategies.integers(1, 2),
        price=strategies.integers(1, 3),
        currency=strategies.sampled_from([EUR, JPY]),
    ),
    min_size=1,
    max_size=4,
)


@given(baskets=strategies.lists(LINES, max_size=12), size=strategies.integers(1, 5))
def test_a_batch_needs_one_price_of_each_offer(baskets: list[list[LineRow]], size: int) -> None:
    """Every order is in one batch, in order; each of its lines finds its own price, and each SKU has one vendor and currency."""
    orders = [
        OrderRows(OrderId(UUID(int=number)), str(number), lines[0].placed_at, tuple(lines)) for number, lines in enumerate(baskets)
    ]
    found = list(batches(orders, size))
    assert orders == [order for batch in found for order, _ in batch.orders]
    owners: dict[str, tuple[VendorId, ProductId, Currency]] = {}
    for batch in found:
        assert 1 <= len(batch.orders) <= size
        offers = {asked.sku: asked for asked in batch.offers}
        assert len(offers) == len(batch.offers)
        assert sum(asked.units for asked in batch.offers) == sum(line.quantity for order, _ in batch.orders for line in order.lines)
        for order, skus in batch.orders:
            for each, sku in zip(order.lines, skus, strict=True):
                assert (each.price, each.shipping) == offers[sku].price
                owner = (each.vendor_id, each.product_id, each.price.currency)
                assert owner == owners.setdefault(sku, owner)
