"""Limits: how often one may ask, by address, by account, and by what is asked for; in memory, or in Redis for all machines."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from math import ceil
from time import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from litestar.exceptions import TooManyRequestsException

from quarterturn_adapters.settings import LIMITS


class Limit(StrEnum):
    """What is limited, each by itself."""

    PUBLIC = "public"
    SIGNED_IN = "signed-in"
    PAYMENTS = "payments"
    ADMIN = "admin"
    NONE = "none"
    """For who keeps the service running."""


PER_MINUTE: Final[Mapping[Limit, int]] = {Limit(name): count for name, count in LIMITS.items()}
"""How many requests a minute each takes, unless the settings say otherwise."""


class Limits:
    """Counts requests in a moving window of a minute."""

    def __init__(self, per_minute: Mapping[Limit, int] = PER_MINUTE, *, redis_url: str | None = None) -> None:
        """`per_minute` of 0 is no limit; with `redis_url` all machines count together."""
        self._storage: Storage = (
            RedisStorage(f"async+{redis_url}", implementation="redispy") if redis_url is not None else MemoryStorage()
        )
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._items = {limit: RateLimitItemPerMinute(count) for limit, count in per_minute.items() if count}

    async def take(self, limit: Limit, whose: str) -> None:
        """Count one request of `whose`, or refuse it with 429 and when to come again."""
        item = self._items.get(limit)
        if item is None or await self._limiter.hit(item, limit.value, whose):
            return
        window = await self._limiter.get_window_stats(item, limit.value, whose)
        wait = max(1, ceil(window.reset_time - time()))
        raise TooManyRequestsException(
            f"More than {item.amount} requests a minute; ask again in {wait} s",
            headers={"Retry-After": str(wait)},
            extra={"limit": item.amount, "retryAfterSeconds": wait},
            status_code=HTTPStatus.TOO_MANY_REQUESTS,
        )
