"""Elsewhere: what asks the payment provider runs in threads of its own, so that one who is slow keeps nobody else waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Semaphore
from typing import Final, ParamSpec, TypeVar

from quarterturn_domain.kernel.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")

THREADS: Final = 8
WAITING: Final = 64
"""How many may wait for a thread; whoever comes then is told so at once, and to come again."""


class Elsewhere:
    """Threads for those who wait for somebody outside."""

    def __init__(self, threads: int = THREADS, waiting: int = WAITING) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="elsewhere")
        self._room = Semaphore(threads + waiting)

    async def ask(self, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `act` answers, or raises; `Unavailable` when too many wait already."""
        if not self._room.acquire(blocking=False):
            raise Unavailable("The payment provider (too many are waiting)", 1)
        running = self._threads.submit(copy_context().run, partial(act, *args, **kwargs))
        # Also after whoever asked has given up: there is room again when the thread is free.
        running.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(running)

    def close(self) -> None:
        """Begin nothing more; what was begun ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
