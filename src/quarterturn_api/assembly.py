"""Assembly: a service is opened once for a process, kept in order while it serves, and closed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import structlog

from quarterturn_adapters.bell import Bell
from quarterturn_adapters.bootstrap import application
from quarterturn_adapters.chance import SystemSecrets
from quarterturn_adapters.circuits import Breakers
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.databases import Opened, PoolUse, opened
from quarterturn_adapters.desk import Desk
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.posting import posting
from quarterturn_adapters.providers import Provider, behind, provider
from quarterturn_adapters.relay import Subscription
from quarterturn_adapters.schedules import Scheduler
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.smtp import SmtpPostman
from quarterturn_adapters.turns import MemoryTurns, Turns
from quarterturn_adapters.unusable import in_folder
from quarterturn_adapters.webhooks import PinnedSender
from quarterturn_adapters.worker.metrics import CircuitStates, Waiting, WorkerMetrics, tell_of_circuit
from quarterturn_adapters.worker.running import THREADS, Workers
from quarterturn_api.edge.answering import Service
from quarterturn_api.edge.carts import CartTokens
from quarterturn_api.edge.elsewhere import Elsewhere
from quarterturn_api.edge.gathering import Gathering
from quarterturn_api.edge.limits import PER_MINUTE, Limits
from quarterturn_api.edge.metrics import Metrics
from quarterturn_api.edge.tokens import Tokens
from quarterturn_api.keeping import Overdue, Told, schedules
from quarterturn_api.routes.products import pages
from quarterturn_domain.identity.asker import Asker
from quarterturn_domain.identity.asking import WhoAsks, read_key
from quarterturn_domain.identity.lettering import PostLetters, Postman
from quarterturn_domain.identity.password import PasswordHasher
from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.events import Event
from quarterturn_domain.ordering.checkout import CheckOutCarts
from quarterturn_domain.payments.events import AuthorizationEnded, PaymentFailed, RefundFailed
from quarterturn_domain.payouts.events import PayoutMoved
from quarterturn_domain.payouts.payout import PayoutStatus
from quarterturn_domain.webhooks.events import EndpointDisabled
from quarterturn_domain.webhooks.receiver import Receivers

_SECRET_BYTES: Final = 48

_log = structlog.stdlib.get_logger("quarterturn.assembly")


@contextmanager
def serving(settings: Settings, *, database: str | None = None, clock: Clock | None = None) -> Iterator[Service]:
    """A service over the database that `database` or the settings name; opened, kept in order meanwhile, and closed at the end."""
    with opened(database, settings) as found, serving_over(found, settings, clock=clock) as service:
        yield service


@contextmanager
def serving_over(
    database: Opened, settings: Settings, *, clock: Clock | None = None, by: Provider | None = None
) -> Iterator[Service]:
    """The same over a database that is open; `by` is the provider, unless it is the one that the settings name."""
    with assembled(database, settings, clock=clock, by=by) as service, ExitStack() as stack:
        if settings.broker_url is None:
            stack.enter_context(working(service))
        elif database.url is not None:
            # Who keeps everything in memory needs no driver.
            from quarterturn_adapters.postgres.calling import Caller  # noqa: PLC0415

            database.tell(stack.enter_context(Caller(database.url)).ring)
        stack.enter_context(scheduler(service))
        yield service


def scheduler(service: Service) -> Scheduler:
    """What does in time what recurs; it begins when it is entered."""
    made = Scheduler(schedules(service), service.turns, service.clock, Told(service))
    service.metrics.watch(Overdue(made.schedules, service.turns, service.clock))
    return made


def _turns(database: Opened) -> Turns:
    """Where the turns of schedules are remembered: for this process, or for all that share a database."""
    if database.url is None:
        return MemoryTurns()
    # Who keeps everything in memory needs no driver.
    from quarterturn_adapters.postgres.turns import PostgresTurns  # noqa: PLC0415

    return PostgresTurns(database.url)


@contextmanager
def working(service: Service, *, queues: Sequence[str] = (), threads: int = THREADS) -> Iterator[None]:
    """What the buyer need not wait for is done in threads of this process, by the broker that the settings name."""
    bell = Bell()
    service.database.tell(bell.ring)
    metrics = WorkerMetrics(service.metrics.registry)
    with ExitStack() as stack:
        url = service.settings.broker_url
        if url is not None and service.database.url is not None:
            from quarterturn_adapters.postgres.calling import Listener  # noqa: PLC0415

            stack.enter_context(Listener(service.database.url, bell))
        stack.enter_context(
            Workers(service.application.relay, bell, broker_url=url, queues=queues, threads=threads, metrics=metrics)
        )
        yield


@contextmanager
def assembled(
    database: Opened,
    settings: Settings,
    *,
    clock: Clock | None = None,
    by: Provider | None = None,
    hasher: PasswordHasher | None = None,
    postman: Postman | None = None,
) -> Iterator[Service]:
    """A service over an open database, without housekeeping: events wait in the outbox until somebody drains it.

    Passwords are hashed with Argon2id, unless another `hasher` is given: only tests do, which cannot wait. A `postman` posts
    letters, or the mail server of the settings; without one whoever has them written is shown their tokens, but for those of
    forgotten passwords.
    """
    secret = (settings.secret or kept_secret(settings.data_folder)).encode()
    # Whoever else is given the same secret knows the same tokens, on whichever machine.
    sealing = SystemSecrets(secret)
    postman = postman or _by_mail(settings)
    posts = () if postman is None else (posting(PostLetters(database.begin, sealing), postman),)
    clock = clock or SystemClock()
    ids = SystemIds()
    breakers = Breakers(database.begin, clock)
    breakers.told = tell_of_circuit
    pays = behind(by or provider(settings, clock, database.url), breakers)
    metrics = Metrics()
    receivers = Receivers(anywhere=settings.unsafe_webhooks)
    if receivers.anywhere:
        _log.warning("UNSAFE: webhooks may go to addresses of this machine and its network; for development only")
    sender = PinnedSender(receivers, told=metrics.webhook_sent)
    wired = application(
        database.begin,
        payments=pays.payments,
        transfers=pays.transfers,
        clock=clock,
        ids=ids,
        provider=pays.name,
        capture=settings.capture,
        retried=database.retried,
        hasher=hasher,
        secrets=sealing,
        further=(counting(metrics), noticing(metrics), *posts),
        receivers=receivers,
        sender=sender,
        circuits=breakers.names,
    )
    with ExitStack() as stack:
        stack.callback(sender.close)
        if by is None:
            stack.callback(pays.close)
        desk = stack.enter_context(Desk(wired.place_orders))
        metrics.ask("quarterturn_desk_waiting", "Orders that wait at the desk.", lambda: desk.waiting)
        if database.pool is not None:
            _ask_the_pool(metrics, database.pool)
        stack.enter_context(metrics.kept())
        metrics.watch(CircuitStates(wired.read_circuits, clock))
        metrics.watch(Waiting(wired.begin, clock, lambda: tuple(wired.relay.subscriptions)))
        elsewhere = Elsewhere()
        stack.callback(elsewhere.close)
        yield Service(
            application=wired,
            check_out_carts=CheckOutCarts(wired.begin, desk),
            desk=desk,
            elsewhere=elsewhere,
            provider=pays,
            settings=settings,
            tokens=Tokens(secret, clock),
            cart_tokens=CartTokens.derived(secret),
            sessions=Gathering(wired.who_asks.by_session),
            keys=Gathering(_ByKeyText(wired.who_asks)),
            lists=Gathering(partial(pages, wired.find_products)),
            limits=Limits(
                {limit: settings.limits.get(limit.value, count) for limit, count in PER_MINUTE.items()},
                redis_url=settings.redis_url,
            ),
            metrics=metrics,
            clock=clock,
            ids=ids,
            database=database,
            turns=_turns(database),
            posts_letters=postman is not None,
        )


def _by_mail(settings: Settings) -> Postman | None:
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    return SmtpPostman(settings.smtp_url, settings.mail_from, settings.letters_url)


def counting(metrics: Metrics) -> Subscription:
    """Counts what has failed on the way of money; an event that comes twice is counted twice."""
    counted: Mapping[type[Event], str] = {
        PaymentFailed: "payments",
        RefundFailed: "refunds",
        PayoutMoved: "payouts",
        AuthorizationEnded: "captures",
    }

    def count(events: Sequence[Event]) -> Sequence[None]:
        for event in events:
            if isinstance(event, PayoutMoved) and event.status not in {PayoutStatus.FAILED, PayoutStatus.RETURNED}:
                continue
            # What was not sent was cancelled; what was sent nobody pays for.
            if not isinstance(event, AuthorizationEnded) or event.sent:
                metrics.failed(counted[type(event)])
        return [None] * len(events)

    return Subscription(name="count-failures", events=tuple(counted), handle=count, at_once=1)


def noticing(metrics: Metrics) -> Subscription:
    """Tells operators of endpoints that were disabled for failing too long; their owners hear of it by their other endpoints."""

    def notice(events: Sequence[EndpointDisabled]) -> Sequence[None]:
        for event in events:
            if event.automatic:
                metrics.endpoint_disabled()
                vendor_id = None if event.vendor_id is None else str(event.vendor_id)
                _log.warning(
                    "webhook endpoint disabled", endpoint_id=str(event.endpoint_id), vendor_id=vendor_id, reason=event.reason
                )
        return [None] * len(events)

    return Subscription(name="notice-disabled-endpoints", events=(EndpointDisabled,), handle=notice, at_once=1)


def _ask_the_pool(metrics: Metrics, pool: Callable[[], PoolUse]) -> None:
    metrics.ask("quarterturn_pool_max", "How many connections to the database there may be.", lambda: pool().most)
    metrics.ask("quarterturn_pool_size", "How many connections to the database there are.", lambda: pool().size)
    metrics.ask("quarterturn_pool_available", "How many of them are free.", lambda: pool().available)
    metrics.ask("quarterturn_pool_waiting", "How many units of work wait for a connection.", lambda: pool().waiting)


def kept_secret(folder: Path) -> str:
    """The secret of this machine, from the data folder; made up, for its owner's eyes only, when there is none yet."""
    with in_folder(folder):
        return _kept(folder)


def _kept(folder: Path) -> str:
    path = folder / "secret"
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii")
    folder.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(_SECRET_BYTES)
    # Whole or not at all, and whoever comes second takes the first one's: several processes may start at once.
    draft = folder / f"secret.{os.getpid()}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(made)
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    finally:
        draft.unlink()
    return made


@attrs.frozen
class _ByKeyText:
    """Looks up whole API keys, `qt_<id>_<secret>`; a text that is none is nobody's."""

    who_asks: WhoAsks

    def __call__(self, texts: Sequence[str]) -> Mapping[str, Asker]:
        known = {text: pair for text in texts if (pair := read_key(text)) is not None}
        found = self.who_asks.by_key(list(known.values()))
        return {text: found[key_id] for text, (key_id, _) in known.items() if key_id in found}
