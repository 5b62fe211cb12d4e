"""Limits: how often one may ask, by address, by account, and by what is asked for; in memory, or in Redis for all machines."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Network, ip_address
from math import ceil
from time import time
from typing import Final

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from litestar.exceptions import TooManyRequestsException
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from quarterturn_adapters.variables import LIMITS


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


_PATIENCE: Final = 1.0
"""How many seconds Redis may take: whoever asks waits for it."""

_REMEMBERED: Final = 4_096

_log = structlog.stdlib.get_logger("quarterturn.edge")


class Limits:
    """Counts requests in a moving window of a minute."""

    def __init__(self, per_minute: Mapping[Limit, int] = PER_MINUTE, *, redis_url: str | None = None) -> None:
        """`per_minute` of 0 is no limit; with `redis_url` all machines count together, each for itself while Redis is away."""
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._together: MovingWindowRateLimiter | None = None
        self._pool: ConnectionPool | None = None
        if redis_url is not None:
            self._pool = ConnectionPool.from_url(redis_url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
            uri = f"async+{redis_url}"
            # Its options are typed as those that stand in a URL; the pool is documented.
            storage = RedisStorage(uri, implementation="redispy", connection_pool=self._pool)  # type: ignore[arg-type]
            self._together = MovingWindowRateLimiter(storage)
        self._items = {limit: RateLimitItemPerMinute(count) for limit, count in per_minute.items() if count}

    def counts(self, limit: Limit) -> bool:
        """Whether anything is limited by it."""
        return limit in self._items

    async def take(self, limit: Limit, whose: str) -> None:
        """Count one request of `whose`, or refuse it with 429 and when to come again."""
        item = self._items.get(limit)
        if item is None:
            return
        try:
            reset = await _hit(self._together or self._alone, item, limit, whose)
        except RedisError as away:
            _log.warning("redis away", error=str(away))
            reset = await _hit(self._alone, item, limit, whose)
        if reset is None:
            return
        wait = max(1, ceil(reset - time()))
        raise TooManyRequestsException(
            f"More than {item.amount} requests a minute; ask again in {wait} s",
            headers={"Retry-After": str(wait)},
            extra={"limit": item.amount, "retryAfterSeconds": wait},
            status_code=HTTPStatus.TOO_MANY_REQUESTS,
        )

    async def close(self) -> None:
        """Let go of the connections to Redis."""
        if self._pool is not None:
            await self._pool.aclose()


@lru_cache(_REMEMBERED)
def neighbourhood(address: str) -> str:
    """Whom an address is counted as: of IPv6 its /64, the least that one household is given (RFC 6177); of IPv4 the address.

    >>> neighbourhood("2001:db8:0:7:1:2:3:4"), neighbourhood("::ffff:192.0.2.1"), neighbourhood("192.0.2.1")
    ('2001:db8:0:7::/64', '192.0.2.1', '192.0.2.1')
    """
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        # A socket of the machine, or the client of a test.
        return address
    if isinstance(known, IPv4Address):
        return str(known)
    mapped = known.ipv4_mapped
    return str(IPv6Network((known, 64), strict=False)) if mapped is None else str(mapped)


async def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItemPerMinute, limit: Limit, whose: str) -> float | None:
    """Count one request; when it is one too many, the Unix time at which the next one is answered."""
    if await limiter.hit(item, limit.value, whose):
        return None
    return (await limiter.get_window_stats(item, limit.value, whose)).reset_time
