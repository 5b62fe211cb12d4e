"""The payment gateway on Stripe: payment intents on the platform's account, refunds and disputes of them.

Charges and transfers are separate: a payment names its order as `transfer_group`, and vendors are paid by transfers of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from stripe import BalanceTransaction, CardError, Charge, Dispute, PaymentIntent, Refund
from stripe.params import PaymentIntentCaptureParams, PaymentIntentConfirmParams, PaymentIntentCreateParams

from quarterturn_adapters.stripe.amounts import code, written
from quarterturn_adapters.stripe.client import Client
from quarterturn_adapters.stripe.mapping import (
    ORDER_ID,
    PAYMENT_ID,
    REFUND_ID,
    dispute_of,
    multicapture,
    our_word,
    payment_of,
    refund_of,
)
from quarterturn_adapters.stripe.statement import LONGEST_PAGE, page
from quarterturn_adapters.stripe.webhooks import verified
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import Unavailable
from quarterturn_domain.kernel.ids import PaymentId, RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.payments.gateway import (
    GatewayDispute,
    GatewayPayment,
    GatewayRefund,
    Hint,
    OutcomeUnknown,
    PaymentRequest,
    StatementLine,
)
from quarterturn_domain.payments.payment import CaptureMethod

_WITH_FEE: Final = "latest_charge.balance_transaction"
_SEARCH_LAGS: Final = timedelta(minutes=5)
"""How far behind the search may be, with room for two clocks that differ; Stripe speaks of less than a minute."""


class StripePayments:
    """A `PaymentGateway`."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def open_payment(self, request: PaymentRequest, *, key: str) -> GatewayPayment:
        """A payment intent of the account's own means of payment; with a `method` it is confirmed at once."""
        amount, intents = written(request.amount), self._client.v1.payment_intents
        back = self._client.access.return_url

        wanted: PaymentIntentCreateParams = {
            "amount": amount,
            "currency": code(request.amount.currency),
            # Without a word from us Stripe would capture in the background, and say nothing of the fee.
            "capture_method": "automatic" if request.capture_method is CaptureMethod.AUTOMATIC else "manual",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "always" if back else "never"},
            "transfer_group": f"order_{request.order_id}",
            "metadata": {PAYMENT_ID: str(request.payment_id), ORDER_ID: str(request.order_id)},
            "expand": [_WITH_FEE],
        }
        if request.capture_method is CaptureMethod.PER_PARCEL:
            wanted["payment_method_options"] = {"card": {"request_multicapture": "if_available"}}
        if request.method:
            wanted |= {"payment_method": request.method, "confirm": True}
            if back:
                wanted["return_url"] = back
        return self._try(str(request.payment_id), lambda: intents.create(wanted, {"idempotency_key": key}))

    def confirm_payment(self, reference: str, method: str, *, key: str) -> GatewayPayment:
        """Confirm it with this method."""
        intents, back = self._client.v1.payment_intents, self._client.access.return_url

        wanted: PaymentIntentConfirmParams = {"payment_method": method, "expand": [_WITH_FEE]}
        if back:
            wanted["return_url"] = back
        return self._try(reference, lambda: intents.confirm(reference, wanted, {"idempotency_key": key}))

    def capture_payment(self, reference: str, amount: Money, *, key: str, final: bool = True) -> GatewayPayment:
        """Capture; what is left of the authorisation is let go or, unless this is `final`, kept where the card allows it."""
        intents = self._client.v1.payment_intents
        wanted: PaymentIntentCaptureParams = {"amount_to_capture": written(amount), "expand": [_WITH_FEE]}
        # To say that nothing may follow is only needed where something might.
        if not final or not amount:
            wanted["final_capture"] = final

        def ask() -> PaymentIntent:
            return intents.capture(reference, wanted, {"idempotency_key": key})

        intent = self._client.change("payment", reference, ask)
        try:
            return payment_of(intent, lines=self._lines(intent))
        except Unavailable as away:
            # It is captured; only what that has cost was not read.
            raise OutcomeUnknown(away.what, away.retry_after_seconds) from away

    def cancel_payment(self, reference: str, *, key: str) -> GatewayPayment:
        """Cancel it."""
        intents = self._client.v1.payment_intents

        def ask() -> PaymentIntent:
            return intents.cancel(reference, {"expand": [_WITH_FEE]}, {"idempotency_key": key})

        return payment_of(self._client.change("payment", reference, ask))

    def read_payment(self, reference: str) -> GatewayPayment:
        """The payment with its charge, and with its disputes if there ever was one."""
        client = self._client
        intent = client.read("payment", reference, lambda: client.v1.payment_intents.retrieve(reference, {"expand": [_WITH_FEE]}))
        disputed = getattr(intent.latest_charge, "disputed", False)
        return payment_of(intent, self._disputes(reference) if disputed else (), self._lines(intent))

    def find_payment(self, payment_id: PaymentId) -> GatewayPayment | None:
        """The newest payment with our id among its metadata: searched for, and looked for among those too new for the search."""
        intents, sought = self._client.v1.payment_intents, str(payment_id)
        found = self._client.read(
            "payment",
            sought,
            lambda: intents.search({"query": f"metadata['{PAYMENT_ID}']:'{sought}'", "limit": LONGEST_PAGE}),
        )
        known = [(intent.created, intent.id) for intent in found.data]
        if not known:
            known = [(intent.created, intent.id) for intent in self._newest() if our_word(intent.metadata, PAYMENT_ID) == sought]
        return self.read_payment(max(known)[1]) if known else None

    def refund_payment(self, reference: str, amount: Money, *, refund_id: RefundId, key: str) -> GatewayRefund:
        """Give `amount` back; what vendors have of it stays with them until their transfers are reversed."""
        asked, refunds = written(amount), self._client.v1.refunds

        def ask() -> Refund:
            return refunds.create(
                {"payment_intent": reference, "amount": asked, "metadata": {REFUND_ID: str(refund_id)}}, {"idempotency_key": key}
            )

        return refund_of(self._client.change("payment", reference, ask))

    def read_refund(self, reference: str) -> GatewayRefund:
        """The refund as it is now."""
        return refund_of(self._client.read("refund", reference, lambda: self._client.v1.refunds.retrieve(reference)))

    def find_refund(self, payment_reference: str, refund_id: RefundId) -> GatewayRefund | None:
        """The newest refund of this payment that has our id among its metadata."""
        client, sought = self._client, str(refund_id)
        refunds = client.read(
            "payment",
            payment_reference,
            lambda: list(client.v1.refunds.list({"payment_intent": payment_reference, "limit": LONGEST_PAGE}).auto_paging_iter()),
        )
        return next((refund_of(refund) for refund in refunds if our_word(refund.metadata, REFUND_ID) == sought), None)

    def read_dispute(self, reference: str) -> GatewayDispute:
        """The dispute as it is now; `NotFound` while it is only an inquiry, which takes no money."""
        return dispute_of(self._client.read("dispute", reference, lambda: self._client.v1.disputes.retrieve(reference)))

    def statement(self, since: datetime, until: datetime, *, after: str | None = None, limit: int = 100) -> Sequence[StatementLine]:
        """A page of at most 100 lines, whatever `limit` is; `Invalid` for a limit below one."""
        return page(self._client, since, until, after, limit)

    def hint(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Hint:
        """What a webhook is about; nothing is asked of Stripe for it."""
        return verified(headers, body, self._client.access.webhook_secrets, at)

    def _try(self, known_as: str, ask: Callable[[], PaymentIntent]) -> GatewayPayment:
        """What became of a payment that was tried: a decline comes as an error that carries the payment."""

        def attempt() -> PaymentIntent:
            try:
                return ask()
            except CardError as declined:
                intent = declined.error.payment_intent if declined.error is not None else None
                if not isinstance(intent, PaymentIntent):
                    raise
                return intent

        return payment_of(self._client.change("payment", known_as, attempt))

    def _newest(self) -> Sequence[PaymentIntent]:
        """The payments that the search may not know of yet."""
        client, since = self._client, int((self._clock.now() - _SEARCH_LAGS).timestamp())
        return client.read(
            "payment",
            "of the last minutes",
            lambda: list(client.v1.payment_intents.list({"created": {"gte": since}, "limit": LONGEST_PAGE}).auto_paging_iter()),
        )

    def _lines(self, intent: PaymentIntent) -> Sequence[BalanceTransaction] | None:
        """Every line of the statement that names the charge of a payment that was captured in parts; None for others."""
        client, charge = self._client, intent.latest_charge
        if not isinstance(charge, Charge) or not multicapture(charge) or not intent.amount_received:
            return None
        return client.read(
            "payment",
            intent.id,
            lambda: list(client.v1.balance_transactions.list({"source": charge.id, "limit": LONGEST_PAGE}).auto_paging_iter()),
        )

    def _disputes(self, reference: str) -> Sequence[Dispute]:
        client = self._client
        return client.read(
            "payment", reference, lambda: client.v1.disputes.list({"payment_intent": reference, "limit": LONGEST_PAGE}).data
        )
