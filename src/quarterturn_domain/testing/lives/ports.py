"""What a life needs around it: the use cases of a shop, and the customers, banks and time outside."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from quarterturn_domain.catalog.categorising import PlaceCategories
from quarterturn_domain.catalog.describing import DescribeProducts
from quarterturn_domain.catalog.offering import MakeOffers
from quarterturn_domain.catalog.publishing import MoveProducts
from quarterturn_domain.identity.onboarding import ApplyAsVendors, GovernVendors
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import Ids
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.cancelling import CancelOrders
from quarterturn_domain.ordering.carting import FillCarts, MergeCarts
from quarterturn_domain.ordering.checkout import CheckOutCarts
from quarterturn_domain.ordering.expiring import ExpireOrders
from quarterturn_domain.ordering.fulfilling import FulfilVendorOrders
from quarterturn_domain.ordering.placing import PlaceOrders
from quarterturn_domain.ordering.returning import DecideReturns, RequestReturns
from quarterturn_domain.payments.capturing import CaptureShipped
from quarterturn_domain.payments.disputing import SyncDisputes
from quarterturn_domain.payments.refunding import RequestRefunds
from quarterturn_domain.payments.sending import RetryRefunds, SendRefunds
from quarterturn_domain.payments.taking import (
    ConfirmPayments,
    SettleAuthorizations,
    StartPayments,
    SyncPayments,
)
from quarterturn_domain.payouts.claiming import ClaimPayouts
from quarterturn_domain.payouts.enrolling import EnrolVendors
from quarterturn_domain.payouts.paying import ConfirmPayouts, SendPayouts
from quarterturn_domain.payouts.ports import PayoutsWork
from quarterturn_domain.payouts.reconciling import Reconcile
from quarterturn_domain.payouts.recovering import RecoverDebts
from quarterturn_domain.payouts.releasing import ReleaseEarnings, SetPayoutTerms
from quarterturn_domain.pricing.ruling import RuleTerms
from quarterturn_domain.settlement.reading import ReadBooks
from quarterturn_domain.settlement.sealing import SealJournal, VerifyChain
from quarterturn_domain.stock.receiving import MoveStocks, OpenLocations
from quarterturn_domain.testing.contracts.gateways.drivers import BankAccount, Means


class Relays(Protocol):
    """What delivers the outbox."""

    def drain(self) -> object:
        """Deliver what waits."""
        ...


class Shop(Protocol):
    """The use cases that a life needs, by the names that `quarterturn_adapters.bootstrap.Application` gives them."""

    @property
    def relay(self) -> Relays: ...  # noqa: D102

    @property
    def begin(self) -> Begin[PayoutsWork]: ...  # noqa: D102

    @property
    def clock(self) -> Clock: ...  # noqa: D102

    @property
    def ids(self) -> Ids: ...  # noqa: D102

    @property
    def apply_as_vendors(self) -> ApplyAsVendors: ...  # noqa: D102

    @property
    def govern_vendors(self) -> GovernVendors: ...  # noqa: D102

    @property
    def place_categories(self) -> PlaceCategories: ...  # noqa: D102

    @property
    def describe_products(self) -> DescribeProducts: ...  # noqa: D102

    @property
    def move_products(self) -> MoveProducts: ...  # noqa: D102

    @property
    def make_offers(self) -> MakeOffers: ...  # noqa: D102

    @property
    def open_locations(self) -> OpenLocations: ...  # noqa: D102

    @property
    def move_stocks(self) -> MoveStocks: ...  # noqa: D102

    @property
    def rule_terms(self) -> RuleTerms: ...  # noqa: D102

    @property
    def fill_carts(self) -> FillCarts: ...  # noqa: D102

    @property
    def merge_carts(self) -> MergeCarts: ...  # noqa: D102

    @property
    def check_out_carts(self) -> CheckOutCarts: ...  # noqa: D102

    @property
    def place_orders(self) -> PlaceOrders: ...  # noqa: D102

    @property
    def expire_orders(self) -> ExpireOrders: ...  # noqa: D102

    @property
    def fulfil_vendor_orders(self) -> FulfilVendorOrders: ...  # noqa: D102

    @property
    def cancel_orders(self) -> CancelOrders: ...  # noqa: D102

    @property
    def request_returns(self) -> RequestReturns: ...  # noqa: D102

    @property
    def decide_returns(self) -> DecideReturns: ...  # noqa: D102

    @property
    def start_payments(self) -> StartPayments: ...  # noqa: D102

    @property
    def confirm_payments(self) -> ConfirmPayments: ...  # noqa: D102

    @property
    def sync_payments(self) -> SyncPayments: ...  # noqa: D102

    @property
    def settle_authorizations(self) -> SettleAuthorizations: ...  # noqa: D102

    @property
    def capture_shipped(self) -> CaptureShipped: ...  # noqa: D102

    @property
    def request_refunds(self) -> RequestRefunds: ...  # noqa: D102

    @property
    def send_refunds(self) -> SendRefunds: ...  # noqa: D102

    @property
    def retry_refunds(self) -> RetryRefunds: ...  # noqa: D102

    @property
    def sync_disputes(self) -> SyncDisputes: ...  # noqa: D102

    @property
    def seal_journal(self) -> SealJournal: ...  # noqa: D102

    @property
    def verify_chain(self) -> VerifyChain: ...  # noqa: D102

    @property
    def read_books(self) -> ReadBooks: ...  # noqa: D102

    @property
    def set_payout_terms(self) -> SetPayoutTerms: ...  # noqa: D102

    @property
    def enrol_vendors(self) -> EnrolVendors: ...  # noqa: D102

    @property
    def release_earnings(self) -> ReleaseEarnings: ...  # noqa: D102

    @property
    def claim_payouts(self) -> ClaimPayouts: ...  # noqa: D102

    @property
    def send_payouts(self) -> SendPayouts: ...  # noqa: D102

    @property
    def confirm_payouts(self) -> ConfirmPayouts: ...  # noqa: D102

    @property
    def recover_debts(self) -> RecoverDebts: ...  # noqa: D102

    @property
    def reconcile(self) -> Reconcile: ...  # noqa: D102


class Outside(Protocol):
    """The customers, the banks and the passing of time."""

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        ...

    def means(self, means: Means) -> str:
        """The provider's token for a means of payment that behaves so."""
        ...

    def authenticate(self, reference: str, *, succeed: bool) -> None:
        """The customer does what a payment requires, or fails to; refused when it requires nothing."""
        ...

    def open_dispute(self, reference: str, thousandths: int) -> str:
        """The customer disputes so much of what a payment has left; the dispute's reference; refused when nothing is left."""
        ...

    def close_dispute(self, reference: str, *, won: bool) -> None:
        """The bank decides."""
        ...

    def onboard(self, account: str, bank: BankAccount) -> None:
        """A vendor gives everything that its account lacks, with such a bank account."""
        ...

    def balance(self, currency: Currency) -> Money:
        """What the platform has at the provider."""
        ...

    def fail(self, method: str, how: str) -> None:
        """Let the next call of a method fail: `unavailable`, `lost_request` or `lost_answer`."""
        ...

    def heal(self) -> None:
        """Let everything work again."""
        ...
