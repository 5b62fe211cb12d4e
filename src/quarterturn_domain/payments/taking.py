"""Taking payments: the intent is committed, the provider is asked, and its answer, webhook or state is recorded.

The customer's word is never enough: whatever says that something has happened, the payment is read from the provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from quarterturn_domain.kernel.batch import Draft, decide_each
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import Conflict, DomainError, Invalid, NotFound, Outcome, Rejected
from quarterturn_domain.kernel.idempotency import TIMING, Answer, fingerprint
from quarterturn_domain.kernel.ids import AccountId, OrderId, PaymentId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.order import OrderState
from quarterturn_domain.payments.drawing import Drawing
from quarterturn_domain.payments.events import PaymentOpened
from quarterturn_domain.payments.gateway import GatewayPayment, PaymentGateway, PaymentRequest
from quarterturn_domain.payments.payment import PAYMENT, TAKEN, CaptureMethod, Payment, PaymentStatus
from quarterturn_domain.payments.ports import PaymentsWork
from quarterturn_domain.payments.recording import Truth, record


@attrs.frozen(eq=False)
class NotAwaitingPayment(Rejected):
    """The order is not waiting for a payment."""

    order_id: OrderId
    state: str

    @property
    def message(self) -> str:
        """What the order is instead."""
        return f"The order {self.order_id} is {self.state} and does not wait for a payment"


@attrs.frozen(kw_only=True)
class StartPayment:
    """Ask the customer of an order to pay; with a `method` it is tried at once. `by` is the buyer, or None for the platform.

    Without a `capture_method` it is captured as the shop is set.
    """

    payment_id: PaymentId
    order_id: OrderId
    capture_method: CaptureMethod | None = None
    method: str | None = None
    by: AccountId | None = None
    at: datetime = attrs.field(metadata=TIMING)


@attrs.frozen
class Started:
    """A payment and, where the customer has to finish it, the secret to do so."""

    payment: Payment
    client_secret: str | None = attrs.field(default=None, repr=False)
    action_required: bool = False


@attrs.frozen(kw_only=True)
class ConfirmPayment:
    """Try a payment with the customer's `method`; `attempt` tells one try from the next."""

    payment_id: PaymentId
    method: str
    attempt: int = 1


@attrs.frozen(kw_only=True)
class SettleAuthorization:
    """`capture` an authorised payment, all that is still wanted of it, or `cancel` it: what has arrived of it stays."""

    payment_id: PaymentId
    act: str = "capture"


