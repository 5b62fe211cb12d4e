"""Routes: a request becomes a command, an outcome becomes JSON; nothing is decided here."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from quarterturn_api.routes import orders, wellknown

WELL_KNOWN: Final[tuple[HTTPRouteHandler, ...]] = wellknown.ROUTES
"""What is asked for by machines, at the root."""

ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (*orders.ROUTES,)
"""What is asked for by people and programs, under `/api/v1`."""
