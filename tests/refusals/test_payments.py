"""Every no of payments in one table: what has happened, what was tried, and which refusal it got; and a refusal leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

import pytest
from tests.unit.ordering.shops import BASKET, after, euro, facts

from quarterturn_domain.kernel.currency import JPY
from quarterturn_domain.kernel.errors import Conflict, DomainError, Invalid, NotFound, granted
from quarterturn_domain.kernel.ids import AccountId, OrderId, PaymentId, RefundId
from quarterturn_domain.kernel.machine import InvalidTransition
from quarterturn_domain.kernel.money import CurrencyMismatch, Money
from quarterturn_domain.payments.gateway import GatewayRefused
from quarterturn_domain.payments.owing import NothingToRefund
from quarterturn_domain.payments.payment import CaptureMethod
from quarterturn_domain.payments.refunding import RefundLine, RequestRefund
from quarterturn_domain.payments.taking import ConfirmPayment, NotAwaitingPayment, SettleAuthorization, StartPayment
from quarterturn_domain.pricing.split import RefundTooLarge
from quarterturn_domain.testing.contracts.gateways.drivers import Means
from quarterturn_domain.testing.lives import LivingShop
from quarterturn_domain.testing.strategies.lives import Cancel, Dispute, Onward, Pass, Refund, Settle, Start, Step, Work

Try: TypeAlias = Callable[[LivingShop], object]
Row: TypeAlias = tuple[str, tuple[Step, ...], Try, Callable[[LivingShop], DomainError]]

NOBODY: Final = UUID(int=0xFFFF)
WAITING: Final[tuple[Step, ...]] = (BASKET,)
PAID: Final[tuple[Step, ...]] = (BASKET, Onward(0))
OPENED: Final[tuple[Step, ...]] = (BASKET, Start(0))
AUTHORIZED: Final[tuple[Step, ...]] = (BASKET, Start(0, Means.APPROVED, manual=True))


def start(order: UUID | None = None, **more: Any) -> Try:
    """Open a payment."""

    def act(living: LivingShop) -> object:
        given: dict[str, Any] = {"payment_id": PaymentId(UUID(int=0xA1)), **more}
        order_id = OrderId(order) if order is not None else living.orders[0]
        return granted(living.shop.start_payments([StartPayment(order_id=order_id, at=living.now, **given)])[0])

    return act


def start_again(living: LivingShop) -> object:
    """The first payment, to be captured in another way."""
    return start(payment_id=living.payments[0], capture_method=CaptureMethod.MANUAL)(living)


def confirm(method: str = "card_approved", payment: UUID | None = None) -> Try:
    """Try a payment."""
    return lambda living: living.shop.confirm_payments(
        ConfirmPayment(payment_id=PaymentId(payment or living.payments[0]), method=method)
    )


def settle(act: str, payment: UUID | None = None) -> Try:
    """Capture or cancel."""
    return lambda living: living.shop.settle_authorizations(
        SettleAuthorization(payment_id=PaymentId(payment or living.payments[0]), act=act)
    )


def refund(
    *lines: RefundLine, order: UUID | None = None, number: int = 0xE1, reason: str = "late", amount: Money | None = None
) -> Try:
    """Owe money."""
    return lambda living: living.shop.request_refunds(
        RequestRefund(
            refund_id=RefundId(UUID(int=number)),
            order_id=OrderId(order or living.orders[0]),
            lines=lines,
            amount=amount,
            reason=reason,
            at=living.now,
        )
    )


def first(act: Callable[[LivingShop], Any]) -> Try:
    """The one outcome of a batch of one."""
    return lambda living: granted(act(living)[0])


def said(refusal: DomainError) -> Callable[[LivingShop], DomainError]:
    """A refusal that names nothing of this one shop."""
    return lambda _: refusal


def nothing(reason: str) -> Callable[[LivingShop], DomainError]:
    """The order cannot be refunded."""
    return lambda living: NothingToRefund(living.orders[0], reason)


def waiting_no_more(state: str) -> Callable[[LivingShop], DomainError]:
    """The order is not waiting for money."""
    return lambda living: NotAwaitingPayment(living.orders[0], state)


def unexpected(what: str) -> Callable[[LivingShop], DomainError]:
    """The provider says that the payment is elsewhere."""
    return said(GatewayRefused("payment_unexpected_state", what))


NO_PAYMENT: Final = said(NotFound("payment", str(NOBODY)))
GONE: Final = "no payment for it has arrived, or all of it went back"
ONLY_AUTHORIZED: Final = "its payment is only authorised; cancel units, or capture it first"
DISPUTED: Final = "the customer's bank has taken the payment back; the dispute decides"

TAKING: Final[list[Row]] = [
    ("for no order", WAITING, start(order=NOBODY), said(NotFound("order", str(NOBODY)))),
    ("for somebody else's order", WAITING, start(by=AccountId(NOBODY)), lambda shop: NotFound("order", str(shop.orders[0]))),
    ("for an order that is paid", PAID, start(), waiting_no_more("paid")),
    ("for an order that is authorised", AUTHORIZED, start(), waiting_no_more("paid")),
    ("for an order that is cancelled", (BASKET, Cancel(0)), start(), waiting_no_more("cancelled")),
    ("for an order that has expired", (BASKET, Pass(timedelta(hours=1)), Work("expire")), start(), waiting_no_more("expired")),
    (
        "an id that is taken",
        OPENED,
        start_again,
        lambda shop: Conflict("payment", str(shop.payments[0]), "it was opened with other content"),
    ),
    ("confirming no payment", WAITING, confirm(payment=NOBODY), NO_PAYMENT),
    (
        "confirming with a card that is none",
        OPENED,
        confirm("card_of_a_friend"),
        said(GatewayRefused("no_such_method", "there is no such test method; the sandbox takes test cards only")),
    ),
    ("confirming what is authorised", AUTHORIZED, confirm(), unexpected("a payment that is authorized cannot be confirmed")),
    ("reading no payment", WAITING, first(lambda shop: shop.shop.sync_payments([PaymentId(NOBODY)])), NO_PAYMENT),
    ("capturing no payment", WAITING, settle("capture", NOBODY), NO_PAYMENT),
    ("capturing what waits", OPENED, settle("capture"), unexpected("a payment that is requires_payment cannot be captured")),
    ("an act that is none", AUTHORIZED, settle("fail"), said(Invalid("the act 'fail'", '"capture" or "cancel"'))),
    (
        "cancelling what is captured",
        PAID,
        settle("cancel"),
        said(InvalidTransition("payment", "captured", "cancel", ("capture_more", "refund_partly", "refund", "dispute"))),
    ),
    (
        "capturing what is cancelled",
        (*AUTHORIZED, Settle(0, "cancel")),
        settle("capture"),
        said(InvalidTransition("payment", "cancelled", "capture", ())),
    ),
]

REFUNDING: Final[list[Row]] = [
    ("of no order", PAID, refund(order=NOBODY), said(NotFound("order", str(NOBODY)))),
    ("before it is paid", WAITING, refund(), nothing(GONE)),
    ("while its payment waits", OPENED, refund(), nothing(GONE)),
    ("while its payment is authorised", AUTHORIZED, refund(amount=euro("1.00")), nothing(ONLY_AUTHORIZED)),
    ("while its payment is disputed", (*PAID, Dispute(0), Work("sync")), refund(), nothing(DISPUTED)),
    ("when all of it went back", (*PAID, Refund(0)), refund(amount=euro("0.01")), said(RefundTooLarge(euro("0.01"), euro("0.00")))),
    ("more than was paid", PAID, refund(amount=euro("169.81")), said(RefundTooLarge(euro("169.81"), euro("169.80")))),
    (
        "more than is left",
        (*PAID, Refund(0, spread=500)),
        refund(amount=euro("84.91")),
        said(RefundTooLarge(euro("84.91"), euro("84.90"))),
    ),
    ("nothing", PAID, refund(amount=euro("0.00")), said(Invalid("a refund of 0.00 EUR", "an amount of more than zero"))),
    (
        "less than nothing",
        PAID,
        refund(amount=euro("-1.00")),
        said(Invalid("a refund of -1.00 EUR", "an amount of more than zero")),
    ),
    ("nothing of a line", PAID, refund(RefundLine(1)), said(Invalid("a refund of nothing", "an amount of more than zero"))),
    (
        "less than nothing of a line",
        PAID,
        refund(RefundLine(1, euro("-1.00"))),
        said(RefundTooLarge(euro("-1.00"), euro("120.00"))),
    ),
    (
        "more goods than a line has",
        PAID,
        refund(RefundLine(1, euro("120.01"))),
        said(RefundTooLarge(euro("120.01"), euro("120.00"))),
    ),
    (
        "more shipping than a line has",
        PAID,
        refund(RefundLine(1, shipping=euro("9.81"))),
        said(RefundTooLarge(euro("9.81"), euro("9.80"))),
    ),
    (
        "a line twice, too much together",
        PAID,
        refund(RefundLine(2, euro("30.00")), RefundLine(2, euro("30.00"))),
        said(RefundTooLarge(euro("30.00"), euro("10.00"))),
    ),
    (
        "a line that is not there",
        PAID,
        refund(RefundLine(3, euro("1.00"))),
        lambda shop: NotFound("order line", f"{shop.orders[0]}/3"),
    ),
    (
        "more units than a line has",
        PAID,
        refund(RefundLine(1, units=3)),
        said(Invalid("3 units of line 1", "1 to 2 units, and no amount of goods beside them")),
    ),
    (
        "units and an amount",
        PAID,
        refund(RefundLine(1, euro("1.00"), units=1)),
        said(Invalid("1 units of line 1", "1 to 2 units, and no amount of goods beside them")),
    ),
    (
        "lines and a sum",
        PAID,
        refund(RefundLine(1, euro("1.00")), amount=euro("1.00")),
        said(Invalid("a refund of lines and of a sum", "one of them")),
    ),
    (
        "in another currency",
        PAID,
        refund(RefundLine(1, Money(100, JPY))),
        said(CurrencyMismatch("JPY and EUR in one calculation", "one currency")),
    ),
    (
        "a sum in another currency",
        PAID,
        refund(amount=Money(100, JPY)),
        said(CurrencyMismatch("EUR and JPY in one calculation", "one currency")),
    ),
    (
        "sending no refund",
        PAID,
        first(lambda shop: shop.shop.send_refunds([RefundId(NOBODY)])),
        said(NotFound("refund", str(NOBODY))),
    ),
    ("retrying no refund", PAID, lambda shop: shop.shop.retry_refunds(RefundId(NOBODY)), said(NotFound("refund", str(NOBODY)))),
    (
        "retrying what has not failed",
        PAID,
        lambda shop: shop.shop.retry_refunds(refund()(shop).id),  # type: ignore[attr-defined]
        said(InvalidTransition("refund", "requested", "retry", ("send", "succeed", "fail"))),
    ),
    ("reading no dispute", PAID, first(lambda shop: shop.shop.sync_disputes(["dp_none"])), said(NotFound("dispute", "dp_none"))),
]


@pytest.mark.parametrize(
    ("steps", "act", "refusal"),
    [
        pytest.param(*row[1:], id=f"{chapter}: {row[0]}")
        for chapter, rows in {"taking": TAKING, "refunding": REFUNDING}.items()
        for row in rows
    ],
)
def test_a_refusal_says_why(steps: tuple[Step, ...], act: Try, refusal: Callable[[LivingShop], DomainError]) -> None:
    """Each no has its class and its facts, and changes nothing of the order."""
    living = after(*steps)
    before = living.found()
    with pytest.raises(DomainError) as refused:
        act(living)
    assert refusal(living) == refused.value
    if "retry" not in str(refused.value):
        assert before == living.found()


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        pytest.param(refund(), refund(reason="broken"), id="another reason"),
        pytest.param(refund(amount=euro("5.00")), refund(amount=euro("6.00")), id="another sum"),
        pytest.param(refund(RefundLine(1, euro("5.00"))), refund(RefundLine(1, euro("6.00"))), id="another amount of a line"),
        pytest.param(refund(RefundLine(1, euro("5.00"))), refund(RefundLine(2, euro("5.00"))), id="another line"),
        pytest.param(refund(RefundLine(1, units=1)), refund(RefundLine(1, units=2)), id="other units"),
        pytest.param(refund(RefundLine(1, units=1)), refund(RefundLine(1, shipping=euro("4.90"), units=1)), id="shipping too"),
        pytest.param(refund(RefundLine(1, units=1)), refund(RefundLine(1, units=1), RefundLine(2, units=1)), id="a line more"),
    ],
)
def test_a_refund_has_its_content_once(asked: Try, other: Try) -> None:
    """The same id with the same content is the same refund, owed once; with other content it is a conflict."""
    living = after(*PAID)
    made = asked(living)
    told = facts(living)
    assert made == asked(living)
    with pytest.raises(Conflict) as refused:
        other(living)
    assert Conflict("refund", str(UUID(int=0xE1)), "it was requested with other content") == refused.value
    assert told == facts(living)
