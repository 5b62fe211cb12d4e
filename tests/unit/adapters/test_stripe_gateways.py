"""What the Stripe adapter does beyond the gateways' contracts: amounts, look-ups, pages, and all that Stripe may tell of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from tests.doubles.stripe.charging import ACTION, APPROVED, NO_FUNDS, REFUND_FAILS, SLOW
from tests.doubles.stripe.connecting import PAYS
from tests.doubles.stripe.driver import NOW, StripeDriver, stripe_world
from tests.doubles.stripe.faults import Fault

from quarterturn_adapters.stripe.amounts import money, written
from quarterturn_domain.kernel.currency import EUR, Currency
from quarterturn_domain.kernel.errors import Invalid, NotFound
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import (
    GatewayPayment,
    GatewayRefundStatus,
    GatewayRefused,
    LineKind,
    OutcomeUnknown,
    PaymentRequest,
    StatementLine,
)
from quarterturn_domain.payments.payment import CaptureMethod, PaymentStatus
from quarterturn_domain.payouts.gateway import GatewayPayoutStatus

TEN: Final = Money.of("10.00", EUR)
HUNDRED: Final = Money.of("100.00", EUR)
PAYMENT: Final = PaymentId(UUID(int=1))
PAYOUT: Final = PayoutId(UUID(int=2))


@pytest.fixture
def world() -> Iterator[StripeDriver]:
    """A double and a client of it."""
    with stripe_world() as driver:
        yield driver


def paid(world: StripeDriver, method: str = APPROVED, *, capture: CaptureMethod = CaptureMethod.AUTOMATIC) -> GatewayPayment:
    """A payment of 100.00 EUR."""
    return world.payments.open_payment(PaymentRequest(PAYMENT, OrderId(UUID(int=9)), HUNDRED, capture, method), key="open")


def account(world: StripeDriver) -> str:
    """A connected account that lacks nothing."""
    reference = world.transfers.open_account(VendorId(UUID(int=3)), country="DE", key="account").reference
    world.double.finish_onboarding(reference, bank=PAYS)
    return reference


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (Money.of("10.99", "EUR"), 1_099),
        (Money.of("500", "JPY"), 500),
        (Money.of("5.120", "KWD"), 5_120),
        (Money.of("5", "ISK"), 500),
        (Money.of("5", "UGX"), 500),
        (Money.of("5.00", "MGA"), 5),
        (Money.of("-10.99", "USD"), -1_099),
    ],
    ids=str,
)
def test_amounts_are_written_as_stripe_writes_them(amount: Money, expected: int) -> None:
    """Stripe's smallest unit is the standard's but for three currencies, and what is written is read as the same amount."""
    assert expected == written(amount)
    assert amount == money(expected, amount.currency.code.lower())


@pytest.mark.parametrize(
    ("amount", "reason"),
    [(Money.of("5.01", "MGA"), "amount_invalid"), (Money(1, Currency.of("XAU")), "currency_unsupported")],
    ids=["a fraction that Stripe does not have", "a currency without a minor unit"],
)
def test_amounts_that_stripe_cannot_say_are_refused(amount: Money, reason: str) -> None:
    """Nothing is rounded."""
    with pytest.raises(GatewayRefused) as refusal:
        written(amount)
    assert reason == refusal.value.reason


def test_an_amount_that_the_standard_cannot_say_is_invalid() -> None:
    """Half a króna, which Stripe could have kept from long ago, is no amount."""
    with pytest.raises(Invalid):
        money(550, "isk")


def test_a_payment_is_for_its_order_and_says_so(world: StripeDriver) -> None:
    """The order groups the payment with transfers; both ids are kept as metadata; the vendors' parts are nobody else's matter."""
    intent = world.double.books.of("payment_intent", paid(world).reference)
    assert f"order_{UUID(int=9)}" == intent["transfer_group"]
    assert {"payment_id": str(PAYMENT), "order_id": str(UUID(int=9))} == intent["metadata"]
    assert "automatic" == intent["capture_method"]


@pytest.mark.parametrize(("return_url", "redirects"), [(None, "never"), ("https://shop.example/back", "always")])
def test_customers_are_sent_away_only_with_a_way_back(return_url: str | None, redirects: str) -> None:
    """Methods that visit a bank's pages are offered where customers can come back from there, also when they try again."""
    with stripe_world(return_url=return_url) as world:
        declined = paid(world, NO_FUNDS)
        assert ("insufficient_funds", None) == (declined.failure, declined.charge)
        assert PaymentStatus.CAPTURED is world.payments.confirm_payment(declined.reference, APPROVED, key="again").status
        intent = world.double.books.of("payment_intent", declined.reference)
        assert redirects == intent["automatic_payment_methods"]["allow_redirects"]


