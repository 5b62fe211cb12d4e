"""The unit of work in PostgreSQL: one transaction that reaches every table under the name that its port gives it."""

from __future__ import annotations

from quarterturn_adapters.postgres.access import (
    PostgresAddresses,
    PostgresApiKeys,
    PostgresAttempts,
    PostgresAuditTrail,
    PostgresCredentials,
    PostgresLetters,
    PostgresMemberships,
    PostgresSessions,
    PostgresStandings,
)
from quarterturn_adapters.postgres.catalog import PostgresCategories, PostgresOffers, PostgresProducts, PostgresWishes
from quarterturn_adapters.postgres.circuits import PostgresCircuits
from quarterturn_adapters.postgres.dispatching import PostgresDispatches
from quarterturn_adapters.postgres.earnings import PostgresEarnings
from quarterturn_adapters.postgres.identity import PostgresAccounts, PostgresVendors
from quarterturn_adapters.postgres.insights import PostgresInsights
from quarterturn_adapters.postgres.journal import PostgresJournal
from quarterturn_adapters.postgres.ordering import PostgresCarts, PostgresOrders, PostgresReturns
from quarterturn_adapters.postgres.outbox import PostgresAnswers, PostgresInbox, PostgresOutbox
from quarterturn_adapters.postgres.payments import PostgresDisputes, PostgresPayments, PostgresRefunds, PostgresWebhooks
from quarterturn_adapters.postgres.payouts import PostgresDebts, PostgresPayouts, PostgresPayoutTerms
from quarterturn_adapters.postgres.pricing import Bound, PostgresPriceBooks
from quarterturn_adapters.postgres.search import PostgresShopWindow
from quarterturn_adapters.postgres.statements import Statements
from quarterturn_adapters.postgres.stock import PostgresKits, PostgresLocations, PostgresStock
from quarterturn_adapters.postgres.webhooks import PostgresEndpoints, PostgresWebhookDeliveries
from quarterturn_domain.kernel.ids import Ids


class PostgresWork:
    """One transaction: everything that a use case may read and write.

    Rows of one kind are locked in the order of their keys. Of several kinds the order is: offers, carts, orders, stock items by
    (SKU, location) with their reservations, and balances at the very end. Payments have no place in it and need none: whoever locks
    a payment holds its order first, so that two who want the same payment have met at its order already, whether stock came before
    (a cancellation, whose refund is a reaction) or comes after (a payment that is recorded).
    """

    def __init__(self, statements: Statements, ids: Ids, bound: Bound) -> None:
        self.outbox = PostgresOutbox(statements, ids)
        self.dispatches = PostgresDispatches(statements)
        self.inbox = PostgresInbox(statements)
        self.answers = PostgresAnswers(statements)
        self.accounts = PostgresAccounts(statements)
        self.credentials = PostgresCredentials(statements)
        self.attempts = PostgresAttempts(statements)
        self.sessions = PostgresSessions(statements)
        self.api_keys = PostgresApiKeys(statements)
        self.letters = PostgresLetters(statements)
        self.memberships = PostgresMemberships(statements)
        self.standings = PostgresStandings(statements)
        self.addresses = PostgresAddresses(statements)
        self.audit = PostgresAuditTrail(statements)
        self.circuits = PostgresCircuits(statements)
        self.vendors = PostgresVendors(statements)
        self.categories = PostgresCategories(statements)
        self.products = PostgresProducts(statements)
        self.offers = PostgresOffers(statements)
        self.wishes = PostgresWishes(statements)
        self.locations = PostgresLocations(statements)
        self.kits = PostgresKits(statements)
        self.stock = PostgresStock(statements)
        self.price_books = PostgresPriceBooks(statements, bound)
        self.carts = PostgresCarts(statements)
        self.orders = PostgresOrders(statements)
        self.returns = PostgresReturns(statements)
        self.payments = PostgresPayments(statements)
        self.refunds = PostgresRefunds(statements)
        self.disputes = PostgresDisputes(statements)
        self.webhooks = PostgresWebhooks(statements)
        self.journal = PostgresJournal(statements)
        self.earnings = PostgresEarnings(statements)
        self.payout_terms = PostgresPayoutTerms(statements)
        self.payouts = PostgresPayouts(statements)
        self.debts = PostgresDebts(statements)
        self.endpoints = PostgresEndpoints(statements)
        self.webhook_deliveries = PostgresWebhookDeliveries(statements)
        self.insights = PostgresInsights(statements)
        self.shop_window = PostgresShopWindow(statements, self.products)
