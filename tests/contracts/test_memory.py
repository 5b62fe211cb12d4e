"""The adapters in memory keep every promise of every port."""

from __future__ import annotations

import pytest

from quarterturn_adapters.argon import Argon2Hasher
from quarterturn_adapters.chance import CountedSecrets, PlainHasher, SystemSecrets
from quarterturn_adapters.clock import ManualClock, SystemClock
from quarterturn_adapters.ids import SeededIds, SystemIds
from quarterturn_adapters.memory import MemoryDatabase, MemoryWork
from quarterturn_domain.identity.password import PasswordHasher
from quarterturn_domain.identity.secret import Secrets
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.ids import Ids
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
from quarterturn_domain.testing.contracts.clocks_and_ids import ClockContract, IdsContract
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
from quarterturn_domain.testing.contracts.signing_in import (
    AttemptsContract,
    CredentialsContract,
    HasherContract,
    SecretsContract,
    SessionsContract,
)
from quarterturn_domain.testing.contracts.stock import KitsContract, LocationsContract, StockContract
from quarterturn_domain.testing.contracts.webhooks import DueContract, EndpointsContract, WebhookDeliveriesContract
from quarterturn_domain.testing.contracts.window import WindowContract
from quarterturn_domain.testing.samples import START


class InMemory:
    """Begins on an empty database in memory."""

    @pytest.fixture
    def begin(self) -> Begin[MemoryWork]:
        """Units of work of a new database."""
        return MemoryDatabase().begin


class TestAccounts(InMemory, AccountsContract):
    """Accounts in memory."""


class TestAddresses(InMemory, AddressesContract):
    """Addresses in memory."""


class TestApiKeys(InMemory, ApiKeysContract):
    """API keys in memory."""


class TestAttempts(InMemory, AttemptsContract):
    """Attempts to sign in in memory."""


class TestAuditTrail(InMemory, AuditTrailContract):
    """The audit trail in memory."""


class TestCredentials(InMemory, CredentialsContract):
    """Credentials in memory."""


class TestLetters(InMemory, LettersContract):
    """Letters in memory."""


class TestMemberships(InMemory, MembershipsContract):
    """Memberships in memory."""


class TestRoles(InMemory, RolesContract):
    """Roles in memory."""


class TestSessions(InMemory, SessionsContract):
    """Sessions in memory."""


class TestStandings(InMemory, StandingsContract):
    """Standings in memory."""


class TestWishes(InMemory, WishesContract):
    """Wishes in memory."""


class TestAnswers(InMemory, AnswersContract):
    """Answers in memory."""


class TestCarts(InMemory, CartsContract):
    """Carts in memory."""


class TestCategories(InMemory, CategoriesContract):
    """Categories in memory."""


class TestDebts(InMemory, DebtsContract):
    """Debts in memory."""


class TestCircuits(InMemory, CircuitsContract):
    """Circuits in memory."""


class TestDispatches(InMemory, DispatchesContract):
    """Dispatches in memory."""


class TestMending(InMemory, MendingContract):
    """Mending in memory."""


class TestDisputes(InMemory, DisputesContract):
    """Disputes in memory."""


class TestEarnings(InMemory, EarningsContract):
    """Earnings in memory."""


class TestInbox(InMemory, InboxContract):
    """Inbox in memory."""


class TestInsights(InMemory, InsightsContract):
    """Insights in memory."""


class TestJournal(InMemory, JournalContract):
    """Journal in memory."""


class TestKits(InMemory, KitsContract):
    """Kits in memory."""


class TestLocations(InMemory, LocationsContract):
    """Locations in memory."""


class TestOffers(InMemory, OffersContract):
    """Offers in memory."""


class TestOrders(InMemory, OrdersContract):
    """Orders in memory."""


class TestOutbox(InMemory, OutboxContract):
    """Outbox in memory."""


class TestPayments(InMemory, PaymentsContract):
    """Payments in memory."""


class TestPayoutTerms(InMemory, PayoutTermsContract):
    """Payout terms in memory."""


class TestPayouts(InMemory, PayoutsContract):
    """Payouts in memory."""


class TestPriceBooks(InMemory, PriceBooksContract):
    """Price books in memory."""


class TestProducts(InMemory, ProductsContract):
    """Products in memory."""


class TestRefunds(InMemory, RefundsContract):
    """Refunds in memory."""


class TestReturns(InMemory, ReturnsContract):
    """Returns in memory."""


class TestSearch(InMemory, SearchContract):
    """Search in memory."""


class TestStock(InMemory, StockContract):
    """Stock in memory."""


class TestUnitOfWork(InMemory, UnitOfWorkContract):
    """Unit of work in memory."""


class TestVendors(InMemory, VendorsContract):
    """Vendors in memory."""


class TestWebhooks(InMemory, WebhooksContract):
    """Webhooks in memory."""


class TestClock(ClockContract):
    """The clocks that need nothing."""

    @pytest.fixture(params=["system", "manual"])
    def clock(self, request: pytest.FixtureRequest) -> Clock:
        """Each of them."""
        return SystemClock() if request.param == "system" else ManualClock(START)


class TestIds(IdsContract):
    """The makers of ids that need nothing."""

    @pytest.fixture(params=["system", "seeded"])
    def ids(self, request: pytest.FixtureRequest) -> Ids:
        """Each of them."""
        return SystemIds() if request.param == "system" else SeededIds(1)


class TestHasher(HasherContract):
    """The hashers of passwords: Argon2id, as cheap as it can be, and the one for tests."""

    @pytest.fixture(params=["argon2id", "plain"])
    def which(self, request: pytest.FixtureRequest) -> str:
        """Each of them."""
        name: str = request.param
        return name

    @pytest.fixture
    def hasher(self, which: str) -> PasswordHasher:
        """The hasher."""
        return Argon2Hasher(memory_kib=8, passes=1) if which == "argon2id" else PlainHasher()

    @pytest.fixture
    def costlier(self, which: str) -> PasswordHasher:
        """The same, when a hash has to cost more."""
        return Argon2Hasher(memory_kib=16, passes=2) if which == "argon2id" else PlainHasher(2)


class TestSecrets(SecretsContract):
    """The makers of secrets."""

    @pytest.fixture(params=["system", "counted"])
    def secrets(self, request: pytest.FixtureRequest) -> Secrets:
        """Each of them."""
        return SystemSecrets() if request.param == "system" else CountedSecrets()


class TestEndpoints(InMemory, EndpointsContract):
    """Webhook endpoints in memory."""


class TestWebhookDeliveries(InMemory, WebhookDeliveriesContract):
    """Webhook deliveries in memory."""


class TestDue(InMemory, DueContract):
    """Deliveries that are due, in memory."""


class TestWindow(InMemory, WindowContract):
    """The shop window in memory."""