@pytest.mark.parametrize(("passed", "listed"), [(timedelta(0), True), (timedelta(minutes=2), False)])
def test_a_payment_is_found_by_our_id(world: StripeDriver, passed: timedelta, listed: bool) -> None:
    """Stripe's search does not know what is new: that is looked for among the newest; what is older is searched for."""
    payment = paid(world)
    world.clock.advance(passed)
    world.double.asked.clear()
    assert payment == world.payments.find_payment(PAYMENT)
    assert listed is (("GET", "/v1/payment_intents") in world.double.asked)
    assert world.payments.find_payment(PaymentId(UUID(int=77))) is None


def test_the_newest_of_two_payments_is_found(world: StripeDriver) -> None:
    """Should there ever be two under one id, the later one counts."""
    paid(world)
    world.clock.advance(timedelta(seconds=1))
    later = world.payments.open_payment(PaymentRequest(PAYMENT, OrderId(UUID(int=9)), HUNDRED), key="another")
    assert later == world.payments.find_payment(PAYMENT)
    world.clock.advance(timedelta(hours=1))
    assert later == world.payments.find_payment(PAYMENT)


def test_what_was_released_was_not_refunded(world: StripeDriver) -> None:
    """Stripe counts what a partial capture lets go among what it refunded; to us only money that was taken can come back."""
    held = paid(world, capture=CaptureMethod.MANUAL)
    taken = world.payments.capture_payment(held.reference, TEN * 6, key="capture")
    assert (PaymentStatus.CAPTURED, TEN * 6) == (taken.status, taken.captured)
    world.payments.refund_payment(held.reference, TEN, refund_id=RefundId(UUID(int=4)), key="refund:1")
    assert PaymentStatus.PARTIALLY_REFUNDED is world.payments.read_payment(held.reference).status
    world.payments.refund_payment(held.reference, TEN * 5, refund_id=RefundId(UUID(int=5)), key="refund:2")
    assert PaymentStatus.REFUNDED is world.payments.read_payment(held.reference).status


def test_what_is_captured_in_parts_has_arrived_as_far_as_the_statement_says(world: StripeDriver) -> None:
    """A capture whose line is not there yet has cost nobody knows what: until then the payment is under way."""
    held = paid(world, capture=CaptureMethod.PER_PARCEL)
    first = world.payments.capture_payment(held.reference, TEN * 6, key="capture:1", final=False)
    world.payments.capture_payment(held.reference, TEN, key="capture:2", final=False)
    things = world.double.books.things
    late = things.pop([name for name, each in things.items() if each["object"] == "balance_transaction"][-1])
    waiting = world.payments.read_payment(held.reference)
    assert (PaymentStatus.PROCESSING, Money.zero(EUR), Money.zero(EUR)) == (waiting.status, waiting.captured, waiting.fee)
    things[late["id"]] = late
    both = world.payments.read_payment(held.reference)
    assert (PaymentStatus.AUTHORIZED, TEN * 7) == (both.status, both.captured)
    assert first.fee < both.fee


