"""The payment gateway on the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from quarterturn_adapters.sandbox.books import Books, found
from quarterturn_adapters.sandbox.cards import card_of
from quarterturn_adapters.sandbox.charging import payment_of
from quarterturn_adapters.sandbox.provider import Sandbox
from quarterturn_adapters.sandbox.webhooks import verified
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import PaymentId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import (
    GatewayDispute,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    Hint,
    PaymentRequest,
    StatementLine,
)

_LARGEST: Final = 99_999_999_999
_LONGEST_PAGE: Final = 1_000


class SandboxPayments:
    """A `PaymentGateway`; everything of it is as Stripe has it, where a marketplace can tell."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def open_payment(self, request: PaymentRequest, *, key: str) -> GatewayPayment:
        """A payment; with a `method` it is tried at once. An amount of nothing and an unknown method are refused and not kept."""
        card = None if request.method is None else card_of(request.method)
        amount = request.amount
        params = (
            "open_payment",
            request.payment_id.hex,
            request.order_id.hex,
            amount.minor,
            amount.currency.code,
            request.capture_method.value,
            None if card is None else card.name,
        )
        return self._sandbox.change(
            key, params, lambda _: check_amount(amount), lambda _: self._sandbox.charging.open(request, card).answer()
        )

    def confirm_payment(self, reference: str, method: str, *, key: str) -> GatewayPayment:
        """Try it; refused with `payment_unexpected_state` when it is paid, under way or cancelled."""
        card = card_of(method)
        return self._sandbox.change(
            key,
            ("confirm_payment", reference, card.name),
            lambda books: _check(books, reference),
            lambda books: self._sandbox.charging.confirm(books.payments[reference], card).answer(),
        )

    def capture_payment(self, reference: str, amount: Money, *, key: str, final: bool = True) -> GatewayPayment:
        """Take `amount`; refused when it is not authorised, or for less, or in parts where that cannot be."""
        params = ("capture_payment", reference, amount.minor, amount.currency.code)
        return self._sandbox.change(
            key,
            # A final one is as it was kept before there were others.
            params if final else (*params, final),
            lambda books: _check(books, reference, amount, ends=final),
            lambda books: self._sandbox.charging.capture(books.payments[reference], amount, final=final).answer(),
        )

    def cancel_payment(self, reference: str, *, key: str) -> GatewayPayment:
        """Give it up; refused when it is captured, under way or cancelled already."""
        return self._sandbox.change(
            key,
            ("cancel_payment", reference),
            lambda books: _check(books, reference),
            lambda books: self._sandbox.charging.cancel(books.payments[reference]).answer(),
        )

    def read_payment(self, reference: str) -> GatewayPayment:
        """The payment as it is now."""
        return self._sandbox.look("read_payment", lambda books: payment_of(books, reference).answer())

    def find_payment(self, payment_id: PaymentId) -> GatewayPayment | None:
        """The newest payment under our id."""

        def find(books: Books) -> GatewayPayment | None:
            reference = books.by_payment_id.get(payment_id)
            return None if reference is None else books.payments[reference].answer()

        return self._sandbox.look("find_payment", find)

    def refund_payment(self, reference: str, amount: Money, *, refund_id: RefundId, key: str) -> GatewayRefund:
        """Give `amount` back; refused beyond what is left, and while the payment is disputed. Another key is another refund."""
        return self._sandbox.change(
            key,
            ("refund_payment", reference, amount.minor, amount.currency.code, refund_id.hex),
            lambda books: _check(books, reference, amount),
            lambda books: self._sandbox.charging.refund(books.payments[reference], amount, refund_id).answer(),
        )

    def read_refund(self, reference: str) -> GatewayRefund:
        """The refund as it is now."""
        return self._sandbox.look("read_refund", lambda books: found(books.refunds, reference, "refund").answer())

    def find_refund(self, payment_reference: str, refund_id: RefundId) -> GatewayRefund | None:
        """The newest refund of this payment under our id."""

        def find(books: Books) -> GatewayRefund | None:
            reference = books.by_refund_id.get((payment_reference, refund_id))
            return None if reference is None else books.refunds[reference].answer()

        return self._sandbox.look("find_refund", find)

    def read_dispute(self, reference: str) -> GatewayDispute:
        """The dispute as it is now."""
        return self._sandbox.look("read_dispute", lambda books: found(books.disputes, reference, "dispute").answer())

    def statement(self, since: datetime, until: datetime, *, after: str | None = None, limit: int = 100) -> Sequence[StatementLine]:
        """A page of at most 1,000 lines; `Invalid` for another limit, or an `after` that is no line."""
        if not 0 < limit <= _LONGEST_PAGE:
            raise Invalid(f"a page of {limit} lines", f"1 to {_LONGEST_PAGE}")
        return self._sandbox.look("statement", lambda books: books.ledger.statement(since, until, after, limit))

    def hint(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Hint:
        """What a webhook is about; nothing is asked of the provider for it."""
        return verified(headers, body, self._sandbox.secrets, at)


def check_amount(amount: Money) -> None:
    """Refuse what no provider would start with."""
    if not 0 < amount.minor <= _LARGEST:
        raise GatewayRefused("amount_invalid", f"{amount} is not an amount that can be moved")
    if amount.currency.exponent is None:
        raise GatewayRefused("currency_unsupported", f"{amount.currency.code} has no minor unit")


def _check(books: Books, reference: str, amount: Money | None = None, *, ends: bool = False) -> None:
    payment = payment_of(books, reference)
    if amount is not None:
        # What was captured in parts may end with nothing.
        if amount or not (ends and payment.captured):
            check_amount(amount)
        if amount.currency is not payment.currency:
            raise GatewayRefused("currency_mismatch", f"the payment is in {payment.currency.code}, not in {amount.currency.code}")
