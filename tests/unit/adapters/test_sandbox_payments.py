"""The sandbox's payments: every test card, fees in every kind of currency, idempotency keys as Stripe has them, and threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import attrs
import pytest

from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.sandbox import ALIASES, CARDS, Fault, Sandbox, SandboxPayments, Terms
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.ids import OrderId, PaymentId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.rate import Rate
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.gateway import (
    GatewayPayment,
    GatewayRefundStatus,
    GatewayRefused,
    LineKind,
    OutcomeUnknown,
    PaymentRequest,
)
from quarterturn_domain.payments.payment import CaptureMethod, PaymentStatus

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
HUNDRED: Final = Money.of("100.00", EUR)
SIXTY: Final = Money.of("60.00", EUR)
REFUND: Final = RefundId(UUID(int=77))


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock(NOW)


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    """A sandbox that nobody has used yet."""
    return Sandbox(clock, seed=3)


@pytest.fixture
def gateway(sandbox: Sandbox) -> SandboxPayments:
    """Its payments."""
    return SandboxPayments(sandbox)


def ask(
    method: str | None = None, number: int = 1, amount: Money = HUNDRED, capture: CaptureMethod = CaptureMethod.AUTOMATIC
) -> PaymentRequest:
    """A request under the ids of this number."""
    return PaymentRequest(PaymentId(UUID(int=number)), OrderId(UUID(int=number + (1 << 64))), amount, capture, method)


@pytest.mark.parametrize(
    ("name", "status", "failure", "later"),
    [
        ("card_approved", PaymentStatus.CAPTURED, None, PaymentStatus.CAPTURED),
        ("card_declined", PaymentStatus.FAILED, "card_declined", PaymentStatus.FAILED),
        ("card_insufficient_funds", PaymentStatus.FAILED, "insufficient_funds", PaymentStatus.FAILED),
        ("card_lost", PaymentStatus.FAILED, "lost_card", PaymentStatus.FAILED),
        ("card_stolen", PaymentStatus.FAILED, "stolen_card", PaymentStatus.FAILED),
        ("card_expired", PaymentStatus.FAILED, "expired_card", PaymentStatus.FAILED),
        ("card_incorrect_cvc", PaymentStatus.FAILED, "incorrect_cvc", PaymentStatus.FAILED),
        ("card_processing_error", PaymentStatus.FAILED, "processing_error", PaymentStatus.FAILED),
        ("card_action_required", PaymentStatus.REQUIRES_PAYMENT, None, PaymentStatus.REQUIRES_PAYMENT),
        ("card_action_then_declined", PaymentStatus.REQUIRES_PAYMENT, None, PaymentStatus.REQUIRES_PAYMENT),
        ("card_late_success", PaymentStatus.PROCESSING, None, PaymentStatus.CAPTURED),
        ("card_processing_fails", PaymentStatus.PROCESSING, None, PaymentStatus.FAILED),
        ("card_disputed", PaymentStatus.CAPTURED, None, PaymentStatus.DISPUTED),
        ("card_dispute_won", PaymentStatus.CAPTURED, None, PaymentStatus.CAPTURED),
        ("card_dispute_lost", PaymentStatus.CAPTURED, None, PaymentStatus.REFUNDED),
        ("card_refund_pending", PaymentStatus.CAPTURED, None, PaymentStatus.CAPTURED),
        ("card_refund_fails", PaymentStatus.CAPTURED, None, PaymentStatus.CAPTURED),
        ("card_refund_bounces", PaymentStatus.CAPTURED, None, PaymentStatus.CAPTURED),
        ("card_available_at_once", PaymentStatus.CAPTURED, None, PaymentStatus.CAPTURED),
    ],
)
def test_a_card_does_what_its_name_says(
    sandbox: Sandbox,
    gateway: SandboxPayments,
    clock: ManualClock,
    name: str,
    status: PaymentStatus,
    failure: str | None,
    later: PaymentStatus,
) -> None:
    """Every card has its state at once, and the one in which it ends when everything has happened."""
    payment = gateway.open_payment(ask(name), key="open")
    assert (status, failure) == (payment.status, payment.failure)
    clock.advance(timedelta(days=100))
    assert later is gateway.read_payment(payment.reference).status
    sandbox.prove()


def test_the_table_above_knows_every_card() -> None:
    """No card is untested, and every alias stands for a card."""
    table = next(mark for mark in test_a_card_does_what_its_name_says.pytestmark if mark.name == "parametrize")  # type: ignore[attr-defined]
    assert set(CARDS) == {row[0] for row in table.args[1]}
    assert set(CARDS) >= set(ALIASES.values())


@pytest.mark.parametrize(
    ("number", "status", "failure"),
    [
        ("4242424242424242", PaymentStatus.CAPTURED, None),
        ("4242 4242 4242 4242", PaymentStatus.CAPTURED, None),
        ("4000000000000002", PaymentStatus.FAILED, "card_declined"),
        ("4000000000009995", PaymentStatus.FAILED, "insufficient_funds"),
        ("4000002500003155", PaymentStatus.REQUIRES_PAYMENT, None),
        ("4000000000000259", PaymentStatus.CAPTURED, None),
        ("pm_card_visa", PaymentStatus.CAPTURED, None),
    ],
)
def test_the_classic_numbers_are_known(gateway: SandboxPayments, number: str, status: PaymentStatus, failure: str | None) -> None:
    """A classic test number is the card that it stands for."""
    payment = gateway.open_payment(ask(number), key="open")
    assert (status, failure) == (payment.status, payment.failure)


def test_a_real_number_is_refused_and_not_repeated(sandbox: Sandbox, gateway: SandboxPayments) -> None:
    """What is no test card is refused, said nowhere and kept nowhere."""
    with pytest.raises(GatewayRefused) as refusal:
        gateway.open_payment(ask("4929123456781234"), key="open")
    assert "no_such_method" == refusal.value.reason
    assert "4929" not in f"{refusal.value}{refusal.value!r}{sandbox.snapshot()}"


@pytest.mark.parametrize(
    ("captured", "fee"),
    [
        ("100.00 EUR", "3.20 EUR"),
        ("0.01 EUR", "0.30 EUR"),
        # 2.9 % of 5.00 is 0.145: a half goes up.
        ("5.00 USD", "0.45 USD"),
        # A third of a yen is no yen.
        ("1000 JPY", "29 JPY"),
        ("10.000 KWD", "0.590 KWD"),
    ],
)
def test_the_fee_is_exact(sandbox: Sandbox, gateway: SandboxPayments, captured: str, fee: str) -> None:
    """2.9 % and 0.30, rounded once, half up, in the currency's own minor unit."""
    amount, kept = (Money.of(*text.split()) for text in (captured, fee))
    payment = gateway.open_payment(ask("card_approved", amount=amount), key="open")
    assert kept == payment.fee
    (line,) = gateway.statement(NOW, NOW + timedelta(1))
    assert (LineKind.CHARGE, payment.charge, amount, kept, amount - kept) == (
        line.kind,
        line.source,
        line.amount,
        line.fee,
        line.net,
    )
    assert amount - kept == sandbox.balance(amount.currency)


