"""Surroundings: what a marketplace stands on, whichever adapters are meant, and its use cases wired on top."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from quarterturn_domain.catalog.categorising import PlaceCategories
from quarterturn_domain.catalog.describing import DescribeProducts
from quarterturn_domain.catalog.offering import ChangeOffers, MakeOffers
from quarterturn_domain.catalog.publishing import MoveProducts
from quarterturn_domain.identity.onboarding import ApplyAsVendors, GovernVendors
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin, Reactions
from quarterturn_domain.ordering.cancelling import CancelOrders
from quarterturn_domain.ordering.events import ReturnReceived, UnitsCancelled, VendorOrderDelivered
from quarterturn_domain.ordering.expiring import ExpireOrders
from quarterturn_domain.ordering.fulfilling import FulfilVendorOrders
from quarterturn_domain.ordering.placing import PlaceOrders
from quarterturn_domain.ordering.returning import DecideReturns, RequestReturns
from quarterturn_domain.payments.capturing import CaptureShipped
from quarterturn_domain.payments.disputing import SyncDisputes
from quarterturn_domain.payments.gateway import PaymentGateway
from quarterturn_domain.payments.refunding import RequestRefunds, refund_units
from quarterturn_domain.payments.sending import SendRefunds
from quarterturn_domain.payments.taking import ConfirmPayments, SettleAuthorizations, StartPayments, SyncPayments
from quarterturn_domain.payouts.claiming import ClaimPayouts
from quarterturn_domain.payouts.enrolling import EnrolVendors
from quarterturn_domain.payouts.gateway import TransferGateway
from quarterturn_domain.payouts.paying import ConfirmPayouts, SendPayouts
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.recovering import RecoverDebts
from quarterturn_domain.payouts.releasing import ReleaseEarnings, SetPayoutTerms, start_hold
from quarterturn_domain.pricing.ruling import RuleTerms
from quarterturn_domain.settlement.posting import POSTED, post
from quarterturn_domain.settlement.sealing import SealJournal, VerifyChain
from quarterturn_domain.stock.bundling import DefineKits
from quarterturn_domain.stock.receiving import MoveStocks, OpenLocations
from quarterturn_domain.testing.contracts.gateways import BankAccount, Means

REACTIONS: Final[tuple[tuple[tuple[type[Event], ...], Any], ...]] = (
    ((UnitsCancelled, ReturnReceived), refund_units),
    (POSTED, post),
    ((VendorOrderDelivered,), start_hold),
)
"""What is done in the transaction of its cause."""


class Surroundings(Protocol):
    """A database that is empty, a provider at which nothing has happened, the clock of both, and what happens outside."""

    @property
    def begin(self) -> Begin[PayoutsWork]:
        """Opens units of work on the database."""
        ...

    @property
    def payments(self) -> PaymentGateway:
        """The provider of payments."""
        ...

    @property
    def transfers(self) -> TransferGateway:
        """The provider of transfers: the same one."""
        ...

    @property
    def clock(self) -> Clock:
        """What tells the time, here and there."""
        ...

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        ...

    def means(self, means: Means) -> str:
        """The provider's token for a means of payment that behaves so."""
        ...

    def onboard(self, account: str, bank: BankAccount) -> None:
        """A vendor gives everything that its account lacks, with such a bank account."""
        ...

    def open_dispute(self, payment: str) -> str:
        """The customer disputes what is left of a payment; the dispute's reference. A refusal is a `DomainError`."""
        ...

    def close_dispute(self, dispute: str, *, won: bool) -> None:
        """The bank decides."""
        ...

    def balance(self, currency: Currency) -> Money | None:
        """The platform's balance at the provider, what is to come included; None where nobody can tell."""
        ...


class Marketplace:
    """Every use case that the machines drive, over one set of surroundings."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        begin = self.begin = Reactions(around.begin, REACTIONS)
        clock = around.clock
        self.apply_as_vendors = ApplyAsVendors(begin)
        self.govern_vendors = GovernVendors(begin)
        self.enrol_vendors = EnrolVendors(begin, around.transfers, clock)
        self.place_categories = PlaceCategories(begin)
        self.describe_products = DescribeProducts(begin)
        self.move_products = MoveProducts(begin)
        self.make_offers = MakeOffers(begin)
        self.change_offers = ChangeOffers(begin)
        self.open_locations = OpenLocations(begin)
        self.define_kits = DefineKits(begin)
        self.move_stocks = MoveStocks(begin)
        self.rule_terms = RuleTerms(begin)
        self.place_orders = PlaceOrders(begin)
        self.expire_orders = ExpireOrders(begin, clock)
        self.cancel_orders = CancelOrders(begin)
        self.fulfil = FulfilVendorOrders(begin)
        self.request_returns = RequestReturns(begin)
        self.decide_returns = DecideReturns(begin)
        self.start_payments = StartPayments(begin, around.payments, clock)
        self.confirm_payments = ConfirmPayments(begin, around.payments, clock)
        self.sync_payments = SyncPayments(begin, around.payments, clock)
        self.settle_authorizations = SettleAuthorizations(begin, around.payments, clock)
        self.capture_shipped = CaptureShipped(begin, around.payments, clock, self.settle_authorizations)
        self.request_refunds = RequestRefunds(begin)
        self.send_refunds = SendRefunds(begin, around.payments, clock)
        self.sync_disputes = SyncDisputes(begin, around.payments, clock)
        self.set_payout_terms = SetPayoutTerms(begin)
        self.release_earnings = ReleaseEarnings(begin, clock)
        self.claim_payouts = ClaimPayouts(begin)
        self.send_payouts = SendPayouts(begin, around.transfers, clock)
        self.confirm_payouts = ConfirmPayouts(begin, around.transfers, clock)
        self.recover_debts = RecoverDebts(begin, around.transfers, clock)
        self.seal_journal = SealJournal(begin)
        self.verify_chain = VerifyChain(begin)

    def now(self) -> datetime:
        """The present instant."""
        return self.around.clock.now()
