"""Orders that were bought and paid in tests of the API, by the use cases themselves."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from tests.api.people import Person, Seller

from quarterturn_adapters.clock import ManualClock
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import OrderId, PaymentId
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.payments.taking import ConfirmPayment, StartPayment


def ordered(service: Service, buyer: Person, *sellers: Seller, quantity: int = 2) -> Order:
    """An order of so many units of each seller, not yet paid."""
    command = PlaceOrder(
        order_id=OrderId(uuid4()),
        lines=tuple(BasketLine(seller.sku, quantity) for seller in sellers),
        buyer_id=buyer.account_id,
        at=service.clock.now(),
    )
    return granted(service.application.place_orders([command])[0])


def bought(service: Service, buyer: Person, *sellers: Seller, quantity: int = 2) -> Order:
    """The same, paid with a card that works."""
    app = service.application
    order = ordered(service, buyer, *sellers, quantity=quantity)
    payment_id = PaymentId(uuid4())
    granted(app.start_payments([StartPayment(payment_id=payment_id, order_id=order.id, at=service.clock.now())])[0])
    app.confirm_payments(ConfirmPayment(payment_id=payment_id, method="card_approved", attempt=1))
    return app.read_orders.order(order.id)


def payable(service: Service, *sellers: Seller) -> None:
    """Let the vendors be paid: the provider knows of them what it has to."""
    app, sandbox = service.application, service.provider.sandbox
    assert sandbox is not None
    ids = [seller.vendor_id for seller in sellers]
    for vendor in map(granted, app.enrol_vendors(ids)):
        assert vendor.payout_account is not None
        sandbox.finish_onboarding(vendor.payout_account.reference)
    app.enrol_vendors(ids)


def later(service: Service, clock: ManualClock, person: Person, days: int) -> dict[str, str]:
    """Let days pass; the headers with which the person, whose token is too old then, goes on."""
    clock.advance(timedelta(days=days))
    token, _ = service.tokens.issue(person.account_id, person.session_id)
    return {"Authorization": f"Bearer {token}"}