class StartPayments:
    """Opens payments, many at once; the same id with the same content is the same payment.

    They are captured by `capture`, unless a command says otherwise.
    """

    def __init__(
        self,
        work: Begin[PaymentsWork],
        gateway: PaymentGateway,
        clock: Clock,
        *,
        capture: CaptureMethod = CaptureMethod.AUTOMATIC,
    ) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock
        self._capture = capture

    def __call__(self, commands: Sequence[StartPayment]) -> Sequence[Outcome[Started]]:
        """For each command its payment, or `NotFound`, `NotAwaitingPayment`, `Conflict`, `GatewayRefused`, `Unavailable`."""
        intents = self._intend(commands)

        def ask(asked: tuple[StartPayment, Outcome[tuple[Payment, bool]]]) -> Truth:
            command, intent = asked
            if isinstance(intent, DomainError):
                raise intent
            payment, fresh = intent
            return payment.id, ask_for(self._gateway, payment, command.method, fresh=fresh)

        answers = decide_each(zip(commands, intents, strict=True), ask)
        recorded = record(self._work, [answer for answer in answers if not isinstance(answer, DomainError)], self._clock)
        return [
            answer
            if isinstance(answer, DomainError)
            else Started(recorded[answer[0]], answer[1].client_secret, answer[1].action_required)
            for answer in answers
        ]

    def _intend(self, commands: Sequence[StartPayment]) -> Sequence[Outcome[tuple[Payment, bool]]]:
        """For each command its payment, and whether the provider cannot know of it yet."""
        with self._work() as work:
            orders = work.orders.lock({command.order_id for command in commands})
            draft = Draft(work.payments.lock({command.payment_id for command in commands}))
            methods = dict(work.answers.find([_method_of(command) for command in commands]))
            fresh: list[Answer] = []

            def intend(command: StartPayment) -> tuple[Payment, bool]:
                order = required(orders, command.order_id, "order")
                if command.by is not None and command.by != order.buyer_id:
                    raise NotFound("order", str(order.id))
                before = draft.get(command.payment_id)
                if before is not None:
                    method = command.capture_method or before.capture_method
                    tried = methods.get(_method_of(command))
                    other = tried is not None and tried.fingerprint != _mark(command.method)
                    if other or (before.order_id, before.capture_method) != (command.order_id, method):
                        raise Conflict("payment", str(before.id), "it was opened with other content")
                    return before, False
                if order.state is not OrderState.PLACED:
                    raise NotAwaitingPayment(order.id, order.state.value)
                method = command.capture_method or self._capture
                payment = Payment.open(command.payment_id, order.id, order.total, method, at=command.at)
                fact = PaymentOpened(payment_id=payment.id, order_id=order.id, amount=payment.amount, at=command.at)
                fresh.append(Answer(_method_of(command), _mark(command.method), "", command.at))
                methods[fresh[-1].key] = fresh[-1]
                return draft.put(payment.id, payment, fact), True

            intents = decide_each(commands, intend)
            draft.record(work, work.payments)
            work.answers.add(fresh)
        return intents


