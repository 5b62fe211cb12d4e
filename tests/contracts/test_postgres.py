"""The adapters in PostgreSQL keep every promise of every port, in the newest version and in the oldest that we promise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.databases import running, versions

from quarterturn_adapters.postgres import PostgresDatabase, PostgresWork
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.testing.contracts.access import (
    AddressesContract,
    ApiKeysContract,
    AuditTrailContract,
    LettersContract,
    MembershipsContract,
    RolesContract,
    StandingsContract,
)
from quarterturn_domain.testing.contracts.catalog import CategoriesContract, OffersContract, ProductsContract, WishesContract
from quarterturn_domain.testing.contracts.circuits import CircuitsContract
from quarterturn_domain.testing.contracts.dispatching import DispatchesContract
from quarterturn_domain.testing.contracts.identity import AccountsContract, VendorsContract
from quarterturn_domain.testing.contracts.insights import InsightsContract
from quarterturn_domain.testing.contracts.journal import JournalContract
from quarterturn_domain.testing.contracts.kernel import AnswersContract, UnitOfWorkContract
from quarterturn_domain.testing.contracts.mending import MendingContract
from quarterturn_domain.testing.contracts.ordering import CartsContract, OrdersContract, ReturnsContract
from quarterturn_domain.testing.contracts.outbox import InboxContract, OutboxContract
from quarterturn_domain.testing.contracts.payments import DisputesContract, PaymentsContract, RefundsContract, WebhooksContract
from quarterturn_domain.testing.contracts.payouts import DebtsContract, PayoutsContract, PayoutTermsContract
from quarterturn_domain.testing.contracts.pricing import PriceBooksContract
from quarterturn_domain.testing.contracts.search import SearchContract
from quarterturn_domain.testing.contracts.settlement import EarningsContract
from quarterturn_domain.testing.contracts.signing_in import AttemptsContract, CredentialsContract, SessionsContract
from quarterturn_domain.testing.contracts.stock import KitsContract, LocationsContract, StockContract
from quarterturn_domain.testing.contracts.webhooks import DueContract, EndpointsContract, WebhookDeliveriesContract
from quarterturn_domain.testing.contracts.window import WindowContract


@pytest.fixture(params=versions(), scope="module")
def major(request: pytest.FixtureRequest) -> int:
    """Each version of PostgreSQL whose programs are on this machine."""
    number: int = request.param
    return number


class InPostgres:
    """Begins on an empty database of a real server."""

    @pytest.fixture
    def begin(self, major: int) -> Iterator[Begin[PostgresWork]]:
        """Units of work of a new database."""
        with PostgresDatabase(running(major).database()) as database:
            yield database.begin


class TestAccounts(InPostgres, AccountsContract):
    """Accounts in PostgreSQL."""


class TestAddresses(InPostgres, AddressesContract):
    """Addresses in PostgreSQL."""


class TestApiKeys(InPostgres, ApiKeysContract):
    """API keys in PostgreSQL."""


class TestAttempts(InPostgres, AttemptsContract):
    """Attempts to sign in in PostgreSQL."""


class TestAuditTrail(InPostgres, AuditTrailContract):
    """The audit trail in PostgreSQL."""


class TestCredentials(InPostgres, CredentialsContract):
    """Credentials in PostgreSQL."""


class TestLetters(InPostgres, LettersContract):
    """Letters in PostgreSQL."""


class TestMemberships(InPostgres, MembershipsContract):
    """Memberships in PostgreSQL."""


class TestRoles(InPostgres, RolesContract):
    """Roles in PostgreSQL."""


class TestSessions(InPostgres, SessionsContract):
    """Sessions in PostgreSQL."""


class TestStandings(InPostgres, StandingsContract):
    """Standings in PostgreSQL."""


class TestWishes(InPostgres, WishesContract):
    """Wishes in PostgreSQL."""


class TestAnswers(InPostgres, AnswersContract):
    """Answers in PostgreSQL."""


class TestCarts(InPostgres, CartsContract):
    """Carts in PostgreSQL."""


class TestCategories(InPostgres, CategoriesContract):
    """Categories in PostgreSQL."""


class TestDebts(InPostgres, DebtsContract):
    """Debts in PostgreSQL."""


class TestCircuits(InPostgres, CircuitsContract):
    """Circuits in PostgreSQL."""


class TestDispatches(InPostgres, DispatchesContract):
    """Dispatches in PostgreSQL."""


class TestMending(InPostgres, MendingContract):
    """Mending in PostgreSQL."""


class TestDisputes(InPostgres, DisputesContract):
    """Disputes in PostgreSQL."""


class TestEarnings(InPostgres, EarningsContract):
    """Earnings in PostgreSQL."""


class TestInbox(InPostgres, InboxContract):
    """Inbox in PostgreSQL."""


class TestInsights(InPostgres, InsightsContract):
    """Insights in PostgreSQL."""


class TestJournal(InPostgres, JournalContract):
    """Journal in PostgreSQL."""


class TestKits(InPostgres, KitsContract):
    """Kits in PostgreSQL."""


class TestLocations(InPostgres, LocationsContract):
    """Locations in PostgreSQL."""


class TestOffers(InPostgres, OffersContract):
    """Offers in PostgreSQL."""


class TestOrders(InPostgres, OrdersContract):
    """Orders in PostgreSQL."""


class TestOutbox(InPostgres, OutboxContract):
    """Outbox in PostgreSQL."""


class TestPayments(InPostgres, PaymentsContract):
    """Payments in PostgreSQL."""


class TestPayoutTerms(InPostgres, PayoutTermsContract):
    """Payout terms in PostgreSQL."""


class TestPayouts(InPostgres, PayoutsContract):
    """Payouts in PostgreSQL."""


class TestPriceBooks(InPostgres, PriceBooksContract):
    """Price books in PostgreSQL."""


class TestProducts(InPostgres, ProductsContract):
    """Products in PostgreSQL."""


class TestRefunds(InPostgres, RefundsContract):
    """Refunds in PostgreSQL."""


class TestReturns(InPostgres, ReturnsContract):
    """Returns in PostgreSQL."""


class TestSearch(InPostgres, SearchContract):
    """Search in PostgreSQL."""


class TestStock(InPostgres, StockContract):
    """Stock in PostgreSQL."""


class TestUnitOfWork(InPostgres, UnitOfWorkContract):
    """Unit of work in PostgreSQL."""


class TestVendors(InPostgres, VendorsContract):
    """Vendors in PostgreSQL."""


class TestWebhooks(InPostgres, WebhooksContract):
    """Webhooks in PostgreSQL."""


class TestEndpoints(InPostgres, EndpointsContract):
    """Webhook endpoints in PostgreSQL."""


class TestWebhookDeliveries(InPostgres, WebhookDeliveriesContract):
    """Webhook deliveries in PostgreSQL."""


class TestDue(InPostgres, DueContract):
    """Deliveries that are due, in PostgreSQL."""


class TestWindow(InPostgres, WindowContract):
    """The shop window in PostgreSQL."""
