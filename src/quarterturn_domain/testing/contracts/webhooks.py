"""What the ports of webhooks promise: endpoints, and what they are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import attrs
import pytest

from quarterturn_domain.kernel.ids import DeliveryId, EndpointId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import PATIENCE_SECONDS, DatabaseContract, another_thread, moment_for_others
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed
from quarterturn_domain.testing.contracts.repository import RepositoryContract
from quarterturn_domain.webhooks.delivery import DeliveryStatus, WebhookDelivery
from quarterturn_domain.webhooks.endpoint import Endpoint
from quarterturn_domain.webhooks.ports import Endpoints, WebhookDeliveries, WebhooksWork

NOW = samples.moment(1_000)


class EndpointsContract(RepositoryContract[EndpointId, Endpoint]):
    """What `Endpoints` promises."""

    def furnish(self, work: WebhooksWork) -> None:
        """Keep vendors."""
        samples.furnish_people(work)

    def repository(self, work: WebhooksWork) -> Endpoints:
        """The endpoints."""
        return work.endpoints

    def new(self, n: int) -> Endpoint:
        """A new endpoint; every fourth is the platform's."""
        return samples.an_endpoint(n, vendor=n % 4)

    def changed(self, value: Endpoint) -> Endpoint:
        """The endpoint elsewhere, after a failure, disabled."""
        moved = value.changed(url="https://elsewhere.example/", filters=("*",), description="")
        return moved.failed(NOW, answered=False, given_up=True)[0].disable(reason="no „longer“", at=NOW)[0]

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_an_owner_are_in_the_order_of_ids(self, db: Begin[WebhooksWork], limit: int) -> None:
        """`of_owner` gives a vendor's endpoints, or the platform's, enabled or not, and nobody else's."""
        endpoints = [
            _off(samples.an_endpoint(n, vendor=n % 3)) if n % 2 else samples.an_endpoint(n, vendor=n % 3) for n in range(1, 10)
        ]
        self.added(db, endpoints[::-1])
        for vendor in (1, 2, samples.PLATFORM):
            whose = None if vendor == samples.PLATFORM else samples.vendor_id(vendor)
            mine = [each for each in endpoints if each.vendor_id == whose]
            with db() as work:
                read = leafed(partial(work.endpoints.of_owner, whose), lambda each: each.id, limit)
            assert mine == read
            assert mine

    def test_those_that_are_told_anything(self, db: Begin[WebhooksWork]) -> None:
        """`enabled` gives the enabled endpoints of the vendors named and of the platform; `any_enabled` says whether any is."""
        endpoints = [samples.an_endpoint(n, vendor=n % 4) for n in range(1, 9)]
        off = [_off(samples.an_endpoint(n, vendor=n % 4)) for n in range(9, 17)]
        with db() as work:
            assert not work.endpoints.any_enabled()
        self.added(db, off)
        with db() as work:
            assert not work.endpoints.any_enabled()
            assert [] == list(work.endpoints.enabled([samples.vendor_id(1)]))
        self.added(db, endpoints[::-1])
        with db() as work:
            assert work.endpoints.any_enabled()
            for asked in ([], [1], [1, 3], [1, 1, 99]):
                owners = {None, *map(samples.vendor_id, asked)}
                found = list(work.endpoints.enabled(map(samples.vendor_id, asked)))
                assert [each for each in endpoints if each.vendor_id in owners] == found

    def test_removed_endpoints_are_gone(self, db: Begin[WebhooksWork]) -> None:
        """`remove` drops the endpoints named and no others; what is not there is passed over."""
        self.added(db, [self.new(1), self.new(2)])
        with db() as work:
            work.endpoints.remove([self.new(1).id, self.new(9).id])
            work.endpoints.remove([])
        assert {self.new(2).id: self.new(2)} == self.found(db, [self.new(1).id, self.new(2).id])


