"""The application: every route, and what every request passes, put together in one place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.middleware import DefineMiddleware
from litestar.plugins import PluginProtocol
from litestar.routes import HTTPRoute

from quarterturn_api.edge.access import KnowTheAsker, every_route_has_a_rule
from quarterturn_api.edge.answering import Service
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.documents import describe, documented
from quarterturn_api.edge.door import CORRELATION_HEADER, FrontDoor
from quarterturn_api.edge.refusals import HANDLERS
from quarterturn_api.edge.repeating import AnswerRepeatedReads
from quarterturn_api.edge.responses import Compress, JsonResponse
from quarterturn_api.routes import ROUTES, SANDBOX, WELL_KNOWN

COMPRESSION: Final = CompressionConfig(backend="brotli", brotli_gzip_fallback=True, minimum_size=1_000, brotli_quality=4)
MAX_BODY_BYTES: Final = 1_000_000
THREADS: Final = 8
"""How many synchronous handlers run at once: fewer than the pool of the database has connections, which the desk shares."""


def create_app(service: Service, *, plugins: Sequence[PluginProtocol] = ()) -> Litestar:
    """The ASGI application that answers for `service`; the caller opens and closes the service."""

    @asynccontextmanager
    async def threads(_: Litestar) -> AsyncIterator[None]:
        # Handlers that wait for the database run in these, which end with the loop.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="edge"))
        try:
            yield
        finally:
            await service.limits.close()

    # What a provider has at its own address is ours only where it is our own.
    routes = [*ROUTES, *(SANDBOX if service.provider.sandbox is not None else ())]
    origins = list(service.settings.allowed_origins)
    app = Litestar(
        route_handlers=[*WELL_KNOWN, Router("/api/v1", route_handlers=routes)],
        request_class=Ask,
        response_class=JsonResponse,
        state=State({"service": service}),
        exception_handlers=HANDLERS,
        # From the outermost inwards: what is compressed has its ETag, and has lost the fields that nobody asked for.
        middleware=[DefineMiddleware(Compress, config=COMPRESSION), KnowTheAsker(), AnswerRepeatedReads()],
        cors_config=_cors(origins) if origins else None,
        openapi_config=documented(),
        plugins=[*plugins, *_telemetry()],
        lifespan=[threads],
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
    )
    every_route_has_a_rule(app.routes)
    _tell_every_method(app)
    describe(app)
    app.asgi_handler = FrontDoor(app.asgi_handler, service.metrics, hosts=service.settings.allowed_hosts)
    return app


def _tell_every_method(app: Litestar) -> None:
    """OPTIONS names every method of a path; Litestar's answer names those only of whichever handler was given first."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.http_methods == {"OPTIONS"}:
                    # It has no public setter.
                    handler._fn = route.create_options_handler(route.path).fn  # noqa: SLF001


READ_HEADERS: Final = (
    *("authorization", "content-type", "idempotency-key", "if-none-match", "x-cart-token", "x-correlation-id", "x-vendor-id"),
)
"""Which headers of a request mean something here, so that pages of other origins may send them."""


def _cors(origins: list[str]) -> CORSConfig:
    return CORSConfig(
        allow_origins=origins,
        allow_credentials=True,
        allow_headers=list(READ_HEADERS),
        expose_headers=["etag", "retry-after", CORRELATION_HEADER.lower()],
    )


def _telemetry() -> list[Any]:
    """OpenTelemetry's plugin where it is installed and somebody listens, as `opentelemetry-instrument` sees to.

    Without one its spans go nowhere, and would cost more than everything else that the edge does.
    """
    try:
        from litestar.plugins.opentelemetry import OpenTelemetryConfig, OpenTelemetryPlugin  # noqa: PLC0415
        from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider  # noqa: PLC0415
    except ImportError:
        return []
    return [] if isinstance(get_tracer_provider(), ProxyTracerProvider) else [OpenTelemetryPlugin(OpenTelemetryConfig())]
