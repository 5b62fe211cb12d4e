"""The sandbox's books under any sequence of calls: balances proven at every step, repeatable, and the same after a restart."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, TypeAlias
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox import CARDS, Bank, Delivery, Fault, Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_domain.kernel.currency import EUR, JPY
from quarterturn_domain.kernel.errors import NotFound, Unavailable
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.payments.gateway import GatewayRefused, LineKind, PaymentRequest, StatementLine
from quarterturn_domain.payments.payment import CaptureMethod

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
CURRENCIES: Final = (EUR, JPY)
BANKS: Final = tuple(Bank)
NAMES: Final = tuple(CARDS)
METHODS: Final = ("open_payment", "refund_payment", "transfer", "reverse_transfer", "pay_out", "read_payment")

Step: TypeAlias = tuple[str, int, int, int]
"""What is done, to the how manieth object, with how many minor units, and a number that decides about the rest."""


class Life:
    """A sandbox on which steps are taken, by the ports and from outside."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = ManualClock(NOW)
        self.sandbox = Sandbox(self.clock, seed=seed)
        self.taken = 0
        self._open()

    def _open(self) -> None:
        self.payments = SandboxPayments(self.sandbox)
        self.transfers = SandboxTransfers(self.sandbox)
        self.references: dict[str, list[str]] = {"pay": [], "acct": [], "tr": [], "dp": [], "ch": [], "paid": []}

    def restart(self) -> None:
        """Go on in another process: all that is left is the snapshot's text, and the time."""
        text = json.dumps(self.sandbox.snapshot())
        self.sandbox = Sandbox(self.clock, seed=999)
        self.sandbox.restore(json.loads(text))
        references = self.references
        self._open()
        self.references = references
        assert text == json.dumps(self.sandbox.snapshot())

    def take(self, step: Step) -> str:
        """Take one step; what came of it in words."""
        self.taken += 1
        act, which, minor, number = step
        deeds: dict[str, Callable[[int, int, int], object]] = {
            "open": self._pay,
            "confirm": self._confirm,
            "capture": self._capture,
            "cancel": lambda w, _m, _n: self.payments.cancel_payment(self._of("pay", w), key=self._key("cancel", w)),
            "refund": self._refund,
            "authenticate": lambda w, _m, n: self.sandbox.authenticate(self._of("pay", w), succeed=n % 2 == 0),
            "dispute": self._dispute,
            "decide": lambda w, _m, n: self.sandbox.close_dispute(self._of("dp", w), won=n % 2 == 0),
            "account": self._account,
            "transfer": self._transfer,
            "reverse": self._reverse,
            "pay out": self._pay_out,
            "adjust": lambda _w, m, n: self.sandbox.adjust(Money(m, CURRENCIES[n % 7 == 0])),
            "withdraw": lambda _w, m, n: self.sandbox.withdraw(Money(m, CURRENCIES[n % 7 == 0]), bank=BANKS[n % 3]),
            "wait": lambda _w, m, _n: self.clock.advance(timedelta(hours=m % 100)),
            "lose": lambda _w, _m, n: self.sandbox.faults.next(METHODS[n % len(METHODS)], tuple(Fault)[n % 3]),
            "find": self._find,
            "deliver": lambda _w, _m, n: self.sandbox.deliver(lambda _h, _b: None, how=tuple(Delivery)[n % 5]),
        }
        try:
            return repr(deeds[act](which, minor, number))
        except (GatewayRefused, NotFound, Unavailable) as refusal:
            return repr(refusal)

    def statement(self) -> list[StatementLine]:
        """The whole statement, page by page."""
        self.sandbox.faults.clear()
        lines: list[StatementLine] = []
        until = self.clock.now() + timedelta(seconds=1)
        while page := self.payments.statement(NOW, until, after=lines[-1].reference if lines else None, limit=7):
            lines += page
        return lines

    def _of(self, kind: str, which: int) -> str:
        known = self.references[kind]
        # The newest are where something can happen still.
        return known[-1 - which % len(known)] if known else "unknown"

    def _key(self, act: str, which: int) -> str:
        """Few enough keys that some come twice."""
        return f"{act}:{which}:{self.taken // 4}"

    def _find(self, which: int, _minor: int, number: int) -> object:
        return (
            self.payments.find_payment(PaymentId(UUID(int=which))),
            self.payments.find_refund(self._of("paid", which), RefundId(UUID(int=number))),
            self.transfers.find_transfer(PayoutId(UUID(int=which))),
            self.transfers.find_payout(self._of("acct", which), PayoutId(UUID(int=number))),
        )

    def _pay(self, which: int, minor: int, number: int) -> object:
        request = PaymentRequest(
            PaymentId(UUID(int=which)),
            OrderId(UUID(int=which)),
            Money(minor, CURRENCIES[number % 7 == 0]),
            tuple(CaptureMethod)[number % 3 == 0],
            NAMES[number % len(NAMES)] if number % 5 else None,
        )
        payment = self.payments.open_payment(request, key=self._key("open", which))
        self.references["pay"].append(payment.reference)
        if payment.charge is not None:
            self.references["ch"].append(payment.charge)
            self.references["paid"].append(payment.reference)
        return payment

    def _confirm(self, which: int, _minor: int, number: int) -> object:
        return self.payments.confirm_payment(self._of("pay", which), NAMES[number % len(NAMES)], key=self._key("confirm", which))

    def _capture(self, which: int, minor: int, number: int) -> object:
        amount = Money(1 + minor // 4, CURRENCIES[number % 7 == 0])
        return self.payments.capture_payment(self._of("paid", which), amount, key=self._key("capture", which))

    def _refund(self, which: int, minor: int, number: int) -> object:
        return self.payments.refund_payment(
            self._of("paid", which),
            Money(1 + minor // 4, CURRENCIES[number % 7 == 0]),
            refund_id=RefundId(UUID(int=number)),
            key=self._key("refund", which),
        )

    def _dispute(self, which: int, minor: int, number: int) -> object:
        amount = Money(1 + minor // 4, CURRENCIES[number % 7 == 0]) if number % 3 else None
        dispute = self.sandbox.open_dispute(self._of("paid", which), amount)
        self.references["dp"].append(dispute.reference)
        return dispute

    def _account(self, which: int, _minor: int, number: int) -> object:
        account = self.transfers.open_account(VendorId(UUID(int=which)), country="DE", key=self._key("account", which))
        self.references["acct"].append(account.reference)
        if number % 4:
            self.sandbox.finish_onboarding(account.reference, bank=BANKS[number % 3])
        return account

    def _transfer(self, which: int, minor: int, number: int) -> object:
        transfer = self.transfers.transfer(
            self._of("acct", which),
            Money(1 + minor // 4, CURRENCIES[number % 7 == 0]),
            payout_id=PayoutId(UUID(int=which)),
            source=self._of("ch", number) if number % 3 else None,
            key=self._key("transfer", which),
        )
        self.references["tr"].append(transfer.reference)
        return transfer

    def _reverse(self, which: int, minor: int, number: int) -> object:
        amount = Money(1 + minor // 4, CURRENCIES[number % 7 == 0])
        return self.transfers.reverse_transfer(self._of("tr", which), amount, key=self._key("reverse", which))

    def _pay_out(self, which: int, minor: int, number: int) -> object:
        return self.transfers.pay_out(
            self._of("acct", which),
            Money(1 + minor // 4, CURRENCIES[number % 7 == 0]),
            payout_id=PayoutId(UUID(int=number)),
            key=self._key("pay out", which),
        )


ACTS: Final = (
    *("open", "open", "open", "confirm", "capture", "cancel", "refund", "refund", "authenticate", "dispute", "decide"),
    *(
        "account",
        "account",
        "transfer",
        "transfer",
        "reverse",
        "pay out",
        "adjust",
        "withdraw",
        "wait",
        "wait",
        "lose",
        "deliver",
        "find",
    ),
)
STEPS: Final = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 3), st.integers(1, 3_000), st.integers(0, 200)), max_size=60
)


@given(STEPS)
def test_every_balance_is_proven_at_every_step(steps: list[Step]) -> None:
    """Whatever is done: the records, the ledger and the statement agree, and nothing but a port's own refusals comes out of it."""
    life = Life()
    for step in steps:
        life.take(step)
        life.sandbox.prove()
    life.clock.advance(timedelta(days=200))
    life.sandbox.prove()
    lines = life.statement()
    assert lines == sorted(lines, key=lambda line: line.at)
    for currency in CURRENCIES:
        nets = [line.net for line in lines if line.amount.currency is currency]
        assert total(nets, currency) == life.sandbox.balance(currency)
        assert life.sandbox.balance(currency) == life.sandbox.available(currency), "in the end everything is available"


@pytest.mark.parametrize("seed", range(3))
def test_a_long_life_is_proven_too(seed: int) -> None:
    """What a few steps do not reach: hundreds of them, in which every kind of line comes to be written."""
    dice = Random(seed)
    life = Life(seed)
    for _ in range(1_000):
        life.take((dice.choice(ACTS), dice.randrange(4), dice.randint(1, 3_000), dice.randrange(201)))
        life.sandbox.prove()
    life.clock.advance(timedelta(days=200))
    life.sandbox.prove()
    # `FEE` is written for what a provider charges by the month, which no step does.
    assert set(LineKind) - {LineKind.FEE} == {line.kind for line in life.statement()}


@pytest.mark.parametrize("seed", range(2))
def test_many_restarts_change_nothing(seed: int) -> None:
    """A long life with a restart every twenty steps is the same as one without, to the last reference."""
    dice = Random(seed)
    one, other = Life(seed), Life(seed)
    acts = [act for act in ACTS if act != "lose"]
    for number in range(300):
        if number % 20 == 0:
            other.restart()
        step = (dice.choice(acts), dice.randrange(4), dice.randint(1, 3_000), dice.randrange(201))
        assert one.take(step) == other.take(step)
    for which in range(4):
        assert one.take(("find", which, 0, which)) == other.take(("find", which, 0, which))
    assert one.sandbox.snapshot() == other.sandbox.snapshot()
    other.sandbox.prove()


@given(STEPS, st.integers(0, 60))
def test_a_restart_changes_nothing(steps: list[Step], at: int) -> None:
    """Restored from its snapshot after any step, a sandbox answers every later step as it would have, to the last reference."""
    # Faults are planned from outside and do not survive the process.
    steps = [step for step in steps if step[0] != "lose"]
    one, other = Life(), Life()
    for number, step in enumerate(steps):
        if number == at:
            other.restart()
        assert one.take(step) == other.take(step)
    one.clock.advance(timedelta(days=200))
    other.clock.advance(timedelta(days=200))
    assert one.statement() == other.statement()
    assert one.sandbox.waiting == other.sandbox.waiting
    other.sandbox.prove()


@given(STEPS)
def test_a_seed_makes_a_life_repeatable(steps: list[Step]) -> None:
    """The same seed, clock and steps, faults among them, give the same answers and the same books."""
    one, other = Life(), Life()
    assert [one.take(step) for step in steps] == [other.take(step) for step in steps]
    assert one.sandbox.snapshot() == other.sandbox.snapshot()


def test_a_wrong_balance_is_noticed() -> None:
    """The proof can fail: a cent more in the ledger, or on a line of the statement, is found."""
    life = Life()
    assert "CAPTURED" in life.take(("open", 1, 1_000, 38))
    life.sandbox.prove()
    life.sandbox._books.ledger.available["", "EUR"] = 1
    with pytest.raises(AssertionError, match="in the ledger"):
        life.sandbox.prove()
    life.sandbox._books.ledger.available["", "EUR"] = 0
    life.sandbox._books.ledger.lines.clear()
    with pytest.raises(AssertionError, match="by the statement"):
        life.sandbox.prove()
