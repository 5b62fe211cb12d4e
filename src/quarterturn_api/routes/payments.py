"""Paying for orders: the provider's secret for the customer's browser, and what the provider says."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.payments import PaymentBody
from quarterturn_api.edge.access import needs
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body
from quarterturn_api.edge.keys import IdempotencyKey, named
from quarterturn_api.edge.limits import Limit
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import OrderId, PaymentId
from quarterturn_domain.payments.payment import CaptureMethod
from quarterturn_domain.payments.taking import ConfirmPayment, Started, StartPayment

TAGS: Final = ["payments"]

Method = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The provider's token for a means of payment; the sandbox takes test cards only. Never a card's number.",
        examples=["card_approved"],
    ),
]


class IntentAsked(Asked):
    """Which order is to be paid, and how; with a `method` it is tried at once.

    Without a `captureMethod` the money is taken when the marketplace is set to take it.
    """

    order_id: UUID
    method: Method | None = None
    capture_method: CaptureMethod | None = None


class ConfirmAsked(Asked):
    """With a `method` it is tried; without one the provider is asked how the payment stands."""

    method: Method | None = None


class IntentBody(Body):
    """A payment; where the customer's browser has to finish it, the `clientSecret` lets it, which is shown to nobody else."""

    payment: PaymentBody
    client_secret: str | None = None
    action_required: bool = False

    @classmethod
    def of(cls, started: Started) -> IntentBody:
        """`started` as its buyer sees it."""
        return cls(
            payment=PaymentBody.of(started.payment),
            client_secret=started.client_secret,
            action_required=started.action_required,
        )


@post(
    "/payments/intent",
    summary="Begin to pay for one of my orders",
    tags=TAGS,
    **needs(Permission.SHOP, Limit.PAYMENTS),
)
async def start_payment(request: Ask, data: JSONBody[IntentAsked], idempotency_key: IdempotencyKey) -> IntentBody:
    """The payment; one that was declined is `failed`, and another method may be tried."""
    command = StartPayment(
        payment_id=PaymentId(named(request.asker, "payment", idempotency_key)),
        order_id=OrderId(data.order_id),
        capture_method=data.capture_method,
        method=data.method,
        by=request.account_id,
        at=request.now,
    )
    (outcome,) = await request.service.elsewhere.ask(request.service.application.start_payments, [command])
    return IntentBody.of(granted(outcome))


@post(
    "/payments/{payment_id:uuid}/confirm",
    summary="Confirm one of my payments",
    description="Whatever the customer says, the truth is read from the provider.",
    tags=TAGS,
    status_code=200,
    **needs(Permission.SHOP, Limit.PAYMENTS),
)
async def confirm_payment(
    request: Ask, payment_id: FromPath[UUID], data: JSONBody[ConfirmAsked], idempotency_key: IdempotencyKey
) -> IntentBody:
    """The payment afterwards, as the provider has it."""
    return IntentBody.of(await request.service.elsewhere.ask(_confirmed, request, payment_id, data, idempotency_key))


def _confirmed(request: Ask, payment_id: UUID, data: ConfirmAsked, idempotency_key: str) -> Started:
    app = request.service.application
    mine = app.read_payments.payment_of_buyer(request.account_id, PaymentId(payment_id))
    if data.method is None:
        return Started(granted(app.sync_payments([mine.id])[0]))
    attempt = named(request.asker, f"confirmation:{mine.id}", idempotency_key).int
    return app.confirm_payments(ConfirmPayment(payment_id=mine.id, method=data.method, attempt=attempt))


@get("/payments/{payment_id:uuid}", summary="Read one of my payments", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def read_payment(request: Ask, payment_id: FromPath[UUID]) -> PaymentBody:
    """The payment, as it was heard of last; 404 when it is somebody else's."""
    return PaymentBody.of(request.service.application.read_payments.payment_of_buyer(request.account_id, PaymentId(payment_id)))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (start_payment, confirm_payment, read_payment)
