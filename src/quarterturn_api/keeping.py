"""Keeping: what a running service does by itself, so that nothing that was begun is forgotten and nothing old piles up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from quarterturn_adapters.housekeeping import Job
from quarterturn_api.edge.answering import Service
from quarterturn_domain.payouts.catching_up import Round
from quarterturn_domain.payouts.hearing import TakeWebhook

_log = structlog.stdlib.get_logger("quarterturn.keeping")

KEPT_EVENTS: Final = timedelta(days=30)
"""How long events that were delivered stay in the outbox, before they are archived."""

ARCHIVED_EVENTS: Final = timedelta(days=400)
"""How long they are in the archive: longer than a year, so that two of them can be compared."""

KEPT_NOTES: Final = timedelta(days=90)
"""How long the inbox remembers what was handled: longer than anything is delivered again."""

_PAGE: Final = 500


def jobs(service: Service) -> Sequence[Job]:
    """What has to be done, and how often; each is safe to do twice, and on many machines at once."""
    app = service.application
    due = [
        Job("expire orders", 5.0, app.expire_orders),
        Job("seal journal", 5.0, lambda: _all(app.seal_journal)),
        Job("release earnings", 30.0, lambda: _all(app.release_earnings)),
        Job("catch up", 30.0, _CatchUp(service)),
        Job("forget", 3_600.0, lambda: _forget(service)),
    ]
    if service.provider.sandbox is not None:
        due.append(Job("sandbox webhooks", 0.5, lambda: _hear_the_sandbox(service)))
    return due


def failed(name: str, error: Exception) -> None:
    """A job failed: it comes again."""
    _log.error("job failed", job=name, exc_info=error)


class _CatchUp:
    """Goes round what is open, a bounded step at a time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._round = Round()

    def __call__(self) -> None:
        done = self._service.application.catch_up(since=self._round)
        self._round = done.following
        for kind, bug in done.broken.items():
            _log.error("catching up failed", kind=kind, exc_info=bug)
        if done.refused:
            _log.warning("catching up was refused", refused=dict(done.refused))


def _all(step: Callable[[int], int]) -> None:
    """Do a step that tells how much it did until there is nothing left to do."""
    while step(_PAGE) == _PAGE:
        pass


def _forget(service: Service) -> None:
    now = service.clock.now()
    service.application.forget_sign_ins()
    _all(lambda page: _archive(service, now, page))
    with service.application.begin() as work:
        work.outbox.forget(now - ARCHIVED_EVENTS)
        work.inbox.forget(now - KEPT_NOTES)


def _archive(service: Service, now: datetime, page: int) -> int:
    with service.application.begin() as work:
        return work.outbox.archive(now - KEPT_EVENTS, page)


def _hear_the_sandbox(service: Service) -> None:
    """A provider elsewhere calls; ours is asked what it has to tell."""
    sandbox = service.provider.sandbox
    assert sandbox is not None
    take = service.application.take_webhooks
    sandbox.deliver(
        lambda headers, body: take(TakeWebhook(provider=service.provider.name, headers=headers, body=body, at=service.clock.now()))
    )