class ConfirmPayments:
    """Tries payments with the customer's method, on the server's side."""

    def __init__(self, work: Begin[PaymentsWork], gateway: PaymentGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock

    def __call__(self, command: ConfirmPayment) -> Started:
        """The payment afterwards, a declined one as `failed`.

        Raises `NotFound`, `NotAwaitingPayment`, `GatewayRefused`, `Unavailable`, and `Conflict` for an attempt that was made with
        another method.
        """
        key = f"payment:{command.payment_id}:confirm:{command.attempt}"
        payment = self._intend(command, key)
        if payment.status in TAKEN:
            return Started(payment)
        reference = payment.reference or ask_for(self._gateway, payment, None).reference
        truth = self._gateway.confirm_payment(reference, command.method, key=key)
        recorded = record(self._work, [(payment.id, truth)], self._clock)
        return Started(recorded[payment.id], truth.client_secret, truth.action_required)

    def _intend(self, command: ConfirmPayment, key: str) -> Payment:
        """The payment, after it was kept what is tried."""
        with self._work() as work:
            payment = required(work.payments.find([command.payment_id]), command.payment_id, "payment")
            known = work.answers.find([key]).get(key)
            if known is None:
                self._refuse_unless_awaited(work, payment)
                work.answers.add([Answer(key, _mark(command.method), "", self._clock.now())])
            elif known.fingerprint != _mark(command.method):
                raise Conflict("payment", str(payment.id), "it was tried with another method under the same key")
        return payment

    def _refuse_unless_awaited(self, work: PaymentsWork, payment: Payment) -> None:
        """Raise `NotAwaitingPayment` where the money would only be taken to be given back: another payment came first."""
        if payment.status not in TAKEN and payment.status is not PaymentStatus.AUTHORIZED:
            order = required(work.orders.find([payment.order_id]), payment.order_id, "order")
            if order.state in {OrderState.PAID, OrderState.CANCELLED}:
                raise NotAwaitingPayment(order.id, order.state.value)


class SyncPayments:
    """Reads payments from the provider and records what it says: where webhooks and polls lead."""

    def __init__(self, work: Begin[PaymentsWork], gateway: PaymentGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock

    def __call__(self, payment_ids: Sequence[PaymentId]) -> Sequence[Outcome[Payment]]:
        """For each id its payment afterwards, or `NotFound`, `GatewayRefused`, `Unavailable`."""
        with self._work() as work:
            known = work.payments.find(set(payment_ids))

        def read(payment_id: PaymentId) -> Truth:
            return payment_id, ask_for(self._gateway, required(known, payment_id, "payment"), None)

        truths = decide_each(payment_ids, read)
        recorded = record(self._work, [truth for truth in truths if not isinstance(truth, DomainError)], self._clock)
        return [truth if isinstance(truth, DomainError) else recorded[truth[0]] for truth in truths]


class SettleAuthorizations:
    """Captures and cancels authorised payments."""

    def __init__(self, work: Begin[PaymentsWork], gateway: PaymentGateway, clock: Clock) -> None:
        self._work = work
        self._gateway = gateway
        self._clock = clock
        self._drawing = Drawing(work, gateway, clock)

    def __call__(self, command: SettleAuthorization) -> Payment:
        """The payment afterwards; raises `NotFound`, `Invalid`, `InvalidTransition`, `GatewayRefused`, `Unavailable`."""
        if command.act not in {"capture", "cancel"}:
            raise Invalid(f"the act {command.act!r}", '"capture" or "cancel"')
        payment = _find(self._work, command.payment_id)
        if payment.in_parts and command.act == "capture":
            return self._drawing.capture(payment.id, everything=True)
        if payment.in_parts and (payment.captures or payment.asked):
            # What was asked for may have been done, and is not given up before that is known.
            payment = self._drawing.capture(payment.id) if payment.asked else payment
            return self._drawing.end(payment.id) if payment.in_parts and not payment.asked else payment
        if payment.status in TAKEN and command.act == "capture":
            return payment
        PAYMENT.next(payment.status, command.act)
        reference = payment.reference or ask_for(self._gateway, payment, None).reference
        if command.act == "capture" and payment.capturable:
            # What was released since the last try is part of the key: a refusal of another sum says nothing about this one.
            key = f"payment:{payment.id}:capture:{payment.released.minor}"
            truth = self._gateway.capture_payment(reference, payment.capturable, key=key)
        else:
            truth = self._gateway.cancel_payment(reference, key=f"payment:{payment.id}:cancel")
        return record(self._work, [(payment.id, truth)], self._clock)[payment.id]


def _method_of(command: StartPayment) -> str:
    """Under which key it is kept with which method a payment was opened."""
    return f"payment:{command.payment_id}"


def _mark(method: str | None) -> str:
    """What is kept to know a method again: of a number, which may be a card's and is guessed from its digest, nothing."""
    number = method is not None and method.replace(" ", "").replace("-", "").isdigit()
    return fingerprint("a number" if number else method)


def ask_for(gateway: PaymentGateway, payment: Payment, method: str | None, *, fresh: bool = False) -> GatewayPayment:
    """The provider's payment for ours: the one that it has, else a new one; asked for twice under one key it is one.

    It is looked up first, because the provider forgets keys after a while and refuses them with another `method`; a `fresh`
    payment, of which it cannot know, is not. Where nothing is to be paid no provider is asked.
    """
    if not payment.amount:
        nothing = payment.amount
        return GatewayPayment(f"free:{payment.id}", payment.id, PaymentStatus.CAPTURED, nothing, nothing, nothing)
    if payment.reference is not None:
        return gateway.read_payment(payment.reference)
    if not fresh and (known := gateway.find_payment(payment.id)) is not None:
        return known
    request = PaymentRequest(payment.id, payment.order_id, payment.amount, payment.capture_method, method)
    return gateway.open_payment(request, key=f"payment:{payment.id}:open")


def _find(begin: Begin[PaymentsWork], payment_id: PaymentId) -> Payment:
    with begin() as work:
        return required(work.payments.find([payment_id]), payment_id, "payment")
