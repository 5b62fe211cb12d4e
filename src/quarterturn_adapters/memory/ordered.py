"""A sorted set that stays cheap to change: a row of short sorted lists."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

Entry: TypeAlias = tuple[Any, ...]
"""What is kept in order; all entries of one set can be compared with each other."""

_FULL: Final = 1_024


class Ordered:
    """Entries in ascending order, each once; adding, dropping and seeking touch one short list, however many entries there are."""

    __slots__ = ("_chunks", "_lasts")

    def __init__(self) -> None:
        self._chunks: list[list[Entry]] = []
        self._lasts: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Put `entry` in its place; nothing happens when it is there."""
        if not self._chunks:
            self._chunks.append([entry])
            self._lasts.append(entry)
            return
        at = bisect_left(self._lasts, entry)
        if at == len(self._chunks):
            at -= 1
            self._chunks[at].append(entry)
            self._lasts[at] = entry
        else:
            chunk = self._chunks[at]
            place = bisect_left(chunk, entry)
            if chunk[place] == entry:
                return
            chunk.insert(place, entry)
        if len(self._chunks[at]) > _FULL:
            self._split(at)

    def discard(self, entry: Entry) -> None:
        """Drop `entry`; nothing happens when it is not there."""
        at = bisect_left(self._lasts, entry)
        if at == len(self._chunks):
            return
        chunk = self._chunks[at]
        place = bisect_left(chunk, entry)
        if chunk[place] != entry:
            return
        del chunk[place]
        if chunk:
            self._lasts[at] = chunk[-1]
        else:
            del self._chunks[at], self._lasts[at]

    def since(self, start: Entry) -> Iterator[Entry]:
        """The entries from `start` on, in order; a shorter tuple comes before all that begin like it."""
        at = bisect_left(self._lasts, start)
        if at == len(self._chunks):
            return
        chunk = self._chunks[at]
        yield from chunk[bisect_left(chunk, start) :]
        for following in self._chunks[at + 1 :]:
            yield from following

    def __iter__(self) -> Iterator[Entry]:
        for chunk in self._chunks:
            yield from chunk

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        half = len(chunk) // 2
        self._chunks[at : at + 1] = [chunk[:half], chunk[half:]]
        self._lasts[at : at + 1] = [chunk[half - 1], chunk[-1]]
