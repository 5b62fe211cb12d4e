"""Idempotency keys as Stripe's v1 has them: the first answer is kept for a day, and given again for the same request.

An answer is kept once execution has begun, a refusal included. Values that make no sense are refused before that and not kept.
Source: docs.stripe.com/api/idempotent_requests.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from quarterturn_domain.payments.gateway import GatewayRefused

T = TypeVar("T")
Params: TypeAlias = tuple[str | int | None, ...]
"""What was asked: the method's name first, then its values."""

KEPT_FOR: Final = timedelta(hours=24)
LONGEST_KEY: Final = 255


@attrs.frozen
class Kept:
    """What was asked under a key, when, and what was answered: a value or a refusal."""

    key: str
    params: Params
    at: datetime
    answer: Any


class Keys:
    """The keys of the last day."""

    __slots__ = ("_by_age", "_kept")

    def __init__(self, kept: Sequence[Kept] = ()) -> None:
        self._kept = {each.key: each for each in kept}
        self._by_age = deque(kept)

    def once(self, key: str, params: Params, now: datetime, check: Callable[[], None], act: Callable[[], T]) -> T:
        """The first answer to this request: `check` raises what is not kept, `act` does it and its refusal is kept."""
        if not 0 < len(key) <= LONGEST_KEY:
            raise GatewayRefused("idempotency_key_invalid", f"an idempotency key has 1 to {LONGEST_KEY} characters")
        known = self._kept.get(key)
        if known is not None and now - known.at < KEPT_FOR:
            answer: T = _again(known, params)
            return answer
        check()
        try:
            answer = act()
        except GatewayRefused as refusal:
            self._keep(Kept(key, params, now, refusal))
            raise
        self._keep(Kept(key, params, now, answer))
        return answer

    def kept(self) -> Sequence[Kept]:
        """Every answer that is kept, oldest first."""
        return tuple(each for each in self._by_age if self._kept.get(each.key) is each)

    def _keep(self, new: Kept) -> None:
        self._kept[new.key] = new
        by_age = self._by_age
        by_age.append(new)
        while new.at - by_age[0].at >= KEPT_FOR:
            old = by_age.popleft()
            if self._kept.get(old.key) is old:
                del self._kept[old.key]


def _again(known: Kept, params: Params) -> Any:  # noqa: ANN401
    if known.params != params:
        raise GatewayRefused("idempotency_error", f"the key {known.key} was used before with other parameters; use a new key")
    if isinstance(known.answer, GatewayRefused):
        # A new one, so that threads do not share a traceback.
        raise GatewayRefused(known.answer.reason, known.answer.sentence)
    return known.answer
