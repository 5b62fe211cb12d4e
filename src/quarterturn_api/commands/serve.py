"""`quarterturn serve`: the API over a database, until it is told to stop; requests that are under way then are answered first."""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from quarterturn_adapters.databases import located, opened
from quarterturn_adapters.garbage import settle
from quarterturn_adapters.settings import Settings
from quarterturn_api.commands.listening import announce, bound, database_in_words, free_port, once_listening, url_of, url_port
from quarterturn_api.commands.statuses import UNUSABLE
from quarterturn_domain.kernel.errors import Invalid

if TYPE_CHECKING:
    from quarterturn_api.edge.answering import Service

GRACE_SECONDS: Final = 30
_HIGHEST_PORT: Final = 65_535


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Serve the API: routes under /api/v1, their description at /schema, health at /health/live and /health/ready, figures at "
        "/metrics. On SIGTERM or Ctrl-C it takes no new requests, answers those under way, and ends."
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1, this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="the port to listen on (default: 8000)")
    parser.add_argument("--workers", type=int, default=1, help="how many processes serve (default: 1)")
    parser.add_argument(
        "--database",
        metavar="WHERE",
        help="`memory`, `embedded`, `embedded:NAME`, or a URL that begins with postgresql:// (default: QUARTERTURN_DATABASE_URL, "
        "else embedded); with several workers not `memory`",
    )


def run(options: argparse.Namespace) -> int:
    """0 when it was told to stop."""
    settings = Settings.from_environment()
    refuse_unless_port(options.port)
    if options.workers < 1:
        raise Invalid(f"{options.workers} workers", "one or more")
    if options.workers > 1:
        return _many(options, settings)
    return serve_one(options.database, settings, host=options.host, port=options.port)


def refuse_unless_port(port: int) -> None:
    """Raise `Invalid` for a number that no port has."""
    if not 0 <= port <= _HIGHEST_PORT:
        raise Invalid(f"the port {port}", f"a number from 0 to {_HIGHEST_PORT}")


def serve_one(database: str | None, settings: Settings, *, host: str, port: int) -> int:
    """Serve in this process."""
    from quarterturn_api.assembly import serving  # noqa: PLC0415 (an extra: who asks for help does not need it)
    from quarterturn_api.edge.logs import configure  # noqa: PLC0415

    configure(settings.log_level)
    with serving(settings, database=database) as service:
        return listen(service, host=host, port=port, told=_announcing(database, settings))


def listen(service: Service, *, host: str, port: int, told: Callable[[str], None] | None = None) -> int:
    """Answer for a service that is open, until told to stop; `told` hears the URL once somebody listens there."""
    import uvicorn  # noqa: PLC0415

    from quarterturn_api.app import create_app  # noqa: PLC0415

    app = create_app(service)
    with bound(host, port) as sockets:
        if told is not None:
            url = url_of(host, url_port(sockets))
            app.on_startup.append(lambda: told(url))
        server = uvicorn.Server(uvicorn.Config(app, **_common(service.settings)))
        # uvicorn stops at the signal, and raises it once more when it has: the service is still to be closed then.
        signal.signal(signal.SIGTERM, lambda *_: None)
        settle()
        # uvicorn leaves with a status of its own when the application did not start; its own line has said why.
        with suppress(SystemExit):
            server.run(sockets=sockets)
    return 0 if server.started else UNUSABLE


def _many(options: argparse.Namespace, settings: Settings) -> int:
    """Serve in several processes, which find the database, and each other's figures, by the environment."""
    import uvicorn  # noqa: PLC0415

    from quarterturn_api.assembly import kept_secret  # noqa: PLC0415
    from quarterturn_api.edge.logs import configure  # noqa: PLC0415
    from quarterturn_api.edge.metrics import SHARED_FOLDER  # noqa: PLC0415

    configure(settings.log_level)
    told = _announcing(options.database, settings)
    with ExitStack() as stack:
        # One database server for all: an embedded one belongs to this process, which outlives those that serve.
        url = stack.enter_context(located(options.database, settings))
        # What keeps all of them from beginning is said once.
        with opened(url, settings):
            port = free_port(options.host, options.port)
        os.environ["QUARTERTURN_DATABASE_URL"] = url
        os.environ.setdefault("QUARTERTURN_SECRET", settings.secret or kept_secret(settings.data_folder))
        os.environ.setdefault(SHARED_FOLDER, stack.enter_context(tempfile.TemporaryDirectory(prefix="quarterturn-metrics-")))
        stack.enter_context(once_listening(options.host, port, partial(told, url_of(options.host, port))))
        uvicorn.run(
            "quarterturn_api.serving:app",
            factory=True,
            host=options.host,
            port=port,
            workers=options.workers,
            **_common(settings),
        )
    return 0


def _announcing(database: str | None, settings: Settings) -> Callable[[str], None]:
    """Says to whoever started it what is served."""
    return partial(announce, database=database_in_words(database, settings), sandbox=settings.stripe_secret_key is None)


def _common(settings: Settings) -> dict[str, Any]:
    from quarterturn_api.edge.wire import InOnePiece  # noqa: PLC0415

    return {
        "access_log": False,
        "date_header": True,
        "forwarded_allow_ips": list(settings.trusted_proxies),
        "http": InOnePiece,
        "log_config": None,
        "proxy_headers": True,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }
