"""A sick provider, slow, failing or flapping: it is left alone, others' work goes on, and in the end all is done once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import attrs
import pytest
from tests.api.bought import bought
from tests.api.people import ENVIRONMENT, People
from tests.integration.workers.scenes import SOON, Hearer, commit, reinstated, relay_of, suspended, until

from quarterturn_adapters.bell import Bell
from quarterturn_adapters.bootstrap import application
from quarterturn_adapters.chance import PlainHasher
from quarterturn_adapters.circuits import Breakers, Patience
from quarterturn_adapters.clock import SystemClock
from quarterturn_adapters.databases import opened
from quarterturn_adapters.ids import SystemIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.providers import Provider, behind
from quarterturn_adapters.relay import PROVIDERS, Subscription
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.worker import Workers
from quarterturn_api.assembly import assembled
from quarterturn_api.edge.answering import Service
from quarterturn_domain.identity.events import AccountReinstated, AccountSuspended
from quarterturn_domain.kernel.errors import Unavailable
from quarterturn_domain.kernel.ids import RefundId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.operations.circuit import Circuit, Waits
from quarterturn_domain.payments.gateway import LineKind, OutcomeUnknown
from quarterturn_domain.payments.refund import RefundStatus
from quarterturn_domain.payments.refunding import RequestRefund

REFUNDS = 30
OTHERS = 20
SLOW_SECONDS = 0.1
PATIENCE = Patience(
    failures=3,
    slow=timedelta(seconds=SLOW_SECONDS / 2),
    probe=timedelta(seconds=5),
    waits=Waits(timedelta(milliseconds=300), timedelta(milliseconds=600)),
    look=timedelta(milliseconds=50),
)
PROVIDERS_SIDE = {"refund_payment", "find_refund", "read_refund"}


def well(_: int) -> str:
    """It answers."""
    return "well"


def failing(number: int) -> str:
    """It does nothing, or does it and nobody hears."""
    return "away" if number % 2 else "lost"


def slow(_: int) -> str:
    """It answers, late."""
    return "slow"


def flapping(number: int) -> str:
    """It answers two times, and then not for four."""
    return "well" if number % 6 < 2 else failing(number)


class Moody(SandboxPayments):
    """A provider whose health a rule tells, by the number of the call; notes when it was asked."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.rule: Callable[[int], str] = well
        self.asked = 0
        self._lock = threading.Lock()

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401
        found = super().__getattribute__(name)
        if name not in PROVIDERS_SIDE:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            with self._lock:
                number = self.asked
                self.asked += 1
            mood = self.rule(number)
            if mood == "away":
                raise Unavailable("the provider")
            if mood == "slow":
                time.sleep(SLOW_SECONDS)
            answer = found(*args, **kwargs)
            if mood == "lost":
                raise OutcomeUnknown("the provider's answer")
            return answer

        return call


@attrs.frozen
class Shop:
    """A shop over PostgreSQL, its moody provider, and who hears of something else."""

    service: Service
    provider: Moody
    hearer: Hearer
    told: list[str]

    def refund(self) -> None:
        """Owe as many refunds, each of an order of its own."""
        people = People(self.service)
        seller, buyer = people.vendor(units=10 * REFUNDS), people.client()
        app, now = self.service.application, self.service.clock.now()
        for _ in range(REFUNDS):
            order = bought(self.service, buyer, seller, quantity=1)
            amount = Money.of("1.00", "EUR")
            app.request_refunds(
                RequestRefund(refund_id=RefundId(uuid4()), order_id=order.id, amount=amount, reason="broken", at=now)
            )

    def depth(self, name: str) -> tuple[int, int]:
        """How much waits for a subscription, and how much is dead."""
        with self.service.application.begin() as work:
            depth = work.dispatches.depths().get(name)
        return (0, 0) if depth is None else (depth.waiting, depth.dead)

    def refunds(self) -> Sequence[str]:
        """The status of every refund."""
        return [refund.status.value for refund in self.service.application.read_payments.refunds(None, 10 * REFUNDS)]


