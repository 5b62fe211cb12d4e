"""Gathering: what is asked at the same moment is read once, for everybody who asks.

While one reading is under way the next questions gather, as orders do at the desk; so a busy moment costs few readings. Those who
were just answered are given a moment to ask again, because two half readings cost more than a whole one. Nobody is answered with
what was read before they asked: a session that was ended a moment ago is ended for the very next request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Generic, TypeVar

from litestar.concurrency import sync_to_thread

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_TURNS: Final = 40
"""So many turns of their loop those who were answered have to come back; an answer, its way and the next question take a few."""

_PATIENCE_SECONDS: Final = 0.005
"""The longest that others wait for them, where turns are long."""


class Gathering(Generic[K, V]):
    """Reads what `find` knows of keys, many at once, in a thread; belongs to one event loop."""

    def __init__(self, find: Callable[[Sequence[K]], Mapping[K, V]]) -> None:
        self._find = find
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}
        self._asking = 0
        self._serving: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """What is known of `key`, or None; raises what the reading raised."""
        # A future of their own each: whoever gives up must not take the answer away from others who wait for the same one.
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        self._asking += 1
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await future

    async def _serve(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                answered, self._asking = self._asking, 0
                try:
                    found = await sync_to_thread(self._find, list(asked))
                except Exception as error:  # noqa: BLE001 - whatever it was, everybody who waits has to hear of it
                    for future in _still_there(asked.values()):
                        future.set_exception(error)
                else:
                    for key, futures in asked.items():
                        value = found.get(key)
                        for future in _still_there([futures]):
                            future.set_result(value)
                await self._gather(answered + self._asking)
        finally:
            self._serving = None

    async def _gather(self, expected: int) -> None:
        """Wait, but only for a moment, until as many ask as can be expected; nobody waits for a single one."""
        loop = asyncio.get_running_loop()
        until, turns = loop.time() + _PATIENCE_SECONDS, 0
        while expected > 1 and self._asking < expected and turns < _TURNS and loop.time() < until:
            await asyncio.sleep(0)
            turns += 1


def _still_there(all_of_them: Iterable[Iterable[asyncio.Future[V | None]]]) -> Iterator[asyncio.Future[V | None]]:
    """Those of all that nobody has given up."""
    return (future for futures in all_of_them for future in futures if not future.done())
