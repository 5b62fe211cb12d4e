"""The contract of the payment gateway: every promise of the port as a test."""

# ruff: noqa: FBT001 -- cases are parameters

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Final
from uuid import UUID

import attrs
import pytest

from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import Forbidden, NotFound, Unavailable
from quarterturn_domain.kernel.ids import OrderId, PaymentId, RefundId
from quarterturn_domain.kernel.money import Money, total
from quarterturn_domain.payments.dispute import DisputeStatus
from quarterturn_domain.payments.gateway import (
    GatewayPayment,
    GatewayRefundStatus,
    GatewayRefused,
    HintKind,
    LineKind,
    OutcomeUnknown,
    PaymentGateway,
    PaymentRequest,
    StatementLine,
)
from quarterturn_domain.payments.payment import CaptureMethod, PaymentStatus
from quarterturn_domain.testing.contracts.gateways.drivers import Means, PaymentDriver

TEN: Final = Money.of("10.00", EUR)
SIXTY: Final = Money.of("60.00", EUR)
HUNDRED: Final = Money.of("100.00", EUR)
CENT: Final = Money(1, EUR)
NOTHING: Final = Money.zero(EUR)

_NUMBERS: Final = count(1)


class PaymentGatewayContract:
    """Every promise of `PaymentGateway`; both fixtures are the subclass's to give, new for every test."""

    @pytest.fixture
    def driver(self) -> PaymentDriver:
        """The world around a provider that nobody has used yet."""
        raise NotImplementedError

    @pytest.fixture
    def gateway(self, driver: PaymentDriver) -> PaymentGateway:
        """The gateway to the provider that `driver` drives."""
        raise NotImplementedError

    def test_a_payment_without_a_method_waits_for_one(self, gateway: PaymentGateway) -> None:
        """A new payment has our id and amount, nothing captured, and a secret that stays out of its representation."""
        request = ask()
        payment = gateway.open_payment(request, key="open")
        assert (PaymentStatus.REQUIRES_PAYMENT, request.payment_id, HUNDRED, NOTHING) == _told(payment)
        assert payment.client_secret
        assert payment.client_secret not in repr(payment)

    def test_an_approved_payment_is_captured_with_its_fee(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """With a method it is tried at once; what is captured less the fee reaches the platform's balance."""
        payment = paid(gateway, driver)
        assert (PaymentStatus.CAPTURED, payment.payment_id, HUNDRED, HUNDRED) == _told(payment)
        assert payment.charge is not None
        assert payment.captured - payment.fee == driver.balance()
        assert payment == gateway.read_payment(payment.reference)

    def test_opening_twice_is_opening_once(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """The same key and request give the first answer again, and no second payment."""
        request = ask(driver.means(Means.APPROVED))
        first = gateway.open_payment(request, key="open")
        assert first == gateway.open_payment(request, key="open")
        assert 1 == len(_lines(gateway, driver))

    def test_a_key_belongs_to_one_request(self, gateway: PaymentGateway) -> None:
        """The same key with other parameters is refused as `idempotency_error`, and changes nothing."""
        request = ask()
        payment = gateway.open_payment(request, key="open")
        with pytest.raises(GatewayRefused) as refusal:
            gateway.open_payment(attrs.evolve(request, amount=SIXTY), key="open")
        assert "idempotency_error" == refusal.value.reason
        assert payment == gateway.read_payment(payment.reference)

    def test_a_decline_is_a_state(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """A declined payment is `failed` with a reason, no error; another method may succeed."""
        declined = gateway.open_payment(ask(driver.means(Means.DECLINED)), key="open")
        assert PaymentStatus.FAILED is declined.status
        assert declined.failure
        assert not declined.captured
        again = gateway.confirm_payment(declined.reference, driver.means(Means.APPROVED), key="confirm:2")
        assert (PaymentStatus.CAPTURED, None) == (again.status, again.failure)

    @pytest.mark.parametrize(("succeed", "status"), [(True, PaymentStatus.CAPTURED), (False, PaymentStatus.FAILED)])
    def test_an_action_is_asked_for(
        self,
        gateway: PaymentGateway,
        driver: PaymentDriver,
        succeed: bool,
        status: PaymentStatus,
    ) -> None:
        """Where the bank wants more from the customer, the payment says so and goes on when the customer has done it."""
        waiting = gateway.open_payment(ask(driver.means(Means.ACTION_REQUIRED)), key="open")
        assert (PaymentStatus.REQUIRES_PAYMENT, True) == (waiting.status, waiting.action_required)
        driver.authenticate(waiting.reference, succeed=succeed)
        after = gateway.read_payment(waiting.reference)
        assert (status, False) == (after.status, after.action_required)

    def test_a_late_success_is_processing_first(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """A slow method leaves the payment `processing`, with nothing captured, until it has arrived."""
        slow = gateway.open_payment(ask(driver.means(Means.LATE_SUCCESS)), key="open")
        assert (PaymentStatus.PROCESSING, NOTHING) == (slow.status, slow.captured)
        driver.settle()
        assert PaymentStatus.CAPTURED is gateway.read_payment(slow.reference).status

    @pytest.mark.parametrize("amount", [HUNDRED, SIXTY], ids=str)
    def test_a_capture_takes_once(self, gateway: PaymentGateway, driver: PaymentDriver, amount: Money) -> None:
        """An authorised payment is captured whole or in part, once: the rest is let go."""
        held = paid(gateway, driver, capture_method=CaptureMethod.MANUAL)
        assert (PaymentStatus.AUTHORIZED, NOTHING) == (held.status, held.captured)
        taken = gateway.capture_payment(held.reference, amount, key="capture")
        assert (PaymentStatus.CAPTURED, amount) == (taken.status, taken.captured)
        assert taken == gateway.capture_payment(held.reference, amount, key="capture")
        with pytest.raises(GatewayRefused):
            gateway.capture_payment(held.reference, CENT, key="capture more")
        assert taken.captured - taken.fee == driver.balance()

    def test_a_capture_is_bounded(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """More than was authorised cannot be captured."""
        held = paid(gateway, driver, capture_method=CaptureMethod.MANUAL)
        with pytest.raises(GatewayRefused):
            gateway.capture_payment(held.reference, HUNDRED + CENT, key="capture")
        assert PaymentStatus.AUTHORIZED is gateway.read_payment(held.reference).status

    def test_an_authorisation_is_captured_in_parts_where_it_can_be(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """It stays `authorized` while more may be captured; where it cannot be, a capture that is not the last takes nothing."""
        held = paid(gateway, driver, capture_method=CaptureMethod.PER_PARCEL)
        assert (PaymentStatus.AUTHORIZED, NOTHING) == (held.status, held.captured)
        if not held.multicapture:
            with pytest.raises(GatewayRefused):
                gateway.capture_payment(held.reference, SIXTY, key="capture:1", final=False)
            assert held == gateway.read_payment(held.reference)
            return
        first = gateway.capture_payment(held.reference, SIXTY, key="capture:1", final=False)
        assert (PaymentStatus.AUTHORIZED, SIXTY) == (first.status, first.captured)
        assert first == gateway.capture_payment(held.reference, SIXTY, key="capture:1", final=False)
        with pytest.raises(GatewayRefused):
            gateway.capture_payment(held.reference, HUNDRED - SIXTY + CENT, key="capture:2", final=False)
        with pytest.raises(GatewayRefused):
            gateway.cancel_payment(held.reference, key="cancel")
        second = gateway.capture_payment(held.reference, TEN, key="capture:3", final=False)
        assert second == gateway.read_payment(held.reference)
        last = gateway.capture_payment(held.reference, HUNDRED - SIXTY - TEN, key="capture:4")
        assert (PaymentStatus.CAPTURED, HUNDRED) == (last.status, last.captured)
        assert last.captured - last.fee == driver.balance()
        lines = [line for line in _lines(gateway, driver) if line.kind is LineKind.CHARGE]
        assert [SIXTY, TEN, HUNDRED - SIXTY - TEN] == [line.amount for line in lines]
        assert {held.charge} == {line.source for line in lines}
        assert last.fee == total((line.fee for line in lines), EUR)

    def test_what_was_captured_in_parts_can_go_back_before_the_rest(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """Refunds are bounded by what was captured so far; a last capture of nothing lets the rest go."""
        held = paid(gateway, driver, capture_method=CaptureMethod.PER_PARCEL)
        with pytest.raises(GatewayRefused):
            gateway.refund_payment(held.reference, CENT, refund_id=RefundId(an_id()), key="refund:1")
        with pytest.raises(GatewayRefused):
            gateway.capture_payment(held.reference, NOTHING, key="capture:0")
        part = gateway.capture_payment(held.reference, SIXTY, key="capture:1", final=not held.multicapture)
        gateway.refund_payment(held.reference, TEN, refund_id=RefundId(an_id()), key="refund:2")
        with pytest.raises(GatewayRefused):
            gateway.refund_payment(held.reference, SIXTY - TEN + CENT, refund_id=RefundId(an_id()), key="refund:3")
        if part.multicapture:
            assert PaymentStatus.AUTHORIZED is gateway.read_payment(held.reference).status
            gateway.capture_payment(held.reference, NOTHING, key="capture:2")
        after = gateway.read_payment(held.reference)
        assert (PaymentStatus.PARTIALLY_REFUNDED, SIXTY) == (after.status, after.captured)
        assert SIXTY - TEN - after.fee == driver.balance()

    def test_only_what_asks_for_it_is_captured_in_parts(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """What is captured by hand is captured once."""
        held = paid(gateway, driver, capture_method=CaptureMethod.MANUAL)
        assert not held.multicapture
        with pytest.raises(GatewayRefused):
            gateway.capture_payment(held.reference, SIXTY, key="capture", final=False)

    def test_a_cancelled_payment_stays_cancelled(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """What was not captured can be given up; then it can be neither tried nor captured."""
        held = paid(gateway, driver, capture_method=CaptureMethod.MANUAL)
        assert PaymentStatus.CANCELLED is gateway.cancel_payment(held.reference, key="cancel").status
        with pytest.raises(GatewayRefused):
            gateway.capture_payment(held.reference, HUNDRED, key="capture")
        with pytest.raises(GatewayRefused):
            gateway.confirm_payment(held.reference, driver.means(Means.APPROVED), key="confirm")

    def test_a_captured_payment_cannot_be_cancelled(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """What has arrived is refunded, not cancelled."""
        payment = paid(gateway, driver)
        with pytest.raises(GatewayRefused):
            gateway.cancel_payment(payment.reference, key="cancel")

    def test_a_lost_answer_is_found(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """After an unknown outcome the payment that was made is found under our id, and asked for again it is the same."""
        request = ask(driver.means(Means.APPROVED))
        driver.lose_answer("open_payment")
        with pytest.raises(OutcomeUnknown):
            gateway.open_payment(request, key="open")
        found = gateway.find_payment(request.payment_id)
        assert found is not None
        assert PaymentStatus.CAPTURED is found.status
        assert found == gateway.open_payment(request, key="open")

    def test_a_lost_request_left_nothing(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """After an unknown outcome that did nothing, nothing is found, and the same key may be used again."""
        request = ask(driver.means(Means.APPROVED))
        driver.lose_request("open_payment")
        with pytest.raises(OutcomeUnknown):
            gateway.open_payment(request, key="open")
        assert gateway.find_payment(request.payment_id) is None
        assert PaymentStatus.CAPTURED is gateway.open_payment(request, key="open").status

    def test_unavailable_did_nothing(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """`Unavailable` that is no `OutcomeUnknown` has done nothing."""
        request = ask(driver.means(Means.APPROVED))
        driver.refuse_service("open_payment")
        with pytest.raises(Unavailable) as refusal:
            gateway.open_payment(request, key="open")
        assert not isinstance(refusal.value, OutcomeUnknown)
        assert gateway.find_payment(request.payment_id) is None

    def test_refunds_are_bounded(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """Refunds in parts end where what was captured ends, and the payment says how far they have come."""
        payment = paid(gateway, driver)
        assert SIXTY == gateway.refund_payment(payment.reference, SIXTY, refund_id=RefundId(an_id()), key="refund:1").amount
        assert PaymentStatus.PARTIALLY_REFUNDED is gateway.read_payment(payment.reference).status
        with pytest.raises(GatewayRefused):
            gateway.refund_payment(payment.reference, HUNDRED - SIXTY + CENT, refund_id=RefundId(an_id()), key="refund:2")
        gateway.refund_payment(payment.reference, HUNDRED - SIXTY, refund_id=RefundId(an_id()), key="refund:3")
        assert PaymentStatus.REFUNDED is gateway.read_payment(payment.reference).status
        with pytest.raises(GatewayRefused):
            gateway.refund_payment(payment.reference, CENT, refund_id=RefundId(an_id()), key="refund:4")
        assert -payment.fee == driver.balance()

    def test_refunding_twice_is_refunding_once(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """The same key gives the same refund; a lost answer is found under our id."""
        payment, refund_id = paid(gateway, driver), RefundId(an_id())
        driver.lose_answer("refund_payment")
        with pytest.raises(OutcomeUnknown):
            gateway.refund_payment(payment.reference, TEN, refund_id=refund_id, key="refund")
        found = gateway.find_refund(payment.reference, refund_id)
        assert found is not None
        assert found == gateway.refund_payment(payment.reference, TEN, refund_id=refund_id, key="refund")
        assert found == gateway.read_refund(found.reference)
        assert gateway.find_refund(payment.reference, RefundId(an_id())) is None
        assert payment.captured - payment.fee - TEN == driver.balance()

    def test_a_late_refund_is_pending_first(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """A refund that takes its time is `pending`, then `succeeded`."""
        payment = paid(gateway, driver, Means.LATE_REFUND)
        refund = gateway.refund_payment(payment.reference, TEN, refund_id=RefundId(an_id()), key="refund")
        assert GatewayRefundStatus.PENDING is refund.status
        driver.settle()
        assert GatewayRefundStatus.SUCCEEDED is gateway.read_refund(refund.reference).status

    @pytest.mark.parametrize("won", [True, False], ids=["won", "lost"])
    def test_a_dispute_takes_the_money_until_it_is_won(self, gateway: PaymentGateway, driver: PaymentDriver, won: bool) -> None:
        """A dispute takes its amount and fee, forbids refunds while it is open, and gives back what it says when it is won."""
        payment = paid(gateway, driver)
        opened = gateway.read_dispute(driver.open_dispute(payment.reference))
        assert (payment.reference, DisputeStatus.OPEN, HUNDRED) == (opened.payment_reference, opened.status, opened.amount)
        assert PaymentStatus.DISPUTED is gateway.read_payment(payment.reference).status
        assert -payment.fee - opened.fee == driver.balance()
        with pytest.raises(GatewayRefused):
            gateway.refund_payment(payment.reference, TEN, refund_id=RefundId(an_id()), key="refund")
        driver.close_dispute(opened.reference, won=won)
        closed = gateway.read_dispute(opened.reference)
        assert (DisputeStatus.WON if won else DisputeStatus.LOST) is closed.status
        back = HUNDRED + closed.fee_returned if won else NOTHING
        assert back - payment.fee - opened.fee == driver.balance()
        if won:
            assert PaymentStatus.CAPTURED is gateway.read_payment(payment.reference).status

    def test_the_statement_sums_to_the_balance(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """What every line changed the balance by is the balance; pages of one line are the whole statement, oldest first."""
        payment = paid(gateway, driver)
        refund = gateway.refund_payment(payment.reference, TEN, refund_id=RefundId(an_id()), key="refund")
        dispute = driver.open_dispute(paid(gateway, driver).reference)
        driver.close_dispute(dispute, won=True)
        lines = _lines(gateway, driver)
        assert total((line.net for line in lines), EUR) == driver.balance()
        assert [
            LineKind.CHARGE,
            LineKind.REFUND,
            LineKind.CHARGE,
            LineKind.DISPUTE,
            LineKind.DISPUTE_REVERSAL,
        ] == [line.kind for line in lines]
        assert [payment.charge, refund.reference] == [line.source for line in lines[:2]]
        assert (payment.captured, payment.fee) == (lines[0].amount, lines[0].fee)
        assert lines == _lines(gateway, driver, limit=1)
        assert all(line.at <= line.available_at for line in lines)
        assert () == tuple(gateway.statement(lines[-1].at + timedelta(seconds=1), driver.now() + timedelta(days=1)))

    def test_what_is_not_there_is_not_found(self, gateway: PaymentGateway) -> None:
        """Reading an unknown reference is `NotFound`; looking for an unknown id is None."""
        for read in (gateway.read_payment, gateway.read_refund, gateway.read_dispute):
            with pytest.raises(NotFound):
                read("unknown")
        assert gateway.find_payment(PaymentId(an_id())) is None

    def test_a_genuine_webhook_names_what_to_read(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """A webhook about a payment names it, whatever the case of its headers' names."""
        payment = paid(gateway, driver)
        headers, body = driver.webhook(payment.reference, at=driver.now())
        hint = gateway.hint(headers, body, at=driver.now())
        assert (HintKind.PAYMENT, payment.reference) == (hint.kind, hint.reference)
        assert hint.event_id
        assert hint == gateway.hint({name.lower(): value for name, value in headers.items()}, body, at=driver.now())

    def test_a_false_webhook_is_forbidden(self, gateway: PaymentGateway, driver: PaymentDriver) -> None:
        """A body that was changed, a signature that is missing, too old or from the future: `Forbidden`."""
        payment = paid(gateway, driver)
        now = driver.now()
        headers, body = driver.webhook(payment.reference, at=now)
        old, new = (driver.webhook(payment.reference, at=now + by) for by in (-timedelta(minutes=10), timedelta(minutes=10)))
        for false, said in ((headers, body + b" "), ({}, body), (headers, body.replace(b"payment", b"refund_")), old, new):
            with pytest.raises(Forbidden):
                gateway.hint(false, said, at=now)


def ask(method: str | None = None, *, capture_method: CaptureMethod = CaptureMethod.AUTOMATIC) -> PaymentRequest:
    """A request of 100.00 EUR under ids that were never used."""
    return PaymentRequest(PaymentId(an_id()), OrderId(an_id()), HUNDRED, capture_method, method)


def paid(
    gateway: PaymentGateway,
    driver: PaymentDriver,
    means: Means = Means.APPROVED,
    *,
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC,
) -> GatewayPayment:
    """A payment of 100.00 EUR that was tried with a method that approves it."""
    request = ask(driver.means(means), capture_method=capture_method)
    return gateway.open_payment(request, key=f"open:{request.payment_id}")


def _told(payment: GatewayPayment) -> tuple[PaymentStatus, PaymentId | None, Money, Money]:
    return payment.status, payment.payment_id, payment.amount, payment.captured


def _lines(gateway: PaymentGateway, driver: PaymentDriver, *, limit: int = 100) -> list[StatementLine]:
    """The whole statement, page by page."""
    lines: list[StatementLine] = []
    since, until = driver.now() - timedelta(days=400), driver.now() + timedelta(seconds=1)
    while page := gateway.statement(since, until, after=lines[-1].reference if lines else None, limit=limit):
        lines += page
    return lines


def an_id() -> UUID:
    """An id that was not given before, the same ones in every run."""
    return UUID(int=next(_NUMBERS))
