"""Keeping: what a running service does by itself, so that nothing that was begun is forgotten and nothing old piles up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from quarterturn_adapters.payout_runs import pay, scheduled_run
from quarterturn_adapters.redaction import why
from quarterturn_adapters.schedules import Calendar, Every, Schedule
from quarterturn_adapters.turns import Turns
from quarterturn_api.edge.answering import Service
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.payouts.catching_up import Round
from quarterturn_domain.payouts.claiming import RunPayouts
from quarterturn_domain.payouts.hearing import TakeWebhook
from quarterturn_domain.payouts.reconciling import ReconcilePeriod

_log = structlog.stdlib.get_logger("quarterturn.keeping")

KEPT_EVENTS: Final = timedelta(days=30)
"""How long events that were delivered stay in the outbox, before they are archived."""

ARCHIVED_EVENTS: Final = timedelta(days=400)
"""How long they are in the archive: longer than a year, so that two of them can be compared."""

KEPT_DELIVERIES: Final = timedelta(days=30)
"""How long it is known what endpoints were told."""

KEPT_NOTES: Final = timedelta(days=90)
"""How long the inbox remembers what was handled: longer than anything is delivered again."""

_PAGE: Final = 500


def schedules(service: Service) -> Sequence[Schedule]:
    """What is done, and when; each is safe to do twice, and on many machines at once."""
    app = service.application
    zone = service.settings.time_zone
    found = [
        Schedule("expire-orders", Every(5), lambda _: app.expire_orders()),
        Schedule("seal-journal", Every(5), lambda _: _all(app.seal_journal)),
        Schedule("release-earnings", Every(30), lambda _: _all(app.release_earnings)),
        Schedule("catch-up", Every(30), _CatchUp(service)),
        Schedule("remind-webhooks", Every(5), lambda _: _all(app.remind_deliveries)),
        Schedule("expire-carts", Every(300), lambda _: _all(lambda page: len(app.expire_carts(page)))),
        Schedule("clean-up", Calendar("7 * * * *", zone), lambda _: _clean_up(service)),
        Schedule("reconcile", Calendar("15 3 * * *", zone), lambda due_at: _reconcile(service, due_at), each=True),
        Schedule("verify-chain", Calendar("45 3 * * *", zone), lambda _: _verify(service)),
    ]
    if service.settings.payout_schedule is not None:
        when = Calendar(service.settings.payout_schedule, zone)
        found.append(Schedule("run-payouts", when, lambda due_at: _pay(service, due_at), each=True))
    if service.provider.sandbox is not None:
        found.append(Schedule("sandbox-webhooks", Every(0.5), lambda _: _hear_the_sandbox(service), shared=True))
    return found


class Told:
    """Tells of turns that have ended, in the log and in the figures."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def __call__(self, name: str, seconds: float, failure: Exception | None) -> None:
        """A turn of a schedule has ended: one that failed comes again."""
        self._service.metrics.turned(name, failed=failure is not None, at=self._service.clock.now())
        if failure is not None:
            _log.error("schedule failed", schedule=name, seconds=round(seconds, 3), **why(failure))


class Overdue(Collector):
    """For how long what is done by the calendar should have been done, or has failed; read when somebody asks for the figures."""

    def __init__(self, schedules: Mapping[str, Schedule], turns: Turns, clock: Clock) -> None:
        self._schedules = schedules
        self._turns = turns
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures; none when the database is away, which other figures tell of."""
        try:
            last = self._turns.last()
        except Exception:  # noqa: BLE001 - figures must not fail because one of them cannot be had
            return
        now = self._clock.now()
        late = GaugeMetricFamily(
            "quarterturn_schedule_overdue_seconds", "For how long a schedule is overdue.", labels=("schedule",)
        )
        for name, each in self._schedules.items():
            if isinstance(each.when, Calendar) and name in last:
                late.add_metric([name], max(0.0, (now - each.when.following(last[name].due_at)).total_seconds()))
        yield late

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: to be registered must not ask the database."""
        return iter(())


class _CatchUp:
    """Goes round what is open, a bounded step at a time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._round = Round()

    def __call__(self, _: datetime) -> None:
        done = self._service.application.catch_up(since=self._round)
        self._round = done.following
        for kind, bug in done.broken.items():
            _log.error("catching up failed", kind=kind, exc_info=bug)
        refused = {kind: count for kind, count in done.refused.items() if count}
        if refused:
            _log.warning("catching up was refused", refused=refused)


def _all(step: Callable[[int], int]) -> None:
    """Do a step that tells how much it did until there is nothing left to do."""
    while step(_PAGE) == _PAGE:
        pass


def _clean_up(service: Service) -> None:
    now = service.clock.now()
    service.application.forget_sign_ins()
    _all(lambda page: _archive(service, now, page))
    _all(lambda page: service.application.forget_deliveries(now - KEPT_DELIVERIES, page))
    with service.application.begin() as work:
        work.outbox.forget(now - ARCHIVED_EVENTS)
        work.inbox.forget(now - KEPT_NOTES)


def _archive(service: Service, now: datetime, page: int) -> int:
    with service.application.begin() as work:
        return work.outbox.archive(now - KEPT_EVENTS, page)


def _pay(service: Service, due_at: datetime) -> None:
    """The payout run of a time that was due: the same run whoever does it, and however often."""
    ran = pay(service.application, RunPayouts(run_id=scheduled_run(due_at), at=due_at))
    tell = _log.warning if ran.troubled else _log.info
    tell("payouts ran", run_id=str(ran.run_id), payouts=len(ran.payouts), kept=len(ran.kept), refused=len(ran.refusals))


def _reconcile(service: Service, due_at: datetime) -> None:
    """Compare the day before, on the clocks of the settings' zone, with the provider's statement."""
    zone = service.settings.time_zone
    until = datetime.combine(due_at.astimezone(zone).date(), time(), zone)
    since = datetime.combine(until.date() - timedelta(days=1), time(), zone)
    found = service.application.reconcile(ReconcilePeriod(since=since.astimezone(UTC), until=until.astimezone(UTC)))
    service.metrics.reconciled(len(found.unexplained))
    for difference in found.unexplained:
        _log.error("reconciliation", kind=difference.kind.value, subject=difference.subject)
    _log.info("reconciled", since=found.since.isoformat(), until=found.until.isoformat(), differences=len(found.differences))


def _verify(service: Service) -> None:
    broken = service.application.verify_chain()
    service.metrics.verified(whole=broken is None)
    if broken is not None:
        _log.critical("the chain of the journal is broken", reason=str(broken))


def _hear_the_sandbox(service: Service) -> None:
    """A provider elsewhere calls; ours is asked what it has to tell."""
    sandbox = service.provider.sandbox
    assert sandbox is not None
    take = service.application.take_webhooks
    sandbox.deliver(
        lambda headers, body: take(TakeWebhook(provider=service.provider.name, headers=headers, body=body, at=service.clock.now()))
    )
