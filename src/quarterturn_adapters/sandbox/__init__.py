"""The sandbox: a payment provider in memory that behaves as Stripe does where a marketplace can tell.

>>> from datetime import UTC, datetime
>>> from uuid import UUID
>>> from quarterturn_adapters.clock import ManualClock
>>> from quarterturn_domain.kernel.ids import OrderId, PaymentId
>>> from quarterturn_domain.kernel.money import Money
>>> from quarterturn_domain.payments.gateway import PaymentRequest
>>> sandbox = Sandbox(ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), seed=7)
>>> payments = SandboxPayments(sandbox)
>>> request = PaymentRequest(PaymentId(UUID(int=1)), OrderId(UUID(int=2)), Money.of("100.00", "EUR"), method="card_approved")
>>> payment = payments.open_payment(request, key="payment:1:open")
>>> payment.status.value, payment.captured, payment.fee
('captured', Money('100.00 EUR'), Money('3.20 EUR'))
>>> sandbox.balance(payment.amount.currency)
Money('96.80 EUR')
"""

from quarterturn_adapters.sandbox.cards import ALIASES, CARDS, Bank
from quarterturn_adapters.sandbox.faults import ANY, Fault
from quarterturn_adapters.sandbox.payments import SandboxPayments
from quarterturn_adapters.sandbox.provider import Sandbox
from quarterturn_adapters.sandbox.terms import Terms
from quarterturn_adapters.sandbox.transfers import SandboxTransfers
from quarterturn_adapters.sandbox.webhooks import SIGNATURE_HEADER, Delivery

__all__ = [
    "ALIASES",
    "ANY",
    "CARDS",
    "SIGNATURE_HEADER",
    "Bank",
    "Delivery",
    "Fault",
    "Sandbox",
    "SandboxPayments",
    "SandboxTransfers",
    "Terms",
]
