"""Orphans: a process that another one began does not outlive it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

_LOOK_SECONDS: Final = 1.0

_log = structlog.stdlib.get_logger("quarterturn.orphans")


def end_when(gone: Callable[[], bool]) -> None:
    """Tell this process to stop, as by SIGTERM, a second at most after whoever began it is `gone`."""

    def look() -> None:
        while not gone():
            time.sleep(_LOOK_SECONDS)
        _log.warning("the process that began this one is gone; it ends, too")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, name="orphans", daemon=True).start()
