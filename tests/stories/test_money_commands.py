"""Paying out, reconciling and explaining from the command line, in other processes than the one that took the payments."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from tests.databases import EMBEDDED, running
from tests.unit.ordering.shops import BASKET, TWO_VENDORS, SandboxWorld

from quarterturn_adapters.bootstrap import application
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_adapters.postgres.sandbox import PostgresCalls
from quarterturn_adapters.sandbox import SandboxPayments, SandboxTransfers
from quarterturn_adapters.sandbox.sharing import SharedSandbox
from quarterturn_api.command import main
from quarterturn_domain.identity.vendor import PayoutAccount
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.testing.lives import LivingShop
from quarterturn_domain.testing.strategies import OrderLife
from quarterturn_domain.testing.strategies.lives import Onward, Pass, Refund, Step, Work

AGO: Final = timedelta(days=40)


class SharedWorld(SandboxWorld):
    """The customers and banks of a sandbox that is kept in a database, forty days ago."""

    def __init__(self, calls: PostgresCalls) -> None:
        self.clock = ManualClock(datetime.now(UTC) - AGO)
        self.sandbox = SharedSandbox(self.clock, calls)
        self.sandbox.adjust(Money(10**9, EUR))


@pytest.fixture
def shop() -> Iterator[tuple[LivingShop, str]]:
    """A shop in PostgreSQL that sold an order forty days ago, delivered and partly refunded; its vendors were not paid yet."""
    url = running(EMBEDDED).database()
    calls = PostgresCalls(url)
    world = SharedWorld(calls)
    ids = SeededIds(5, world.clock)
    with PostgresDatabase.connect(url, ids) as database:
        app = application(
            database.begin,
            payments=SandboxPayments(world.sandbox),
            transfers=SandboxTransfers(world.sandbox),
            clock=world.clock,
            ids=ids,
        )
        living = LivingShop(OrderLife(TWO_VENDORS, ()), app, world)
        steps: tuple[Step, ...] = (BASKET, *[Onward(0)] * 5, Refund(0, spread=300), Work("quiet"), Pass(timedelta(days=30)))
        for step in steps:
            living.take(step)
        assert not living.refusals
        yield living, url
    calls.close()


def said(capsys: pytest.CaptureFixture[str], *arguments: str, expected: int = 0) -> Any:  # noqa: ANN401
    """What a command prints for a program."""
    assert expected == main([*arguments, "--json"]), capsys.readouterr()
    return json.loads(capsys.readouterr().out)


def test_what_one_process_took_another_pays_out_reconciles_and_explains(
    shop: tuple[LivingShop, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A dry run changes nothing; the run pays both vendors; the books agree with the provider; every figure is explained."""
    living, url = shop
    at = ("--database", url)
    dry = said(capsys, "payouts", "run", "--dry-run", *at)
    assert [] == dry["payouts"], "nothing is released yet"
    ran = said(capsys, "payouts", "run", *at)
    assert {"sent"} == {each["status"] for each in ran["payouts"]}
    assert 2 == len(ran["payouts"])
    again = said(capsys, "payouts", "run", "--run", ran["runId"], *at)
    assert [each["id"] for each in ran["payouts"]] == [each["id"] for each in again["payouts"]]

    report = tmp_path / "report.csv"
    found = said(capsys, "reconcile", *at, "--csv", str(report))
    assert (0, []) == (found["unexplained"], found["differences"])
    rows = list(csv.DictReader(report.read_text(encoding="utf-8").splitlines()))
    assert found["lines"] == sum(bool(row["line"]) for row in rows)
    assert {"matched", "own"} == {row["what"] for row in rows}
    assert [report] == list(tmp_path.iterdir())

    order = said(capsys, "explain", "order", str(living.orders[0]), *at)
    assert order["holds"]
    assert all(figure["holds"] for line in order["lines"] for figure in line["figures"])
    for payout in ran["payouts"]:
        explained = said(capsys, "explain", "payout", payout["id"], *at)
        assert explained["holds"]
        assert {"release"} == {part["kind"] for part in explained["parts"]}
    ledger = tmp_path / "ledger.jsonl"
    assert 0 == main(["ledger", "export", str(ledger), *at])
    capsys.readouterr()
    verdict = said(capsys, "ledger", "verify", str(ledger))
    assert verdict["whole"]
    assert verdict["entries"] == len(ledger.read_text(encoding="utf-8").splitlines()) > 0
    for words in (("payouts", "run"), ("reconcile",), ("explain", "order", str(living.orders[0]))):
        assert 0 == main([*words, *at])
        assert capsys.readouterr().out


