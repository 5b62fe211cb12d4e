"""Serving: the application of one of several processes, made from the environment alone."""

from __future__ import annotations

from contextlib import ExitStack

from litestar import Litestar

from quarterturn_adapters.garbage import settle
from quarterturn_adapters.settings import Settings
from quarterturn_api.app import create_app
from quarterturn_api.assembly import serving
from quarterturn_api.edge.logs import configure


def app() -> Litestar:
    """An application whose service closes with it: what an ASGI server's `--factory` takes."""
    settings = Settings.from_environment()
    configure(settings.log_level)
    stack = ExitStack()
    made = create_app(stack.enter_context(serving(settings)))
    made.on_shutdown.append(stack.close)
    settle()
    return made