class WebhookDeliveriesContract(RepositoryContract[DeliveryId, WebhookDelivery]):
    """What `WebhookDeliveries` promises."""

    def repository(self, work: WebhooksWork) -> WebhookDeliveries:
        """The deliveries."""
        return work.webhook_deliveries

    def new(self, n: int) -> WebhookDelivery:
        """A new delivery."""
        return samples.a_webhook_delivery(n)

    def changed(self, value: WebhookDelivery) -> WebhookDelivery:
        """The delivery, taken in hand, tried in vain and then arrived."""
        tried = value.taken(NOW).attempted(samples.an_attempt(900, status_code=None))
        return tried.attempted(samples.an_attempt(901, status_code=204))

    def test_a_payload_comes_back_as_it_was(self, db: Begin[WebhooksWork]) -> None:
        """Blanks, the order of keys and a key that is there twice are part of what was signed."""
        payload = '{"b": 1,  "a": 1.0, "a": "\\u0000 „“"}'
        value = attrs.evolve(self.new(1), payload=payload)
        self.added(db, [value])
        assert payload == self.found(db, [value.id])[value.id].payload

    @pytest.mark.parametrize("status", list(DeliveryStatus))
    def test_every_status_comes_back(self, db: Begin[WebhooksWork], status: DeliveryStatus) -> None:
        """A delivery comes back equal in every status."""
        value = _after(self.new(1), status)
        self.added(db, [value])
        assert [] == differences({value.id: value}, self.found(db, [value.id]))

    @pytest.mark.parametrize("limit", [1, 2, 100])
    @pytest.mark.parametrize("status", [None, *DeliveryStatus])
    def test_pages_of_an_endpoint_are_from_the_latest_to_the_first(
        self, db: Begin[WebhooksWork], limit: int, status: DeliveryStatus | None
    ) -> None:
        """`of_endpoint` gives every delivery of an endpoint (of one status) once, the latest first, and nobody else's."""
        states = list(DeliveryStatus)
        deliveries = [
            attrs.evolve(
                _after(samples.a_webhook_delivery(n, endpoint=1 + n % 2), states[n // 2 % 3]), made_at=samples.moment(n // 4)
            )
            for n in range(1, 15)
        ]
        self.added(db, deliveries[5:] + deliveries[:5])

        def place(each: WebhookDelivery) -> tuple[datetime, DeliveryId]:
            return (each.made_at, each.id)

        endpoint_id = samples.endpoint_id(1)
        with db() as work:
            read = leafed(lambda after, size: work.webhook_deliveries.of_endpoint(endpoint_id, after, size, status), place, limit)
        mine = [each for each in deliveries if each.endpoint_id == endpoint_id and status in {None, each.status}]
        assert sorted(mine, key=place, reverse=True) == read
        assert mine

    def test_what_is_due_comes_longest_first(self, db: Begin[WebhooksWork]) -> None:
        """`due` gives what waits and is due, up to the instant itself, and no more than asked for."""
        waiting = [attrs.evolve(samples.a_webhook_delivery(n), due_at=samples.moment(10 - n)) for n in range(1, 7)]
        ended = [
            _after(samples.a_webhook_delivery(n), status)
            for n, status in ((7, DeliveryStatus.DELIVERED), (8, DeliveryStatus.FAILED))
        ]
        self.added(db, [*waiting, *ended])
        with db() as work:
            assert [waiting[5], waiting[4], waiting[3]] == list(work.webhook_deliveries.due(samples.moment(6), 100))
            assert [waiting[5]] == list(work.webhook_deliveries.due(samples.moment(6), 1))
            assert [] == list(work.webhook_deliveries.due(samples.moment(3), 100))

    def test_old_deliveries_are_forgotten(self, db: Begin[WebhooksWork]) -> None:
        """`forget` drops so many of those made before an instant that have ended; one that waits stays, however old."""
        ended = [_after(samples.a_webhook_delivery(n), DeliveryStatus.FAILED) for n in range(1, 7)]
        waiting = samples.a_webhook_delivery(10)
        old = attrs.evolve(waiting, made_at=samples.moment(0))
        self.added(db, [*ended, old])
        with db() as work:
            assert 2 == work.webhook_deliveries.forget(samples.moment(5), 2)
        with db() as work:
            assert 2 == work.webhook_deliveries.forget(samples.moment(5), 100)
            assert 0 == work.webhook_deliveries.forget(samples.moment(5), 100)
        assert {each.id for each in (*ended[4:], old)} == set(self.found(db, [each.id for each in (*ended, old)]))


class DueContract(DatabaseContract):
    """What `WebhookDeliveries.due` promises those who ask at the same time."""

    def test_two_at_once_never_get_the_same(self, db: Begin[Any]) -> None:
        """What somebody has found due is left out for everybody else, or they wait, until the transaction ends."""
        deliveries = [samples.a_webhook_delivery(n) for n in range(1, 5)]
        with db() as work:
            work.webhook_deliveries.add(deliveries)

        def other() -> Sequence[DeliveryId]:
            with db() as work:
                return _reminded(work, 100)

        with another_thread() as run:
            with db() as work:
                mine = _reminded(work, 2)
                theirs = run(other)
                moment_for_others(theirs)
            found = [*mine, *theirs.result(PATIENCE_SECONDS)]
        assert sorted(each.id for each in deliveries) == sorted(found)


def _reminded(work: WebhooksWork, limit: int) -> Sequence[DeliveryId]:
    due = work.webhook_deliveries.due(NOW, limit)
    work.webhook_deliveries.save(attrs.evolve(each, due_at=NOW + timedelta(hours=1)) for each in due)
    return [each.id for each in due]


def _off(endpoint: Endpoint) -> Endpoint:
    return endpoint.disable(reason="a test", at=NOW)[0]


def _after(delivery: WebhookDelivery, status: DeliveryStatus) -> WebhookDelivery:
    if status is DeliveryStatus.DELIVERED:
        return delivery.attempted(samples.an_attempt(950, status_code=200))
    return delivery.give_up("every attempt has failed") if status is DeliveryStatus.FAILED else delivery