def test_terms_are_configurable(clock: ManualClock) -> None:
    """Another rate, another fixed part for a currency, and a dispute that costs less and for good."""
    terms = Terms(
        rate=Rate.percent("1.5"), fixed={"EUR": Money.of("0.25", EUR)}, dispute_hundredths=1_000, dispute_fee_returned=False
    )
    sandbox = Sandbox(clock, terms=terms)
    payment = SandboxPayments(sandbox).open_payment(ask("card_approved"), key="open")
    assert Money.of("1.75", EUR) == payment.fee
    dispute = sandbox.close_dispute(sandbox.open_dispute(payment.reference).reference, won=True)
    assert (Money.of("10.00", EUR), Money.zero(EUR)) == (dispute.fee, dispute.fee_returned)
    assert Money.of("88.25", EUR) == sandbox.balance(EUR)


def test_money_is_available_when_it_has_settled(sandbox: Sandbox, gateway: SandboxPayments, clock: ManualClock) -> None:
    """A charge counts at once and can be spent two days later, to the second; a card that skips this at once."""
    gateway.open_payment(ask("card_approved"), key="open")
    assert (Money.of("96.80", EUR), Money.zero(EUR)) == (sandbox.balance(EUR), sandbox.available(EUR))
    clock.advance(timedelta(days=2) - timedelta(seconds=1))
    assert Money.zero(EUR) == sandbox.available(EUR)
    clock.advance(timedelta(seconds=1))
    assert Money.of("96.80", EUR) == sandbox.available(EUR)
    gateway.open_payment(ask("card_available_at_once", 2), key="open 2")
    assert Money.of("193.60", EUR) == sandbox.available(EUR)


