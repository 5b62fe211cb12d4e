"""Brokers: who carries the word that there is work to do; Dramatiq's, in this process, on Redis or on RabbitMQ."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Final
from urllib.parse import urlsplit

from dramatiq import Broker
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import DramatiqError
from pika.exceptions import AMQPError  # type: ignore[import-untyped]
from redis import ConnectionPool, Redis, RedisError

from quarterturn_adapters.unusable import Unusable

NAMESPACE: Final = "quarterturn"

_PATIENCE_SECONDS: Final = 5.0
_STARTING_SECONDS: Final = 3.0
_AGAIN_SECONDS: Final = 0.2


def broker_at(url: str | None) -> Broker:
    """The broker at a URL that begins with redis://, rediss://, amqp:// or amqps://; without one, threads of this process.

    None of Dramatiq's middleware: what has to be tried again, and when, stands in the database. Raises nothing when nobody is
    there; whoever sends finds out.
    """
    if url is None:
        return StubBroker(middleware=[])
    if url.startswith("amqp"):
        return RabbitmqBroker(url=url, middleware=[])
    pool = ConnectionPool.from_url(url, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS)
    return RedisBroker(client=Redis(connection_pool=pool), middleware=[], namespace=NAMESPACE)  # type: ignore[no-untyped-call]


def refuse_unless_reachable(url: str) -> None:
    """Raise `Unusable` when nobody answers at a URL, or lets nobody in, also not a moment later: it may be starting just now.

    For whoever begins; afterwards a broker may come and go.
    """
    broker = broker_at(url)
    until = monotonic() + _STARTING_SECONDS
    try:
        while (away := _away(broker)) is not None:
            if monotonic() >= until:
                parts = urlsplit(url)
                place = f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
                problem = f"The broker at {place} cannot be used: {type(away).__name__}."
                raise Unusable(problem, "Start it, or check QUARTERTURN_BROKER_URL.")
            sleep(_AGAIN_SECONDS)
    finally:
        broker.close()


def _away(broker: Broker) -> Exception | None:
    """Why a broker cannot be used at this moment; None when it can."""
    try:
        if isinstance(broker, RedisBroker):
            broker.client.ping()
        else:
            assert isinstance(broker, RabbitmqBroker)
            _ = broker.connection
    except (RedisError, DramatiqError, AMQPError, OSError) as away:
        return away
    return None