def test_a_capture_whose_cost_cannot_be_read_is_looked_up(world: StripeDriver) -> None:
    """It was done, so it is not told that nothing was."""
    held = paid(world, capture=CaptureMethod.PER_PARCEL)
    world.double.faults.plan("GET", "/v1/balance_transactions", Fault.TOO_MANY, 9)
    with pytest.raises(OutcomeUnknown):
        world.payments.capture_payment(held.reference, TEN, key="capture:1", final=False)
    world.double.faults.clear()
    assert TEN == world.payments.read_payment(held.reference).captured


def test_an_authorisation_in_parts_that_ends_keeps_what_was_captured(world: StripeDriver) -> None:
    """After a week Stripe lets the rest go."""
    held = paid(world, capture=CaptureMethod.PER_PARCEL)
    world.payments.capture_payment(held.reference, TEN, key="capture:1", final=False)
    world.clock.advance(timedelta(days=8))
    after = world.payments.read_payment(held.reference)
    assert (PaymentStatus.CAPTURED, TEN) == (after.status, after.captured)


@pytest.mark.parametrize("refunded", [False, True], ids=["all of it", "what a refund left"])
def test_what_was_lost_is_gone_as_if_it_was_refunded(world: StripeDriver, refunded: bool) -> None:
    """A dispute that is lost takes what is left, also after a refund."""
    payment = paid(world)
    if refunded:
        world.payments.refund_payment(payment.reference, TEN, refund_id=RefundId(UUID(int=4)), key="refund")
    world.double.close_dispute(world.double.open_dispute(payment.reference), won=False)
    assert PaymentStatus.REFUNDED is world.payments.read_payment(payment.reference).status


def test_an_authorisation_that_ends_is_cancelled(world: StripeDriver) -> None:
    """After a week Stripe lets it go, and says that nobody asked for it."""
    held = paid(world, capture=CaptureMethod.MANUAL)
    world.clock.advance(timedelta(days=8))
    after = world.payments.read_payment(held.reference)
    assert (PaymentStatus.CANCELLED, "automatic", Money.zero(EUR)) == (after.status, after.failure, after.captured)


def test_a_refund_that_bounces_has_failed(world: StripeDriver) -> None:
    """What the customer's bank sends back is the platform's again: the refund has failed, and the payment is whole."""
    payment = paid(world, REFUND_FAILS)
    refund = world.payments.refund_payment(payment.reference, TEN, refund_id=RefundId(UUID(int=4)), key="refund")
    assert GatewayRefundStatus.SUCCEEDED is refund.status
    world.settle()
    after = world.payments.read_refund(refund.reference)
    assert (GatewayRefundStatus.FAILED, "unknown") == (after.status, after.failure)
    assert PaymentStatus.CAPTURED is world.payments.read_payment(payment.reference).status
    assert [LineKind.CHARGE, LineKind.REFUND, LineKind.REFUND_FAILURE] == [line.kind for line in statement(world)]


def test_money_without_its_line_has_not_arrived(world: StripeDriver) -> None:
    """While Stripe has not booked a payment that succeeded, its fee is not known, and it counts as processing."""
    payment = paid(world)
    charge = world.double.books.things[str(payment.charge)]
    line, charge["balance_transaction"] = charge["balance_transaction"], None
    early = world.payments.read_payment(payment.reference)
    assert (PaymentStatus.PROCESSING, Money.zero(EUR)) == (early.status, early.captured)
    charge["balance_transaction"] = line
    assert payment == world.payments.read_payment(payment.reference)


def test_a_charge_is_named_once_it_is_paid(world: StripeDriver) -> None:
    """What was declined or is still under way has no charge that anything could be drawn from."""
    slow = paid(world, SLOW)
    assert (PaymentStatus.PROCESSING, None) == (slow.status, slow.charge)
    assert slow == world.payments.read_payment(slow.reference)
    world.settle()
    assert world.payments.read_payment(slow.reference).charge is not None


def test_money_that_stripe_converted_is_not_booked(world: StripeDriver) -> None:
    """Where the platform's account does not settle in the currency of a payment, that is said, and nothing is mixed."""
    payment = paid(world)
    charge = world.double.books.things[str(payment.charge)]
    world.double.books.things[charge["balance_transaction"]]["currency"] = "usd"
    with pytest.raises(Invalid) as refusal:
        world.payments.read_payment(payment.reference)
    assert "from EUR to USD" in refusal.value.message


