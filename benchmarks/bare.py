"""The limit of a Litestar route: it parses the same JSON and answers the same JSON, and does nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import uvicorn
from litestar import Litestar, get, post
from litestar.params import JSONBody

from quarterturn_api.bodies.orders import OrderBody
from quarterturn_api.routes.orders import OrderAsked

_ORDER = msgspec.json.decode(os.environ["BARE_ORDER"], type=OrderBody) if "BARE_ORDER" in os.environ else None
_PRODUCTS = msgspec.json.decode(os.environ.get("BARE_PRODUCTS", "{}"))


@post("/api/v1/orders")
async def place_order(data: JSONBody[OrderAsked]) -> OrderBody:
    """The same order whatever was asked for."""
    assert data.lines
    assert _ORDER is not None
    return _ORDER


@get("/api/v1/products")
async def list_products() -> dict[str, object]:
    """The same page."""
    return _PRODUCTS  # type: ignore[no-any-return]


@get("/health/ready")
async def ready() -> dict[str, str]:
    """Whether it is up."""
    return {"at": str(datetime.now(UTC)), "id": str(UUID(int=0))}


if __name__ == "__main__":
    app = Litestar([place_order, list_products, ready], openapi_config=None)
    uvicorn.run(app, port=int(os.environ["BARE_PORT"]), access_log=False, log_config=None, server_header=False)
