"""What operators and their machines read: figures and health, also while something is away."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from threading import Event, Thread

from litestar.testing import TestClient
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from tests.api.people import Client

from quarterturn_api.app import create_app
from quarterturn_api.edge.answering import Service


class _Slow(Collector):
    """A figure that waits for a database that is away."""

    def __init__(self) -> None:
        self.asked, self.back = Event(), Event()

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing beforehand, so that it is not asked when it is watched."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """After a while."""
        self.asked.set()
        self.back.wait(10)
        yield from ()


def test_nobody_waits_for_figures_that_cannot_be_had(service: Service) -> None:
    """While they wait for the database, whoever asks something else is answered."""
    figure = _Slow()
    service.metrics.watch(figure)
    with TestClient(create_app(service)) as client:
        reader = Thread(target=client.get, args=("/metrics",))
        reader.start()
        assert figure.asked.wait(10)
        lives = Thread(target=client.get, args=("/health/live",))
        lives.start()
        lives.join(5)
        waited = lives.is_alive()
        figure.back.set()
        reader.join(10)
        lives.join(10)

    assert not waited


def test_figures_have_a_type_that_prometheus_reads(client: Client) -> None:
    """One version and one charset: its parser refuses a parameter that is named twice."""
    header = client.get("/metrics").headers["content-type"]

    message = Message()
    message["content-type"] = header
    assert "text/plain" == message.get_content_type()
    names = [name for name, _ in message.get_params([])]
    assert sorted(set(names)) == sorted(names)
    assert "utf-8" == message.get_content_charset()