@pytest.mark.parametrize("status", ["warning_needs_response", "warning_under_review", "warning_closed", "prevented"])
def test_an_inquiry_is_no_dispute(world: StripeDriver, status: str) -> None:
    """A bank that only asks has taken nothing."""
    payment = paid(world)
    reference = world.double.open_dispute(payment.reference)
    world.double.books.things[reference]["status"] = status
    with pytest.raises(NotFound):
        world.payments.read_dispute(reference)
    assert PaymentStatus.CAPTURED is world.payments.read_payment(payment.reference).status


def test_a_payment_of_others_has_no_id_of_ours(world: StripeDriver) -> None:
    """What was made by hand at Stripe, or by another program, is read like any other payment."""
    payment = paid(world)
    metadata = world.double.books.things[payment.reference]["metadata"]
    for word in (None, "4711"):
        metadata.pop("payment_id", None)
        metadata.update({} if word is None else {"payment_id": word})
        assert world.payments.read_payment(payment.reference).payment_id is None


def statement(world: StripeDriver, **asked: Any) -> list[StatementLine]:
    """The whole statement, page by page."""
    since, until = NOW - timedelta(days=1), world.now() + timedelta(seconds=1)
    lines: list[StatementLine] = []
    while page := world.payments.statement(since, until, after=lines[-1].reference if lines else None, **asked):
        lines += page
    return lines


@pytest.mark.parametrize("limit", [1, 7, 100, 1_000])
def test_a_long_statement_is_read_oldest_first(world: StripeDriver, limit: int) -> None:
    """However long pages are, and Stripe gives a hundred lines at most, every line comes once and in order."""
    count = 120 if limit > 1 else 12
    for number in range(count):
        world.double.top_up(number + 1, "eur")
        world.clock.advance(timedelta(seconds=1))
    lines = statement(world, limit=limit)
    assert [number + 1 for number in range(count)] == [line.amount.minor for line in lines]
    assert {LineKind.ADJUSTMENT} == {line.kind for line in lines}


def test_a_statement_begins_and_ends_to_the_second(world: StripeDriver) -> None:
    """A line belongs to the span from its first instant on and up to its last, which is outside; a limit is at least one."""
    world.double.top_up(1, "eur")
    since = world.now()
    second, part = timedelta(seconds=1), timedelta(microseconds=1)
    assert 1 == len(world.payments.statement(since, since + part))
    assert not world.payments.statement(since - second, since)
    assert not world.payments.statement(since + part, since + second)
    with pytest.raises(Invalid):
        world.payments.statement(since, since + second, limit=0)


def test_every_line_names_its_cause(world: StripeDriver) -> None:
    """A reversal names the transfer that it takes back, and a dispute's lines the dispute, as the ports promise."""
    vendor = account(world)
    payment = paid(world)
    dispute = world.double.open_dispute(payment.reference)
    world.double.close_dispute(dispute, won=True)
    world.settle()
    made = world.transfers.transfer(vendor, TEN, payout_id=PAYOUT, key="transfer")
    world.transfers.reverse_transfer(made.reference, TEN, key="reverse")
    assert [
        (LineKind.CHARGE, payment.charge),
        (LineKind.DISPUTE, dispute),
        (LineKind.DISPUTE_REVERSAL, dispute),
        (LineKind.TRANSFER, made.reference),
        (LineKind.TRANSFER_REVERSAL, made.reference),
    ] == [(line.kind, line.source) for line in statement(world)]


def test_an_account_is_a_recipient_that_is_paid_when_we_say_so(world: StripeDriver) -> None:
    """The platform answers for fees and losses, the vendor's id is kept, and nothing is paid out by itself."""
    reference = account(world)
    opened = world.double.books.of("v2.core.account", reference)
    assert {"vendor_id": str(UUID(int=3))} == opened["metadata"]
    assert ("application", "application") == tuple(
        opened["defaults"]["responsibilities"][name] for name in ("fees_collector", "losses_collector")
    )
    assert "manual" == world.double.books.fate[f"schedule:{reference}"]


