"""Pages: a list read bit by bit is the list, whatever the size of the bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")


def leafed(read: Callable[[A | None, int], Sequence[T]], place: Callable[[T], A], limit: int) -> list[T]:
    """All that `read(after, limit)` gives, page after page, each asked for behind the `place` of the last one's end."""
    whole: list[T] = []
    after: A | None = None
    while page := list(read(after, limit)):
        assert len(page) <= limit, "a page has at most `limit` rows"
        whole += page
        assert len(whole) < 1_000, "the pages do not come to an end"
        after = place(page[-1])
    return whole
