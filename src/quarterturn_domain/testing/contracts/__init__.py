"""Contracts: one class for each port, which the author of an adapter subclasses to know that it keeps the port's promises.

A contract is a class of tests. Its subclass says where the adapter begins a unit of work on an empty database, and is done::

    class TestVendors(VendorsContract):
        @pytest.fixture
        def begin(self) -> Begin[IdentityWork]:
            return MyDatabase.empty().begin
"""

import pytest

# A failing promise shows its values only if pytest may rewrite the assertions of these modules before they are imported.
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{chapter}"
        for chapter in (
            "access",
            "catalog",
            "circuits",
            "clocks_and_ids",
            "database",
            "dispatching",
            "equality",
            "gateways",
            "identity",
            "insights",
            "journal",
            "kernel",
            "mending",
            "ordering",
            "outbox",
            "pages",
            "payments",
            "payouts",
            "pricing",
            "repository",
            "search",
            "settlement",
            "signing_in",
            "stock",
            "webhooks",
            "window",
        )
    )
)
