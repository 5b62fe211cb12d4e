"""Ranking: what a word that was found counts for: whole before its beginning before misspelled, in the title before elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

WEIGHTS: Final = "ABCD"
"""The fields of a product, by the letters that PostgreSQL has for them: title, categories, vendors, description."""

_POINTS: Final = {"A": 4, "B": 3, "C": 2, "D": 1}
_WHOLE: Final = 8
_BEGINNING: Final = 4


@attrs.frozen
class Term:
    """A wanted word; `meant` are the words that take its place where nothing known begins like it."""

    word: str
    meant: tuple[str, ...] = ()


@attrs.frozen
class Tier:
    """One way to be found: by one of `words`, or by what begins with it, in one field."""

    words: tuple[str, ...]
    beginning: bool
    weight: str
    points: int


def tiers(term: Term) -> Iterator[Tier]:
    """Every way that `term` may be found, the best first."""
    if term.meant:
        for weight in WEIGHTS:
            yield Tier(term.meant, beginning=False, weight=weight, points=_POINTS[weight])
        return
    # A single letter begins almost everything, and an ideograph is a whole word.
    ways = ((False, _WHOLE), (True, _BEGINNING)) if len(term.word) > 1 else ((False, _WHOLE),)
    for beginning, points in ways:
        for weight in WEIGHTS:
            yield Tier((term.word,), beginning, weight, points + _POINTS[weight])


def points(terms: Sequence[Term], found: Mapping[str, str]) -> int | None:
    """What a product counts for whose words are `found`, each with the letters of its fields; None unless it has every term."""
    total = 0
    for term in terms:
        best = next((tier.points for tier in tiers(term) if _hit(tier, found)), None)
        if best is None:
            return None
        total += best
    return total


def _hit(tier: Tier, found: Mapping[str, str]) -> bool:
    if not tier.beginning:
        return any(tier.weight in found.get(word, "") for word in tier.words)
    return any(tier.weight in weights and word.startswith(tier.words) for word, weights in found.items())
