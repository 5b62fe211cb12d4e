"""Stripe: payments as payment intents, vendors as connected accounts, separate charges and transfers between them.

`Access` is what it takes, `Client` speaks, `StripePayments` and `StripeTransfers` are the ports.
"""

from quarterturn_adapters.stripe.client import API_VERSION, Access, Client
from quarterturn_adapters.stripe.payments import StripePayments
from quarterturn_adapters.stripe.transfers import StripeTransfers
from quarterturn_adapters.stripe.webhooks import SIGNATURE_HEADER

__all__ = ["API_VERSION", "SIGNATURE_HEADER", "Access", "Client", "StripePayments", "StripeTransfers"]
