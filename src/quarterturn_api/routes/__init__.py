"""Routes: a request becomes a command, an outcome becomes JSON; nothing is decided here."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from quarterturn_api.routes import (
    addresses,
    admin_analytics,
    admin_audit,
    admin_catalog,
    admin_circuits,
    admin_dead_letters,
    admin_ledger,
    admin_orders,
    admin_payout_terms,
    admin_payouts,
    admin_refunds,
    admin_terms,
    admin_users,
    admin_vendors,
    auth,
    carts,
    categories,
    keys,
    letters,
    orders,
    payments,
    products,
    sandbox,
    users,
    vendor_deliveries,
    vendor_invitations,
    vendor_members,
    vendor_money,
    vendor_offers,
    vendor_orders,
    vendor_products,
    vendor_profile,
    vendor_returns,
    vendor_stock,
    webhook_endpoints,
    webhooks,
    wellknown,
    wishlists,
)

SANDBOX: Final[tuple[HTTPRouteHandler, ...]] = sandbox.ROUTES
"""What is there while the sandbox is the provider, beside `ROUTES`."""

WELL_KNOWN: Final[tuple[HTTPRouteHandler, ...]] = wellknown.ROUTES
"""What is asked for by machines, at the root."""

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (
    *auth.ROUTES,
    *keys.ROUTES,
    *users.ROUTES,
    *letters.ROUTES,
    *addresses.ROUTES,
    *wishlists.ROUTES,
    *products.ROUTES,
    *categories.ROUTES,
    *carts.ROUTES,
    *orders.ROUTES,
    *payments.ROUTES,
    *webhooks.ROUTES,
    *vendor_profile.ROUTES,
    *vendor_products.ROUTES,
    *vendor_offers.ROUTES,
    *vendor_stock.ROUTES,
    *vendor_orders.ROUTES,
    *vendor_deliveries.ROUTES,
    *vendor_returns.ROUTES,
    *vendor_money.ROUTES,
    *vendor_members.ROUTES,
    *vendor_invitations.ROUTES,
    *webhook_endpoints.ROUTES,
    *admin_users.ROUTES,
    *admin_vendors.ROUTES,
    *admin_terms.ROUTES,
    *admin_catalog.ROUTES,
    *admin_orders.ROUTES,
    *admin_refunds.ROUTES,
    *admin_payouts.ROUTES,
    *admin_payout_terms.ROUTES,
    *admin_ledger.ROUTES,
    *admin_analytics.ROUTES,
    *admin_audit.ROUTES,
    *admin_circuits.ROUTES,
    *admin_dead_letters.ROUTES,
)
"""What is asked for by people and programs, under `/api/v1`."""
