"""Health and figures, for whoever keeps the service running."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from threading import Thread
from typing import Final, Literal
from weakref import WeakKeyDictionary

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

from quarterturn_api.edge.access import everybody
from quarterturn_api.edge.answering import Service
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Body
from quarterturn_api.edge.limits import Limit
from quarterturn_api.edge.metrics import CONTENT_TYPE
from quarterturn_domain.kernel.errors import Unavailable

_PATIENCE_SECONDS: Final = 3.0
"""How long whoever asks for readiness is kept waiting; they wait five seconds themselves."""

_looks: Final[WeakKeyDictionary[Service, Future[None]]] = WeakKeyDictionary()
"""The last look at each service's database."""


class Health(Body):
    """That it answers at all says most of it."""

    status: Literal["ok"] = "ok"


@get("/health/live", summary="Whether the process runs", tags=["operations"], sync_to_thread=False, **everybody(Limit.NONE))
def live() -> Health:
    """It answers, so it lives."""
    return Health()


@get("/health/ready", summary="Whether requests can be served", tags=["operations"], **everybody(Limit.NONE))
async def ready(request: Ask) -> Health:
    """200 when the database answers; 503 when it does not, or not soon."""
    try:
        await asyncio.wait_for(asyncio.wrap_future(_look(request.service)), _PATIENCE_SECONDS)
    except TimeoutError:
        raise Unavailable("The database", 1) from None
    return Health()


def _look(service: Service) -> Future[None]:
    """The look at the database that is under way, or a new one: however many ask, one thread waits for it."""
    found = _looks.get(service)
    if found is None or found.done():
        found = _looks[service] = Future()
        # Whoever gives up leaves it to the others.
        found.set_running_or_notify_cancel()
        Thread(target=_look_now, args=(service, found), name="ready", daemon=True).start()
    return found


def _look_now(service: Service, found: Future[None]) -> None:
    try:
        with service.application.begin() as work:
            work.vendors.page(None, 1)
    except BaseException as failure:  # noqa: BLE001 - whoever asked hears of it
        found.set_exception(failure)
    else:
        found.set_result(None)


@get(
    "/metrics",
    summary="Figures for Prometheus",
    tags=["operations"],
    media_type=MediaType.TEXT,
    # Some figures are read from the database: while it is away, everybody else must not wait for them.
    sync_to_thread=True,
    **everybody(Limit.NONE),
)
def metrics(request: Ask) -> Response[bytes]:
    """The figures of this process, or of all that share a folder."""
    # Whatever is a text gets a charset of Litestar's, and Prometheus refuses a type that names two.
    return Response(request.service.metrics.exposed(), media_type=CONTENT_TYPE.removesuffix("; charset=utf-8"))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (live, ready, metrics)
