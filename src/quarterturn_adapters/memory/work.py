"""The database in memory, and the unit of work that reaches every table of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.memory.catalog import MemoryCategories, MemoryOffers, MemoryProducts, MemoryWishes
from quarterturn_adapters.memory.circuits import MemoryCircuits
from quarterturn_adapters.memory.dispatching import MemoryDispatches
from quarterturn_adapters.memory.identity import (
    MemoryAccounts,
    MemoryAddresses,
    MemoryApiKeys,
    MemoryAttempts,
    MemoryAuditTrail,
    MemoryCredentials,
    MemoryLetters,
    MemoryMemberships,
    MemorySessions,
    MemoryStandings,
    MemoryVendors,
)
from quarterturn_adapters.memory.insights import MemoryInsights
from quarterturn_adapters.memory.ordering import MemoryCarts, MemoryOrders, MemoryReturns
from quarterturn_adapters.memory.outbox import MemoryAnswers, MemoryInbox, MemoryOutbox
from quarterturn_adapters.memory.payments import MemoryDisputes, MemoryPayments, MemoryRefunds, MemoryWebhooks
from quarterturn_adapters.memory.payouts import MemoryDebts, MemoryPayouts, MemoryPayoutTerms
from quarterturn_adapters.memory.pricing import MemoryPriceBooks
from quarterturn_adapters.memory.search import Catalog, MemoryShopWindow
from quarterturn_adapters.memory.settlement import MemoryEarnings, MemoryJournal
from quarterturn_adapters.memory.stock import MemoryKits, MemoryLocations, MemoryStock
from quarterturn_adapters.memory.tables import Transactions
from quarterturn_adapters.memory.webhooks import MemoryEndpoints, MemoryWebhookDeliveries
from quarterturn_domain.kernel.ids import Ids


class MemoryWork:
    """One transaction: everything that a use case may read and write, under the name that its port gives it."""

    def __init__(self, transactions: Transactions, ids: Ids) -> None:
        self.dispatches = MemoryDispatches(transactions)
        self.outbox = MemoryOutbox(transactions, ids, self.dispatches)
        self.inbox = MemoryInbox(transactions)
        self.answers = MemoryAnswers(transactions)
        self.accounts = MemoryAccounts(transactions)
        self.credentials = MemoryCredentials(transactions)
        self.attempts = MemoryAttempts(transactions)
        self.sessions = MemorySessions(transactions)
        self.api_keys = MemoryApiKeys(transactions)
        self.letters = MemoryLetters(transactions)
        self.memberships = MemoryMemberships(transactions)
        self.standings = MemoryStandings(self.accounts, self.memberships, self.sessions, self.api_keys)
        self.addresses = MemoryAddresses(transactions)
        self.audit = MemoryAuditTrail(transactions)
        self.circuits = MemoryCircuits(transactions)
        self.vendors = MemoryVendors(transactions)
        self.categories = MemoryCategories(transactions)
        self.products = MemoryProducts(transactions)
        self.offers = MemoryOffers(transactions, self.vendors, self.categories, self.products)
        self.wishes = MemoryWishes(transactions)
        self.locations = MemoryLocations(transactions)
        self.kits = MemoryKits(transactions)
        self.stock = MemoryStock(transactions, self.kits, self.locations)
        self.price_books = MemoryPriceBooks(transactions)
        self.carts = MemoryCarts(transactions)
        self.orders = MemoryOrders(transactions)
        self.returns = MemoryReturns(transactions)
        self.payments = MemoryPayments(transactions)
        self.refunds = MemoryRefunds(transactions, self.orders)
        self.disputes = MemoryDisputes(transactions)
        self.webhooks = MemoryWebhooks(transactions)
        self.journal = MemoryJournal(transactions)
        self.earnings = MemoryEarnings(transactions)
        self.payout_terms = MemoryPayoutTerms(transactions)
        self.payouts = MemoryPayouts(transactions)
        self.debts = MemoryDebts(transactions)
        self.endpoints = MemoryEndpoints(transactions)
        self.webhook_deliveries = MemoryWebhookDeliveries(transactions)
        self.insights = MemoryInsights(self.carts, self.orders, self.products, self.refunds, self.journal)
        shown = Catalog(self.vendors, self.categories, self.products, self.offers, self.locations, self.kits, self.stock)
        self.shop_window = MemoryShopWindow(transactions, shown)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            """A bug: what a unit of work reaches is taken from it when it ends."""
            raise AssertionError(f"no {name}: the unit of work is over, or never reached that")


class MemoryDatabase:
    """Everything that a marketplace remembers, in this process: transactional and safe to share among threads.

    Transactions run one after the other, so that nothing deadlocks and nobody sees what is not committed. What a running shop does
    often costs the same however much there is.
    """

    def __init__(self, ids: Ids | None = None) -> None:
        """An empty database; `ids` names the messages of the outbox."""
        self.ring: Callable[[], None] = _nobody
        """Called after a commit that had events."""
        self._transactions = Transactions()
        self._reach = MemoryWork(self._transactions, ids or SystemIds())

    @contextmanager
    def begin(self) -> Iterator[MemoryWork]:
        """A unit of work, once those of other threads are over: leaving the block commits, an exception takes everything back.

        Waiting inside one for another would take forever, so a second one in the same thread is an `AssertionError`.
        """
        with self._transactions.one():
            self._reach.outbox.begin()
            work = object.__new__(MemoryWork)
            vars(work).update(vars(self._reach))
            try:
                yield work
                rung = bool(self._reach.outbox.appended())
            finally:
                vars(work).clear()
        if rung:
            self.ring()


def _nobody() -> None:
    """Nobody waits for events."""
