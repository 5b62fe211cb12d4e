"""Spelling: how many slips of the finger lie between two words, and which known words somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

SHORTEST_FORGIVEN: Final = 4
"""A word with fewer letters is taken as it is: one slip would make it almost any other."""

LONG: Final = 8
"""From so many letters on, two slips are forgiven."""

MAX_SLIPS: Final = 2
"""More are never forgiven."""


def tolerance(word: str) -> int:
    """How many slips are forgiven in `word`: none, one or two."""
    if len(word) < SHORTEST_FORGIVEN:
        return 0
    return 1 if len(word) < LONG else MAX_SLIPS


def slips(one: str, other: str, limit: int) -> int:
    """How many slips (a letter too much, missing, wrong, or two neighbours swapped) make `one` into `other`; at most `limit` + 1.

    This is Damerau's and Levenshtein's distance in the form of optimal string alignment: nothing is slipped on twice.

    >>> slips("rower", "rwoer", 2), slips("bench", "bensch", 2), slips("mat", "kettlebell", 2)
    (1, 1, 3)
    """
    assert limit >= 0
    beyond = limit + 1
    if abs(len(one) - len(other)) > limit:
        return beyond
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        twice_above, above, row = above, row, [i]
        for j, right in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, twice_above[j - 2] + 1)
            row.append(cost)
        # A swap reaches back two rows: only when both are beyond the limit is there no way back.
        if min(row) > limit and min(above) > limit:
            return beyond
    return min(row[-1], beyond)


def meant(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """Those of `known` that `word` may have been meant to be, in their order: all within its tolerance."""
    limit = tolerance(word)
    return tuple(each for each in known if slips(word, each, limit) <= limit) if limit else ()