def test_an_authorisation_ends(sandbox: Sandbox, gateway: SandboxPayments, clock: ManualClock) -> None:
    """After seven days nobody can capture it: the provider has cancelled it and says why."""
    held = gateway.open_payment(ask("card_approved", capture=CaptureMethod.MANUAL), key="open")
    clock.advance(timedelta(days=7))
    after = gateway.read_payment(held.reference)
    assert (PaymentStatus.CANCELLED, "authorization_expired") == (after.status, after.failure)
    with pytest.raises(GatewayRefused):
        gateway.capture_payment(held.reference, HUNDRED, key="capture")


def test_an_action_may_end_in_a_decline(sandbox: Sandbox, gateway: SandboxPayments) -> None:
    """The customer does what is required, and the bank declines all the same."""
    waiting = gateway.open_payment(ask("4000008400001629"), key="open")
    after = sandbox.authenticate(waiting.reference)
    assert (PaymentStatus.FAILED, "card_declined", False) == (after.status, after.failure, after.action_required)
    with pytest.raises(GatewayRefused):
        sandbox.authenticate(waiting.reference)


@pytest.mark.parametrize(
    ("card", "first", "last", "back"),
    [
        ("card_approved", GatewayRefundStatus.SUCCEEDED, GatewayRefundStatus.SUCCEEDED, False),
        ("card_refund_pending", GatewayRefundStatus.PENDING, GatewayRefundStatus.SUCCEEDED, False),
        ("card_refund_fails", GatewayRefundStatus.PENDING, GatewayRefundStatus.FAILED, True),
        ("card_refund_bounces", GatewayRefundStatus.SUCCEEDED, GatewayRefundStatus.FAILED, True),
    ],
)
def test_a_refund_ends_as_the_card_says(
    sandbox: Sandbox,
    gateway: SandboxPayments,
    clock: ManualClock,
    card: str,
    first: GatewayRefundStatus,
    last: GatewayRefundStatus,
    back: bool,
) -> None:
    """A refund leaves the balance at once; one that fails comes back to it, and may be sent once more."""
    payment = gateway.open_payment(ask(card), key="open")
    refund = gateway.refund_payment(payment.reference, HUNDRED, refund_id=REFUND, key="refund:1")
    assert (first, -payment.fee) == (refund.status, sandbox.balance(EUR))
    clock.advance(timedelta(days=5))
    after = gateway.read_refund(refund.reference)
    assert (last, back) == (after.status, after.failure is not None)
    assert (HUNDRED if back else Money.zero(EUR)) - payment.fee == sandbox.balance(EUR)
    if back:
        again = gateway.refund_payment(payment.reference, HUNDRED, refund_id=REFUND, key="refund:2")
        assert again == gateway.find_refund(payment.reference, REFUND)
        assert again.reference != refund.reference
    sandbox.prove()