def test_an_account_says_what_it_lacks(world: StripeDriver) -> None:
    """What is pressing is listed; what is due some day is not; what Stripe itself holds back is said to be so."""
    reference = world.transfers.open_account(VendorId(UUID(int=3)), country="DE", key="account").reference
    record = world.double.books.of("v2.core.account", reference)
    record["requirements"]["entries"][0]["minimum_deadline"] = {"status": "eventually_due"}
    assert ("identity.individual.given_name",) == world.transfers.read_account(reference).requirements
    record["requirements"]["entries"] = []
    waiting = world.transfers.read_account(reference)
    assert (False, ("payouts is restricted", "stripe_transfers is restricted")) == (waiting.ready, waiting.requirements)
    world.double.finish_onboarding(reference, bank=PAYS)
    record["configuration"]["recipient"]["capabilities"]["stripe_balance"]["payouts"]["status"] = "pending"
    assert ("payouts is pending",) == world.transfers.read_account(reference).requirements
    world.double.finish_onboarding(reference, bank=PAYS)
    record["closed"] = True
    closed = world.transfers.read_account(reference)
    assert (False, ("the account is closed",)) == (closed.ready, closed.requirements)


def test_a_transfer_out_of_a_charge_is_found_by_asking_again(world: StripeDriver) -> None:
    """It belongs to the charge's group; asked for again, even long after Stripe forgot the key, it is the same one."""
    vendor, charge = account(world), str(paid(world).charge)
    first = world.transfers.transfer(vendor, TEN, payout_id=PAYOUT, source=charge, key="transfer")
    assert f"order_{UUID(int=9)}" == world.double.books.of("transfer", first.reference)["transfer_group"]
    world.clock.advance(timedelta(days=3))
    assert first == world.transfers.transfer(vendor, TEN, payout_id=PAYOUT, source=charge, key="transfer")
    assert 1 == len(world.double.books.all("transfer"))
    with pytest.raises(GatewayRefused) as refusal:
        world.transfers.transfer(vendor, TEN * 2, payout_id=PAYOUT, source=charge, key="transfer")
    assert "idempotency_error" == refusal.value.reason


def test_a_payout_is_found_among_many(world: StripeDriver) -> None:
    """Also when more were made since than Stripe lists at once."""
    vendor = account(world)
    world.fund(HUNDRED)
    world.transfers.transfer(vendor, HUNDRED, payout_id=PAYOUT, key="transfer")
    cent = Money(1, EUR)
    first = world.transfers.pay_out(vendor, cent, payout_id=PAYOUT, key="payout")
    for number in range(100, 205):
        world.transfers.pay_out(vendor, cent, payout_id=PayoutId(UUID(int=number)), key=f"payout:{number}")
    assert first == world.transfers.find_payout(vendor, PAYOUT)


def test_a_payout_that_was_called_back_has_failed(world: StripeDriver) -> None:
    """Whoever cancels a payout at Stripe has it fail here, with that word."""
    vendor = account(world)
    world.fund(TEN)
    world.transfers.transfer(vendor, TEN, payout_id=PAYOUT, key="transfer")
    made = world.transfers.pay_out(vendor, TEN, payout_id=PAYOUT, key="payout")
    world.double.books.things[made.reference]["status"] = "canceled"
    after = world.transfers.read_payout(vendor, made.reference)
    assert (GatewayPayoutStatus.FAILED, "canceled") == (after.status, after.failure)


def test_a_status_that_nobody_knows_is_no_reason_to_guess(world: StripeDriver) -> None:
    """A newer API may have other words; that is said aloud."""
    payment = paid(world, ACTION)
    world.double.books.things[payment.reference]["status"] = "requires_magic"
    with pytest.raises(Invalid):
        world.payments.read_payment(payment.reference)
    assert world.double.wrong or world.double.contract is None
    world.double.wrong.clear()
