"""Gathering: what is asked at the same moment is read once, for everybody who asks.

While one reading is under way the next questions gather, as orders do at the desk; so a busy moment costs few readings. Nobody is
answered with what was read before they asked: a session that was ended a moment ago is ended for the very next request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from litestar.concurrency import sync_to_thread

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathering(Generic[K, V]):
    """Reads what `find` knows of keys, many at once, in a thread; belongs to one event loop."""

    def __init__(self, find: Callable[[Sequence[K]], Mapping[K, V]]) -> None:
        self._find = find
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._serving: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """What is known of `key`, or None; raises what the reading raised."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._serving is None:
                self._serving = asyncio.create_task(self._serve())
        # Whoever gives up must not take the answer away from others who wait for the same one.
        return await asyncio.shield(future)

    async def _serve(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                try:
                    found = await sync_to_thread(self._find, list(asked))
                except Exception as error:  # noqa: BLE001 - whatever it was, everybody who waits has to hear of it
                    for future in asked.values():
                        future.set_exception(error)
                        future.exception()
                else:
                    for key, future in asked.items():
                        future.set_result(found.get(key))
        finally:
            self._serving = None
