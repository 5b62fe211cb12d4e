"""The contracts of the payment and the transfer gateway, and the drivers that they need.

Subclass a contract, give its two fixtures, and every test of it runs against your adapter. A driver makes happen what no port
can: it is the customer, the bank and the passing of time.
"""

from quarterturn_domain.testing.contracts.gateways.drivers import (
    BankAccount,
    Means,
    OutsideWorld,
    PaymentDriver,
    TransferDriver,
)
from quarterturn_domain.testing.contracts.gateways.payments import PaymentGatewayContract
from quarterturn_domain.testing.contracts.gateways.transfers import TransferGatewayContract

__all__ = [
    "BankAccount",
    "Means",
    "OutsideWorld",
    "PaymentDriver",
    "PaymentGatewayContract",
    "TransferDriver",
    "TransferGatewayContract",
]