def test_a_vendor_that_is_not_ready_is_kept_with_the_reason(
    shop: tuple[LivingShop, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its balance stays, and the run says why."""
    living, url = shop
    with living.shop.begin() as work:
        vendor = next(each for each in work.vendors.page(None, 9) if each.payout_account)
        assert vendor.payout_account is not None
        work.vendors.lock([vendor.id])
        account = PayoutAccount(vendor.payout_account.reference, ready=False, requirements=("passport",))
        work.vendors.save([attrs.evolve(vendor, payout_account=account)])
    ran = said(capsys, "payouts", "run", "--database", url)
    assert 1 == len(ran["payouts"])
    (kept,) = ran["kept"]
    assert (str(vendor.id), "the payout account is not ready: passport") == (kept["vendorId"], kept["reason"])


def test_a_difference_is_said_and_the_status_is_one(shop: tuple[LivingShop, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A dispute of which nobody has heard is named, with its type, on the screen and for a program."""
    living, url = shop
    living.outside.open_dispute(_reference(living), 500)
    found = said(capsys, "reconcile", "--database", url, expected=1)
    assert [("missing_here", False)] == [(each["type"], each["explained"]) for each in found["differences"]]
    assert 1 == main(["reconcile", "--database", url])
    assert "missing here" in capsys.readouterr().out
    before = (datetime.now(UTC) - 2 * AGO).date().isoformat()
    empty = said(capsys, "reconcile", "--database", url, "--from", before, "--to", before)
    assert 0 == empty["lines"]


@pytest.mark.parametrize(
    ("case", "words", "expected"),
    [
        ("a month that has 13", ("reconcile", "--from", "2026-13-01"), "the time '2026-13-01'"),
        ("an instant without an offset", ("reconcile", "--to", "2026-01-01T10:00:00"), "with its offset"),
        ("a period backwards", ("reconcile", "--from", "2026-02-01", "--to", "2026-01-01"), "one that ends after it begins"),
        ("an id that is none", ("explain", "order", "7"), "a UUID"),
        ("a time to come", ("payouts", "run", "--at", "2999-01-01"), "not to come"),
        ("a database in memory", ("reconcile", "--database", "memory"), "the database 'memory'"),
    ],
)
def test_nonsense_is_refused(case: str, words: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What makes no sense ends with 2, and says what would."""
    where = () if "--database" in words else ("--database", running(EMBEDDED).database())
    assert 2 == main([*words, *where]), case
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("case", "words", "expected"),
    [
        (
            "an export that is not there",
            ("ledger", "verify", "{here}/none"),
            "{here}/none cannot be read (no such file or directory)",
        ),
        ("a folder to verify", ("ledger", "verify", "{here}"), "{here} cannot be read (is a directory)"),
        ("an export into no folder", ("ledger", "export", "{here}/none/a"), "{here}/none/a cannot be written (there is no folder"),
        ("an export over a folder", ("ledger", "export", "{here}"), "{here} cannot be written (it is a folder)"),
        ("a report below a file", ("reconcile", "--csv", "{here}/file/x.csv"), "{here}/file/x.csv cannot be written"),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_the_name_that_was_given(
    case: str, words: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Before any database is asked, with 2, in words, and with what would do; nothing is left beside it."""
    (tmp_path / "file").touch()
    assert 2 == main([word.format(here=tmp_path) for word in words]), case
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"quarterturn {words[0]}: {expected.format(here=tmp_path)}")
    assert ("expected a file" in complaint, "Errno" in complaint) == (True, False)
    assert ["file"] == [each.name for each in tmp_path.iterdir()]


def test_bytes_that_are_no_text_break_the_chain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An export with a flipped bit is an export that was changed."""
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(b'{"position":1,"hash":"\xff","entry":{}}\n')
    assert 1 == main(["ledger", "verify", str(ledger)])
    assert "The chain breaks at position 1" in capsys.readouterr().err


def test_what_is_not_there_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """An order that nobody knows is a no."""
    unknown = "01890a5d-ac96-774b-bcce-b302099a8057"
    assert 1 == main(["explain", "order", unknown, "--database", running(EMBEDDED).database()])
    assert unknown in capsys.readouterr().err


def _reference(living: LivingShop) -> str:
    with living.shop.begin() as work:
        reference = work.payments.find(living.payments)[living.payments[0]].reference
    assert reference is not None
    return reference
