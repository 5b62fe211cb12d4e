"""One sandbox for many processes: each knows what the others have asked, whatever was asked, and by whom."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.databases import EMBEDDED, running

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.postgres.sandbox import PostgresCalls
from quarterturn_adapters.sandbox import Bank, Delivery, SandboxPayments, SandboxTransfers
from quarterturn_adapters.sandbox.sharing import Call, Calls, SharedSandbox, Turn
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import DomainError, Unavailable
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import PaymentRequest
from quarterturn_domain.payments.payment import CaptureMethod

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


class CallsInMemory:
    """Where calls are kept for a test, as JSON; `away` lets it be away."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, str]] = []
        self.away = False

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Keeps nothing of a turn that fails."""
        if self.away:
            raise Unavailable("the sandbox")
        before = list(self.kept)
        try:
            yield self
        except BaseException:
            self.kept = before
            raise

    def after(self, number: int, /) -> Sequence[tuple[int, Call]]:
        """Those above `number`."""
        return [(each, json.loads(call)) for each, call in self.kept if each > number]

    def add(self, number: int, call: Mapping[str, Any], /) -> None:
        """One more."""
        assert not self.kept or self.kept[-1][0] < number
        self.kept.append((number, json.dumps(call)))

    def replace(self, number: int, call: Mapping[str, Any], /) -> None:
        """This one alone."""
        self.kept = []
        self.add(number, call)


def do(on: SharedSandbox, number: int) -> None:
    """One of many things that may be asked of a sandbox; what is refused is refused."""
    payments, transfers = SandboxPayments(on), SandboxTransfers(on)
    which, n = number % 14, number // 14
    known = list(on._books.payments)
    reference = known[n % len(known)] if known else "pay_none"
    accounts = list(on._books.accounts)
    account = accounts[n % len(accounts)] if accounts else "acct_none"
    cards = ("card_approved", "card_declined", "card_action_required", "card_refund_bounces", "card_dispute_won")
    capture = CaptureMethod.MANUAL if n % 3 == 0 else CaptureMethod.AUTOMATIC
    request = PaymentRequest(PaymentId(UUID(int=n)), OrderId(UUID(int=n)), Money(500 + n, EUR), capture, cards[n % 5])
    part = Money(1 + n % 300, EUR)
    acts = (
        lambda: payments.open_payment(request, key=f"open {n}"),
        lambda: payments.confirm_payment(reference, cards[n % 5], key=f"confirm {number}"),
        lambda: payments.capture_payment(reference, part, key=f"capture {number}"),
        lambda: payments.cancel_payment(reference, key=f"cancel {number}"),
        lambda: payments.refund_payment(reference, part, refund_id=RefundId(UUID(int=n)), key=f"refund {n}"),
        lambda: transfers.open_account(VendorId(UUID(int=n)), country="DE", key=f"account {n}"),
        lambda: on.visit(transfers.onboarding_link(account, return_url="https://r", refresh_url="https://f"), bank=Bank.FAILS),
        lambda: on.finish_onboarding(account, bank=Bank.RETURNS),
        lambda: transfers.transfer(account, part, payout_id=PayoutId(UUID(int=n)), key=f"transfer {n}"),
        lambda: transfers.pay_out(account, part, payout_id=PayoutId(UUID(int=n)), key=f"pay out {n}"),
        lambda: on.authenticate(reference, succeed=n % 2 == 0),
        lambda: on.open_dispute(reference, part if n % 2 else None),
        lambda: on.adjust(Money(1_000, EUR)) if n % 2 else on.withdraw(part),
        lambda: on.deliver(_refuse_some, how=list(Delivery)[n % 5]),
    )
    with suppress(DomainError):
        acts[which]()


def _refuse_some(_: Mapping[str, str], body: bytes) -> None:
    if sum(body) % 3 == 0:
        raise Unavailable("the receiver")


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 700), st.integers(0, 60)), max_size=40))
def test_two_that_share_their_calls_know_the_same(steps: list[tuple[bool, int, int]]) -> None:
    """Whoever is asked for what and when, both know the same afterwards, and so does one that begins later."""
    clock, calls = ManualClock(NOW), CallsInMemory()
    both = [SharedSandbox(clock, calls, many=7) for _ in range(2)]
    for first, what, hours in steps:
        clock.advance(timedelta(hours=hours))
        do(both[first], what)
    late = SharedSandbox(clock, calls, many=7)
    for each in (*both, late):
        assert both[0].balance(EUR) == each.balance(EUR)
        each.prove()
    assert both[0].snapshot() == both[1].snapshot() == late.snapshot()
    assert len(calls.kept) <= 8


@pytest.fixture(params=["memory", "PostgreSQL"])
def calls(request: pytest.FixtureRequest) -> Iterator[Calls]:
    """Where calls are kept."""
    if request.param == "memory":
        yield CallsInMemory()
        return
    kept = PostgresCalls(running(EMBEDDED).database())
    yield kept
    kept.close()


def test_a_payment_that_one_process_took_is_known_to_another(calls: Calls) -> None:
    """What was paid here is on the statement there, and can be refunded there."""
    clock = ManualClock(NOW)
    here, there = SharedSandbox(clock, calls), SharedSandbox(clock, calls)
    request = PaymentRequest(PaymentId(UUID(int=1)), OrderId(UUID(int=2)), Money.of("100.00", EUR), method="card_approved")
    paid = SandboxPayments(here).open_payment(request, key="open")
    assert paid == SandboxPayments(there).read_payment(paid.reference)
    assert paid == SandboxPayments(there).open_payment(request, key="open")
    SandboxPayments(there).refund_payment(paid.reference, Money.of("1.00", EUR), refund_id=RefundId(UUID(int=3)), key="refund")
    assert 2 == len(SandboxPayments(here).statement(NOW, NOW + timedelta(days=1)))
    assert here.balance(EUR) == there.balance(EUR)


def test_what_was_not_kept_was_not_done() -> None:
    """Where the calls are away nothing happens, and nothing that has happened is forgotten."""
    clock, calls = ManualClock(NOW), CallsInMemory()
    sandbox = SharedSandbox(clock, calls)
    sandbox.adjust(Money(5, EUR))
    calls.away = True
    with pytest.raises(Unavailable):
        sandbox.adjust(Money(7, EUR))
    calls.away = False
    assert Money(5, EUR) == sandbox.balance(EUR)
