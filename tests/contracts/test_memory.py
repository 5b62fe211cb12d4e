"""The adapters in memory keep every promise of every port."""

from __future__ import annotations

import pytest

from quarterturn_adapters.memory import MemoryDatabase, MemoryWork
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.testing.contracts.identity import AccountsContract, VendorsContract


class InMemory:
    """Begins on an empty database in memory."""

    @pytest.fixture
    def begin(self) -> Begin[MemoryWork]:
        """Units of work of a new database."""
        return MemoryDatabase().begin


class TestAccounts(InMemory, AccountsContract):
    """Accounts in memory."""


class TestVendors(InMemory, VendorsContract):
    """Vendors in memory."""