def test_a_dispute_takes_what_was_not_refunded(sandbox: Sandbox, gateway: SandboxPayments, clock: ManualClock) -> None:
    """A card disputes what is left a day later, and wins or loses sixty days after that; what is refunded whole is not disputed."""
    part = gateway.open_payment(ask("card_dispute_won", 1), key="open 1")
    gateway.refund_payment(part.reference, SIXTY, refund_id=REFUND, key="refund 1")
    whole = gateway.open_payment(ask("card_dispute_lost", 2), key="open 2")
    gateway.refund_payment(whole.reference, HUNDRED, refund_id=REFUND, key="refund 2")
    clock.advance(timedelta(days=1))
    told: list[str] = [event.reference for event in sandbox.waiting if event.type == "dispute.created"]
    assert 1 == len(told)
    dispute = gateway.read_dispute(told[0])
    assert (part.reference, HUNDRED - SIXTY, DisputeStatus.OPEN) == (dispute.payment_reference, dispute.amount, dispute.status)
    clock.advance(timedelta(days=60))
    assert PaymentStatus.PARTIALLY_REFUNDED is gateway.read_payment(part.reference).status
    assert PaymentStatus.REFUNDED is gateway.read_payment(whole.reference).status
    assert dispute.fee == gateway.read_dispute(told[0]).fee_returned


Call = Callable[[SandboxPayments, str], object]


@pytest.mark.parametrize(
    ("case", "call", "reason"),
    [
        ("an amount of nothing", lambda g, _: g.open_payment(ask(amount=Money.zero(EUR)), key="k"), "amount_invalid"),
        ("a negative amount", lambda g, _: g.open_payment(ask(amount=-HUNDRED), key="k"), "amount_invalid"),
        ("an unknown method", lambda g, _: g.open_payment(ask("card_golden"), key="k"), "no_such_method"),
        ("no key", lambda g, _: g.open_payment(ask(), key=""), "idempotency_key_invalid"),
        ("a key too long", lambda g, _: g.open_payment(ask(), key="k" * 256), "idempotency_key_invalid"),
        ("another currency", lambda g, p: g.capture_payment(p, Money.of("1", "USD"), key="k"), "currency_mismatch"),
        ("a refund of nothing", lambda g, p: g.refund_payment(p, Money.zero(EUR), refund_id=REFUND, key="k"), "amount_invalid"),
    ],
)
def test_what_makes_no_sense_is_not_kept(gateway: SandboxPayments, case: str, call: Call, reason: str) -> None:
    """A request whose values make no sense is refused before anything is done, and leaves its key free."""
    held = gateway.open_payment(ask("card_approved", 2, capture=CaptureMethod.MANUAL), key="held")
    with pytest.raises(GatewayRefused) as refusal:
        call(gateway, held.reference)
    assert reason == refusal.value.reason, case
    assert PaymentStatus.CANCELLED is gateway.cancel_payment(held.reference, key="k").status


def test_the_first_answer_is_given_again_for_a_day(gateway: SandboxPayments, clock: ManualClock) -> None:
    """Even when the payment has moved on; after 24 hours the key is new, and the request is another payment."""
    first = gateway.open_payment(ask(), key="open")
    gateway.confirm_payment(first.reference, "card_approved", key="confirm")
    clock.advance(timedelta(hours=24) - timedelta(microseconds=1))
    assert first == gateway.open_payment(ask(), key="open")
    clock.advance(timedelta(microseconds=1))
    second = gateway.open_payment(ask(), key="open")
    assert first.reference != second.reference
    assert second == gateway.find_payment(PaymentId(UUID(int=1)))
    assert second == gateway.open_payment(ask(), key="open")


def test_a_refusal_is_an_answer_that_is_kept(gateway: SandboxPayments) -> None:
    """A refusal that came from the state is given again under its key, though the state has changed; a new key is heard."""
    payment = gateway.open_payment(ask(), key="open")
    for _ in range(2):
        with pytest.raises(GatewayRefused) as refusal:
            gateway.refund_payment(payment.reference, SIXTY, refund_id=REFUND, key="refund:1")
        assert "payment_unexpected_state" == refusal.value.reason
        gateway.confirm_payment(payment.reference, "card_approved", key="confirm")
    assert SIXTY == gateway.refund_payment(payment.reference, SIXTY, refund_id=REFUND, key="refund:2").amount


def test_a_reference_that_is_not_there_is_not_kept(gateway: SandboxPayments) -> None:
    """`NotFound` comes before execution: its key is free afterwards."""
    with pytest.raises(NotFound):
        gateway.cancel_payment("pay_unknown", key="key")
    assert PaymentStatus.REQUIRES_PAYMENT is gateway.open_payment(ask(), key="key").status


