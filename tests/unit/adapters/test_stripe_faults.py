"""Whatever goes wrong on the way to Stripe: it is told whether something was done, and after the look-up nothing is doubled."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import attrs
import pytest
from tests.doubles.stripe.charging import APPROVED
from tests.doubles.stripe.connecting import PAYS
from tests.doubles.stripe.double import SECRET_KEY
from tests.doubles.stripe.driver import StripeDriver, stripe_world
from tests.doubles.stripe.faults import Fault

from quarterturn_adapters.stripe import Access, Client, StripePayments
from quarterturn_domain.kernel.currency import EUR
from quarterturn_domain.kernel.errors import NotFound, Unavailable
from quarterturn_domain.kernel.ids import OrderId, PaymentId, PayoutId, RefundId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import GatewayPayment, GatewayRefused, OutcomeUnknown, PaymentRequest
from quarterturn_domain.payments.payment import CaptureMethod, PaymentStatus
from quarterturn_domain.payouts.gateway import reversed_to

HUNDRED: Final = Money.of("100.00", EUR)
SIXTY: Final = Money.of("60.00", EUR)
PAYMENT: Final = PaymentId(UUID(int=1))
REFUND: Final = RefundId(UUID(int=2))
PAYOUT: Final = PayoutId(UUID(int=3))
BEFORE: Final = PayoutId(UUID(int=4))
VENDOR: Final = VendorId(UUID(int=5))

NOTHING_DONE: Final = {Fault.TOO_MANY, Fault.LOCKED, Fault.UNAUTHORIZED}
SLOW: Final = {Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER}


@attrs.frozen
class Act:
    """Something that changes Stripe: how the world is before it, the request that goes wrong, and what is done, at first and again.

    `again` is what the use cases do after an unknown outcome: they look it up, and ask under the same key for what is not there.
    """

    path: str
    before: Callable[[StripeDriver], Any]
    do: Callable[[StripeDriver, Any], Any]
    again: Callable[[StripeDriver, Any], Any]


def ask(capture: CaptureMethod = CaptureMethod.AUTOMATIC, method: str | None = APPROVED) -> PaymentRequest:
    """A request of 100.00 EUR."""
    return PaymentRequest(PAYMENT, OrderId(UUID(int=9)), HUNDRED, capture, method)


def opened(world: StripeDriver, request: PaymentRequest) -> GatewayPayment:
    """A payment that was opened without trouble."""
    return world.payments.open_payment(request, key="open")


def account(world: StripeDriver) -> str:
    """A connected account that lacks nothing."""
    reference = world.transfers.open_account(VENDOR, country="DE", key="account").reference
    world.double.finish_onboarding(reference, bank=PAYS)
    return reference


def funded(world: StripeDriver) -> str:
    """The same, with 100.00 EUR at the platform."""
    world.fund(HUNDRED)
    return account(world)


def transferred(world: StripeDriver) -> str:
    """The same, with the 100.00 EUR at the account."""
    destination = funded(world)
    world.transfers.transfer(destination, HUNDRED, payout_id=BEFORE, key="before")
    return destination


def stood_at(status: PaymentStatus, act: Callable[[StripeDriver, Any], Any]) -> Callable[[StripeDriver, Any], Any]:
    """Read the payment, and do it again only if it still stands there."""

    def again(world: StripeDriver, payment: GatewayPayment) -> Any:  # noqa: ANN401 -- whatever the act gives
        truth = world.payments.read_payment(payment.reference)
        return act(world, payment) if truth.status is status else truth

    return again


def confirm(world: StripeDriver, payment: GatewayPayment) -> GatewayPayment:
    """Try the payment."""
    return world.payments.confirm_payment(payment.reference, APPROVED, key="confirm")


def capture(world: StripeDriver, payment: GatewayPayment) -> GatewayPayment:
    """Take a part of the payment."""
    return world.payments.capture_payment(payment.reference, SIXTY, key="capture")


def cancel(world: StripeDriver, payment: GatewayPayment) -> GatewayPayment:
    """Give the payment up."""
    return world.payments.cancel_payment(payment.reference, key="cancel")


def refund(world: StripeDriver, payment: GatewayPayment) -> Any:  # noqa: ANN401 -- whatever the act gives
    """Give a part of the payment back."""
    return world.payments.refund_payment(payment.reference, SIXTY, refund_id=REFUND, key="refund")


def transfer(world: StripeDriver, destination: str) -> Any:  # noqa: ANN401 -- whatever the act gives
    """Move a part of what there is."""
    return world.transfers.transfer(destination, SIXTY, payout_id=PAYOUT, key="transfer")


def reverse(world: StripeDriver, _: str) -> Any:  # noqa: ANN401 -- whatever the act gives
    """Take a part back."""
    return reversed_to(world.transfers, BEFORE, SIXTY)


def pay_out(world: StripeDriver, destination: str) -> Any:  # noqa: ANN401 -- whatever the act gives
    """Pay a part out."""
    return world.transfers.pay_out(destination, SIXTY, payout_id=PAYOUT, key="payout")


def open_account(world: StripeDriver, _: object) -> Any:  # noqa: ANN401 -- whatever the act gives
    """Open an account."""
    return world.transfers.open_account(VENDOR, country="DE", key="account")


ACTS: Final = {
    "open a payment": Act(
        "/v1/payment_intents",
        lambda _: None,
        lambda world, _: opened(world, ask()),
        lambda world, _: world.payments.find_payment(PAYMENT) or opened(world, ask()),
    ),
    "confirm": Act(
        "/v1/payment_intents/.*/confirm",
        lambda world: opened(world, ask(method=None)),
        confirm,
        stood_at(PaymentStatus.REQUIRES_PAYMENT, confirm),
    ),
    "capture": Act(
        "/v1/payment_intents/.*/capture",
        lambda world: opened(world, ask(CaptureMethod.MANUAL)),
        capture,
        stood_at(PaymentStatus.AUTHORIZED, capture),
    ),
    "cancel": Act(
        "/v1/payment_intents/.*/cancel",
        lambda world: opened(world, ask(CaptureMethod.MANUAL)),
        cancel,
        stood_at(PaymentStatus.AUTHORIZED, cancel),
    ),
    "refund": Act(
        "/v1/refunds",
        lambda world: opened(world, ask()),
        refund,
        lambda world, payment: world.payments.find_refund(payment.reference, REFUND) or refund(world, payment),
    ),
    "transfer": Act(
        "/v1/transfers",
        funded,
        transfer,
        lambda world, destination: world.transfers.find_transfer(PAYOUT) or transfer(world, destination),
    ),
    "reverse": Act("/v1/transfers/.*/reversals", transferred, reverse, reverse),
    "pay out": Act(
        "/v1/payouts",
        transferred,
        pay_out,
        lambda world, destination: world.transfers.find_payout(destination, PAYOUT) or pay_out(world, destination),
    ),
    "open an account": Act("/v2/core/accounts", lambda _: None, open_account, open_account),
    "settle how an account is paid out": Act("/v1/balance_settings", lambda _: None, open_account, open_account),
}


@pytest.fixture
def world() -> Iterator[StripeDriver]:
    """A double whose answers are waited for only shortly."""
    with stripe_world() as driver:
        yield driver


def seen(world: StripeDriver) -> tuple[Any, ...]:
    """All that a doubled act would show: how many of each kind there are, what was told, and every balance."""
    books = world.double.books
    accounts = sorted(name for name, thing in books.things.items() if thing["object"] == "v2.core.account")
    return (
        Counter(thing["object"] for thing in books.things.values()),
        Counter(event["type"] for event in books.events),
        [books.balance(holder, "eur") for holder in ("", *accounts)],
        [books.balance(holder, "eur", available=True) for holder in ("", *accounts)],
    )


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in {*SLOW, Fault.ERROR_INSTEAD}])
@pytest.mark.parametrize("name", ACTS)
def test_after_a_fault_everything_is_done_once(name: str, fault: Fault, world: StripeDriver) -> None:
    """The fault is told as what it is, and looked up and asked for again, the act was done exactly once."""
    act = ACTS[name]
    with stripe_world() as undisturbed:
        act.do(undisturbed, act.before(undisturbed))
        expected = seen(undisturbed)
    before = act.before(world)
    world.double.faults.plan("POST", act.path, fault)
    with pytest.raises(Unavailable) as refusal:
        act.do(world, before)
    # Where an account is opened already, the second step's failure leaves something behind.
    done_in_part = act.path == "/v1/balance_settings"
    assert isinstance(refusal.value, OutcomeUnknown) is (fault not in NOTHING_DONE or done_in_part)
    act.again(world, before)
    assert expected == seen(world)


@pytest.mark.parametrize("name", ACTS)
def test_an_error_instead_of_the_work_is_got_over(name: str, world: StripeDriver) -> None:
    """Stripe keeps an error under its key: asked again it is still unknown, and when the key is forgotten it is done, once."""
    act = ACTS[name]
    with stripe_world() as undisturbed:
        act.do(undisturbed, act.before(undisturbed))
        undisturbed.clock.advance(timedelta(hours=25))
        expected = seen(undisturbed)
    before = act.before(world)
    world.double.faults.plan("POST", act.path, Fault.ERROR_INSTEAD)
    with pytest.raises(OutcomeUnknown):
        act.do(world, before)
    with suppress(OutcomeUnknown):
        act.again(world, before)
    world.clock.advance(timedelta(hours=25))
    act.again(world, before)
    assert expected == seen(world)


@pytest.mark.parametrize("fault", sorted(SLOW))
def test_a_timeout_is_an_unknown_outcome(fault: Fault) -> None:
    """Nobody answers in time, before the work or after it; looked up and asked for again it was done once."""
    act = ACTS["open a payment"]
    with stripe_world(answer_seconds=0.2) as world:
        world.double.faults.plan("POST", act.path, fault)
        with pytest.raises(OutcomeUnknown):
            act.do(world, None)
        found = world.payments.find_payment(PAYMENT)
        assert (found is not None) is fault.does_it
        assert PaymentStatus.CAPTURED is act.again(world, None).status
        assert 1 == len(world.double.books.all("charge"))


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER, Fault.DROPPED_AFTER, Fault.DROPPED_BEFORE])
def test_an_error_stays_an_error_until_it_is_looked_up(fault: Fault, world: StripeDriver) -> None:
    """Asked blindly under the same key, an error that Stripe keeps comes again; nothing is ever done twice."""
    world.double.faults.plan("POST", "/v1/payment_intents", fault)
    for _ in range(2):
        with suppress(OutcomeUnknown):
            opened(world, ask())
    found = world.payments.find_payment(PAYMENT)
    assert found is not None
    assert found.captured - found.fee == world.balance()
    assert 1 == len(world.double.books.all("payment_intent"))


def test_a_server_that_is_not_there_did_nothing(world: StripeDriver) -> None:
    """A connection that was never made is `Unavailable` and no unknown outcome, for changes and for reads."""
    # Nobody listens there: the port was given back.
    with stripe_world() as gone:
        address = gone.double.url
    client = Client(Access(secret_key=SECRET_KEY, api_base=address))
    payments = StripePayments(client, world.clock)
    calls: list[Callable[[], object]] = [
        lambda: payments.open_payment(ask(), key="open"),
        lambda: payments.read_payment("pi_1"),
    ]
    for call in calls:
        with pytest.raises(Unavailable) as refusal:
            call()
        assert not isinstance(refusal.value, OutcomeUnknown)
    client.close()


def test_how_long_to_wait_is_passed_on(world: StripeDriver) -> None:
    """Where Stripe says when to ask again, so does the refusal."""
    world.double.faults.plan("POST", "/v1/payment_intents", Fault.TOO_MANY)
    with pytest.raises(Unavailable) as refusal:
        opened(world, ask())
    assert 2 == refusal.value.retry_after_seconds


@pytest.mark.parametrize(("times", "expected"), [(1, None), (2, Unavailable)])
def test_a_read_is_asked_twice(times: int, expected: type[Unavailable] | None, world: StripeDriver) -> None:
    """A connection that breaks once while reading is not noticed; one that breaks twice is `Unavailable`."""
    payment = opened(world, ask())
    world.double.faults.plan("GET", "/v1/payment_intents/.*", Fault.DROPPED_AFTER, times)
    if expected is None:
        assert payment == world.payments.read_payment(payment.reference)
        return
    with pytest.raises(expected) as refusal:
        world.payments.read_payment(payment.reference)
    assert not isinstance(refusal.value, OutcomeUnknown)


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.TOO_MANY, Fault.GARBLED_AFTER, Fault.UNAUTHORIZED])
def test_a_read_that_fails_is_no_unknown_outcome(fault: Fault, world: StripeDriver) -> None:
    """Reading changes nothing, whatever becomes of it."""
    payment = opened(world, ask())
    world.double.faults.plan("GET", "/v1/payment_intents/.*", fault)
    with pytest.raises(Unavailable) as refusal:
        world.payments.read_payment(payment.reference)
    assert not isinstance(refusal.value, OutcomeUnknown)


def test_what_belongs_to_somebody_else_is_not_found(world: StripeDriver) -> None:
    """An account that is not the platform's is answered with 403, which is not about the key."""
    with pytest.raises(NotFound):
        world.transfers.read_payout("acct_of_others", "po_1")


def test_no_secret_is_logged_or_shown(world: StripeDriver, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the key, nor the webhooks' secrets, nor a client's secret is in a log of any level or in a representation."""
    caplog.set_level(logging.DEBUG)
    payment = opened(world, ask())
    world.double.faults.plan("POST", "/v1/payment_intents", Fault.UNAUTHORIZED)
    with pytest.raises(Unavailable) as refusal:
        world.payments.open_payment(ask(), key="another")
    assert payment.client_secret is not None
    shown = (
        f"{caplog.text} {world.client!r} {world.client.access!r} {world.payments!r} {refusal.value!r} {refusal.value.__cause__!r}"
    )
    for secret in (SECRET_KEY, payment.client_secret, *world.double.secrets):
        assert secret not in shown


def test_a_refused_transfer_says_why(world: StripeDriver) -> None:
    """Stripe's code is the reason, its sentence the sentence."""
    with pytest.raises(GatewayRefused) as refusal:
        world.transfers.transfer(account(world), SIXTY, payout_id=PAYOUT, key="transfer")
    assert "balance_insufficient" == refusal.value.reason
    assert "insufficient" in refusal.value.message
