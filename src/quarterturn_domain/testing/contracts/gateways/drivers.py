"""Drivers: what the contracts make happen at a provider where no port reaches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from quarterturn_domain.kernel.money import Money


class Means(StrEnum):
    """What a customer's means of payment does when it is tried."""

    APPROVED = "approved"
    DECLINED = "declined"
    ACTION_REQUIRED = "action_required"
    LATE_SUCCESS = "late_success"
    LATE_REFUND = "late_refund"


class BankAccount(StrEnum):
    """What a vendor's bank does with a payout."""

    PAYS = "pays"
    FAILS = "fails"
    RETURNS = "returns"


class OutsideWorld(Protocol):
    """What both drivers can do."""

    def now(self) -> datetime:
        """The instant that the provider's clock shows."""
        ...

    def settle(self) -> None:
        """Let time pass until everything is done that the provider has under way, short of the end of an authorisation."""
        ...

    def lose_request(self, method: str) -> None:
        """Let the next call of this method of the port be lost on its way: `OutcomeUnknown`, and nothing is done."""
        ...

    def lose_answer(self, method: str) -> None:
        """Let the answer of the next call of this method be lost: `OutcomeUnknown`, and it is done."""
        ...

    def refuse_service(self, method: str) -> None:
        """Let the next call of this method find the provider not available: `Unavailable`, and nothing is done."""
        ...


class PaymentDriver(OutsideWorld, Protocol):
    """The customer and the customer's bank."""

    def means(self, means: Means) -> str:
        """The provider's token for a means of payment that behaves so."""
        ...

    def authenticate(self, reference: str, *, succeed: bool) -> None:
        """The customer does what a payment requires, or fails to."""
        ...

    def open_dispute(self, reference: str) -> str:
        """The customer disputes the whole of a payment; the dispute's reference."""
        ...

    def close_dispute(self, reference: str, *, won: bool) -> None:
        """The bank decides."""
        ...

    def webhook(self, payment: str, *, at: datetime) -> tuple[Mapping[str, str], bytes]:
        """The headers and the raw body of a webhook about this payment, as the provider signs and sends it at this instant."""
        ...

    def balance(self) -> Money:
        """The platform's balance in EUR, what is to come included."""
        ...


class TransferDriver(OutsideWorld, Protocol):
    """The vendor, the vendor's bank, and the platform's treasurer."""

    def fund(self, amount: Money) -> None:
        """Let so much be available on the platform's balance, which was empty."""
        ...

    def charge(self, amount: Money) -> str:
        """Let a customer pay so much, which is not available yet; the charge's reference."""
        ...

    def onboard(self, account: str, bank: BankAccount) -> None:
        """The vendor gives everything that its account lacks, with such a bank account."""
        ...
