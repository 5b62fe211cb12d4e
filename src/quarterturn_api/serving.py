"""Serving: the application of one of several processes, made from the environment alone."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from multiprocessing import parent_process
from typing import Final

import structlog
from litestar import Litestar

from quarterturn_adapters.garbage import settle
from quarterturn_adapters.orphans import end_when
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.unusable import Unusable
from quarterturn_api.app import create_app
from quarterturn_api.assembly import serving
from quarterturn_api.edge.logs import configure

_AGAIN_SECONDS: Final = 2.0

_log = structlog.stdlib.get_logger("quarterturn.serving")


def app() -> Litestar:
    """An application whose service closes with it: what an ASGI server's `--factory` takes.

    A process that another one began ends with it, and with a sentence when what it stands on cannot be used.
    """
    parent = parent_process()
    if parent is not None:
        end_when(lambda: not parent.is_alive())
    settings = Settings.from_environment()
    configure(settings.log_level)
    stack = ExitStack()
    try:
        service = stack.enter_context(serving(settings))
    except Unusable as unusable:
        _log.error("cannot serve", reason=str(unusable))
        # Whoever began it begins another one at once.
        time.sleep(_AGAIN_SECONDS)
        sys.exit(1)
    made = create_app(service)
    made.on_shutdown.append(stack.close)
    settle()
    return made
