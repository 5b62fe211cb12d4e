"""The journal is corrected by reversal alone, and leaves the database as lines that anybody can verify."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ordering.shops import BASKET, after, facts

from quarterturn_adapters.bootstrap import Application
from quarterturn_api.command import main
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.payouts.recovery import Recovery, RecoveryStep
from quarterturn_domain.payouts.schedule import PayoutTerms
from quarterturn_domain.settlement.correcting import CorrectEntry, NotCorrectable
from quarterturn_domain.settlement.exporting import verify_lines
from quarterturn_domain.settlement.journal import EntryKind
from quarterturn_domain.testing.lives import LivingShop, prove
from quarterturn_domain.testing.strategies.lives import Onward, Refund, Work


def written_off() -> tuple[LivingShop, Application]:
    """A shop whose vendors were paid for an order that went back, and whose debts were written off at once."""
    recovery = Recovery(steps=(RecoveryStep.WRITE_OFF,), patience=timedelta(0), give_up=timedelta(0))
    terms = PayoutTerms(recovery=recovery)
    living = after(BASKET, *[Onward(0)] * 6, Refund(0), Work("relay"), Work("recover"), payout_terms=terms)
    assert isinstance(living.shop, Application)
    return living, living.shop


def facts_of(living: LivingShop, kind: EntryKind) -> list[str]:
    """The facts that entries of a kind book."""
    with living.shop.begin() as work:
        return [booked.entry.fact for booked in work.journal.entries(0, 1_000) if booked.entry.kind is kind]


def correct(living: LivingShop, fact: str) -> CorrectEntry:
    """Take an entry back."""
    return CorrectEntry(fact=fact, actor="anna", reason="the vendor has paid by bank", at=living.now)


def test_a_write_off_is_taken_back_once() -> None:
    """Its reversal is booked, with who and why in an event; asked twice, it is booked once, and the debt is there again."""
    living, app = written_off()
    fact = facts_of(living, EntryKind.WRITE_OFF)[0]
    reversal = app.correct_entries(correct(living, fact))
    assert reversal == app.correct_entries(correct(living, fact))
    assert (f"{fact}:reversed", EntryKind.REVERSAL) == (reversal.entry.fact, reversal.entry.kind)
    assert 1 == facts(living).count("entry.corrected")
    with living.shop.begin() as work:
        assert 1 == len(work.journal.owed(None, 9))
    living.take(Work("quiet"))
    prove(living)


@pytest.mark.parametrize("kind", [EntryKind.CAPTURE, EntryKind.REFUND, EntryKind.RELEASE, EntryKind.PAYOUT, EntryKind.PAYOUT_SENT])
def test_what_a_record_says_too_is_not_corrected_alone(kind: EntryKind) -> None:
    """Else the books would say something else than the payment, refund, earning or payout."""
    living, app = written_off()
    with pytest.raises(NotCorrectable):
        app.correct_entries(correct(living, facts_of(living, kind)[0]))


def test_a_correction_needs_a_fact_a_name_and_a_reason() -> None:
    """Nobody corrects nothing for no reason."""
    living, app = written_off()
    with pytest.raises(NotFound):
        app.correct_entries(correct(living, "never"))
    with pytest.raises(Invalid):
        app.correct_entries(CorrectEntry(fact=facts_of(living, EntryKind.WRITE_OFF)[0], actor="", reason="why", at=living.now))


def exported() -> list[str]:
    """The lines of a sealed journal."""
    living, app = written_off()
    while app.seal_journal(100) == 100:
        pass
    lines = list(app.export_chain())
    assert len(lines) > 10
    assert living.orders
    return lines


LINES = exported()


def test_an_export_verifies() -> None:
    """As it was written it holds, and its last hash is the end of the chain."""
    verdict = verify_lines(f"{line}\n" for line in LINES)
    assert verdict.broken is None
    assert (len(LINES), json.loads(LINES[-1])["hash"]) == (verdict.entries, verdict.hash)


@given(st.data())
def test_any_edit_is_found(data: st.DataObject) -> None:
    """Change any character, drop, repeat or swap any line: it is found, at that place or before."""
    number = data.draw(st.integers(0, len(LINES) - 1))
    lines = list(LINES)
    how = data.draw(st.sampled_from(["change", "insert", "drop", "repeat", "swap"]))
    line = lines[number]
    if how in {"change", "insert"}:
        place = data.draw(st.integers(0, len(line) - 1))
        char = data.draw(st.characters(codec="ascii", exclude_characters="\r\n"))
        rest = line[place + 1 :] if how == "change" else line[place:]
        lines[number] = line[:place] + char + rest
    elif how == "drop":
        del lines[number]
    elif how == "repeat":
        lines.insert(number, line)
    else:
        other = data.draw(st.integers(0, len(LINES) - 1))
        lines[number], lines[other] = lines[other], lines[number]
    if lines == LINES:
        return
    verdict = verify_lines(lines)
    if lines == LINES[: len(lines)]:
        # What is missing at the end is told by the last hash alone.
        assert verdict.hash != json.loads(LINES[-1])["hash"]
    else:
        assert verdict.broken is not None


def test_an_edit_that_is_hashed_anew_is_found_by_the_next_line() -> None:
    """Whoever forges an entry has to forge all that follow: one forged line does not fit the next."""
    said = json.loads(LINES[3])
    said["entry"]["at"] = "2020-01-01T00:00:00.000000+00:00"
    forged = verify_lines([*LINES[:3], json.dumps(said, separators=(",", ":")), *LINES[4:]])
    assert forged.broken is not None
    assert 4 == forged.broken.position


@pytest.mark.parametrize(
    ("case", "edit", "expected"),
    [
        ("as it was", lambda lines: lines, 0),
        ("an amount", lambda lines: [*lines[:2], lines[2].replace("EUR", "USD", 1), *lines[3:]], 1),
        ("nothing at all", lambda _: [], 0),
        ("what is no export", lambda _: ["hello"], 1),
    ],
)
def test_the_command_verifies_a_file(
    case: str, edit: Callable[[list[str]], list[str]], expected: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`quarterturn ledger verify` needs a file and nothing else."""
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join(f"{line}\n" for line in edit(list(LINES))), encoding="utf-8")
    assert expected == main(["ledger", "verify", str(path)]), case
    assert expected == main(["ledger", "verify", str(path), "--json"])
    capsys.readouterr()
    # Of an export that was cut the last hash is missing.
    path.write_text("".join(f"{line}\n" for line in LINES[:-1]), encoding="utf-8")
    assert 1 == main(["ledger", "verify", str(path), "--last", json.loads(LINES[-1])["hash"]])
    assert "missing" in capsys.readouterr().err