@pytest.fixture
def shop(url: str) -> Iterator[Shop]:
    """The shop, with a provider that is well."""
    clock, told, hearer = SystemClock(), list[str](), Hearer()
    settings = Settings.from_environment(ENVIRONMENT)
    sandbox = Sandbox(clock)
    moody = Moody(sandbox)
    provider = Provider("sandbox", moody, SandboxTransfers(sandbox), sandbox)
    with opened(url, settings) as database, assembled(database, settings, clock=clock, by=provider, hasher=PlainHasher()) as made:
        breakers = Breakers(database.begin, clock, patience=PATIENCE)

        def tell(circuit: Circuit) -> None:
            told.append(circuit.status.value)

        breakers.told = tell
        pays = behind(provider, breakers)
        app = application(
            database.begin,
            payments=pays.payments,
            transfers=pays.transfers,
            clock=clock,
            ids=SystemIds(),
            retried=database.retried,
            hasher=PlainHasher(),
            further=(Subscription(name="other", events=(AccountReinstated,), handle=hearer, batch=1),),
            circuits=breakers.names,
        )
        yield Shop(attrs.evolve(made, application=app, provider=pays), moody, hearer, told)


@pytest.mark.parametrize("sick", [failing, slow, flapping], ids=["always failing", "always slow", "flapping"])
def test_a_sick_provider_harms_nobody_else_and_nothing_is_lost(shop: Shop, sick: Callable[[int], str]) -> None:
    """It is left alone; other events are handled while its own wait; when it is well again each refund was sent once."""
    shop.refund()
    shop.provider.rule = sick
    app, begin = shop.service.application, shop.service.application.begin
    bell = Bell()
    shop.service.database.tell(bell.ring)
    with Workers(app.relay, bell, threads=3, look_seconds=0.05):
        # Its circuit is opened again and again: it is asked, and not yet well.
        until(lambda: shop.told.count("open") >= 2)
        asked = shop.provider.asked
        for number in range(1, OTHERS + 1):
            commit(begin, reinstated(number))
        until(lambda: len(shop.hearer.heard) == OTHERS)
        # So much was handled, and so little was asked of the provider meanwhile.
        meanwhile = shop.provider.asked - asked
        waiting, dead = shop.depth("send-refunds")
        shop.provider.rule = well
        until(lambda: shop.depth("send-refunds") == (0, 0))
    assert list(range(1, OTHERS + 1)) == sorted(shop.hearer.heard)
    assert (True, 0) == (waiting > 0, dead)
    assert meanwhile <= OTHERS
    assert [RefundStatus.SUCCEEDED.value] * REFUNDS == list(shop.refunds())
    lines = shop.provider.statement(shop.service.clock.now() - timedelta(days=1), shop.service.clock.now(), limit=1_000)
    assert [-100] * REFUNDS == [line.amount.minor for line in lines if line.kind is LineKind.REFUND]
    assert "closed" == shop.told[-1]


def test_who_asks_somebody_outside_never_has_every_thread() -> None:
    """However many subscriptions wait for a provider at once: others have a thread, and their events are handled meanwhile."""
    database, bell, quick = MemoryDatabase(), Bell(), Hearer()
    database.ring = bell.ring
    stuck = [Hearer() for _ in range(3)]
    for each in stuck:
        each.gate.clear()
    subscriptions = [
        Subscription(name=f"stuck-{n}", events=(AccountSuspended,), handle=each, queue=PROVIDERS, batch=1, backoff=SOON)
        for n, each in enumerate(stuck)
    ]
    subscriptions.append(Subscription(name="quick", events=(AccountReinstated,), handle=quick))
    try:
        with Workers(relay_of(database.begin, *subscriptions), bell, threads=4, look_seconds=0.05):
            commit(database.begin, *(suspended(number) for number in range(1, 9)))
            until(lambda: sum(each.entered.is_set() for each in stuck) >= 2)
            for number in range(1, OTHERS + 1):
                commit(database.begin, reinstated(number))
            until(lambda: len(quick.heard) == OTHERS)
            assert [[], [], []] == [each.heard for each in stuck]
            for each in stuck:
                each.gate.set()
            until(lambda: all(len(each.heard) == 8 for each in stuck))
    finally:
        for each in stuck:
            each.gate.set()
    assert [list(range(1, 9))] * 3 == [sorted(each.heard) for each in stuck]