def test_a_key_belongs_to_one_method(gateway: SandboxPayments) -> None:
    """The same key for another method of the port is refused."""
    payment = gateway.open_payment(ask(), key="key")
    with pytest.raises(GatewayRefused) as refusal:
        gateway.cancel_payment(payment.reference, key="key")
    assert "idempotency_error" == refusal.value.reason


def test_pages_have_limits(gateway: SandboxPayments) -> None:
    """A page has 1 to 1,000 lines, and begins after a line that is there."""
    for limit, after in ((0, None), (1_001, None), (10, "txn_unknown")):
        with pytest.raises(Invalid):
            gateway.statement(NOW, NOW, after=after, limit=limit)


def test_names_follow_from_the_seed(clock: ManualClock) -> None:
    """The same seed gives the same references and secrets, another seed others; a secret cannot be guessed from its reference."""
    mine, same, other = (
        SandboxPayments(Sandbox(clock, seed=seed)).open_payment(ask("card_approved"), key="open") for seed in (1, 1, 2)
    )
    assert mine == same
    assert not {mine.reference, mine.charge, mine.client_secret} & {other.reference, other.charge, other.client_secret}


def test_faults_by_chance_follow_from_the_seed(clock: ManualClock) -> None:
    """The same seed loses the same calls, about as many as asked for, and what was lost on its way back was done."""

    def outcomes(seed: int) -> list[bool]:
        sandbox = Sandbox(clock, seed=seed)
        gateway = SandboxPayments(sandbox)
        sandbox.faults.chance("open_payment", Fault.LOST_ANSWER, Rate(1, 4))
        lost = []
        for number in range(1, 201):
            try:
                gateway.open_payment(ask("card_approved", number), key=f"open {number}")
            except OutcomeUnknown:
                lost.append(True)
            else:
                lost.append(False)
            assert gateway.find_payment(PaymentId(UUID(int=number))) is not None
        return lost

    assert outcomes(1) == outcomes(1)
    assert outcomes(1) != outcomes(2)
    assert 25 < sum(outcomes(1)) < 75


def test_a_fault_can_be_planned_for_a_later_call(sandbox: Sandbox, gateway: SandboxPayments) -> None:
    """The second reading fails, the others do not; `clear` lets everything work again."""
    payment = gateway.open_payment(ask(), key="open")
    sandbox.faults.next("read_payment", None, Fault.LOST_REQUEST, Fault.LOST_REQUEST)
    assert payment == gateway.read_payment(payment.reference)
    with pytest.raises(OutcomeUnknown):
        gateway.read_payment(payment.reference)
    sandbox.faults.clear()
    assert payment == gateway.read_payment(payment.reference)


def test_threads_share_a_sandbox(sandbox: Sandbox, gateway: SandboxPayments) -> None:
    """Under one key many threads make one payment; under their own keys they refund no more than there is."""
    with ThreadPoolExecutor(8) as pool:
        payments: set[GatewayPayment] = set(pool.map(lambda _: gateway.open_payment(ask("card_approved"), key="open"), range(64)))
        (payment,) = payments

        def refund(number: int) -> bool:
            refund_id = RefundId(UUID(int=number))
            try:
                gateway.refund_payment(payment.reference, Money.of("3.00", EUR), refund_id=refund_id, key=f"refund {number}")
            except GatewayRefused:
                return False
            return True

        assert 33 == sum(pool.map(refund, range(64)))
    assert Money.of("1.00", EUR) - payment.fee == sandbox.balance(EUR)
    sandbox.prove()


def test_time_does_not_run_backwards(sandbox: Sandbox, gateway: SandboxPayments, clock: ManualClock) -> None:
    """When the machine's clock is put back the provider's stands still, so that the statement stays in order."""
    gateway.open_payment(ask("card_approved"), key="open")
    clock.set(NOW - timedelta(hours=1))
    gateway.open_payment(attrs.evolve(ask("card_approved"), payment_id=PaymentId(UUID(int=2))), key="open 2")
    assert [NOW, NOW] == [line.at for line in gateway.statement(NOW, NOW + timedelta(1))]
