"""Brokers: who carries the word that there is work to do; Dramatiq's, in this process, on Redis or on RabbitMQ."""

from __future__ import annotations

from typing import Final

from dramatiq import Broker
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from redis import ConnectionPool, Redis

NAMESPACE: Final = "quarterturn"

_PATIENCE_SECONDS: Final = 5.0


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
