"""The adapters in memory keep every promise of every port."""

from __future__ import annotations

import pytest

from quarterturn_adapters.memory import MemoryDatabase, MemoryWork
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.testing.contracts.catalog import CategoriesContract, OffersContract, ProductsContract
from quarterturn_domain.testing.contracts.identity import AccountsContract, VendorsContract
from quarterturn_domain.testing.contracts.ordering import CartsContract, OrdersContract, ReturnsContract
from quarterturn_domain.testing.contracts.payments import DisputesContract, PaymentsContract, RefundsContract
from quarterturn_domain.testing.contracts.pricing import PriceBooksContract
from quarterturn_domain.testing.contracts.stock import KitsContract, LocationsContract, StockContract


class InMemory:
    """Begins on an empty database in memory."""

    @pytest.fixture
    def begin(self) -> Begin[MemoryWork]:
        """Units of work of a new database."""
        return MemoryDatabase().begin


class TestAccounts(InMemory, AccountsContract):
    """Accounts in memory."""


class TestCarts(InMemory, CartsContract):
    """Carts in memory."""


class TestCategories(InMemory, CategoriesContract):
    """Categories in memory."""


class TestDisputes(InMemory, DisputesContract):
    """Disputes in memory."""


class TestKits(InMemory, KitsContract):
    """Kits in memory."""


class TestLocations(InMemory, LocationsContract):
    """Locations in memory."""


class TestOffers(InMemory, OffersContract):
    """Offers in memory."""


class TestOrders(InMemory, OrdersContract):
    """Orders in memory."""


class TestPayments(InMemory, PaymentsContract):
    """Payments in memory."""


class TestPriceBooks(InMemory, PriceBooksContract):
    """Price books in memory."""


class TestProducts(InMemory, ProductsContract):
    """Products in memory."""


class TestRefunds(InMemory, RefundsContract):
    """Refunds in memory."""


class TestReturns(InMemory, ReturnsContract):
    """Returns in memory."""


class TestStock(InMemory, StockContract):
    """Stock in memory."""


class TestVendors(InMemory, VendorsContract):
    """Vendors in memory."""
