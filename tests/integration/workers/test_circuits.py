"""Circuit breakers: who keeps failing is left alone by every process, then asked by one, and then by all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Semaphore
from typing import Any

import attrs
import pytest
from tests.databases import EMBEDDED, running

from quarterturn_adapters.circuits import Breaker, Breakers, Patience
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.postgres import PostgresDatabase
from quarterturn_domain.kernel.errors import CircuitOpen, DomainError, NotFound, Unavailable
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.operations.circuit import Circuit, CircuitStatus, Waits
from quarterturn_domain.operations.overriding import CloseCircuit, OpenCircuit, OverrideCircuits
from quarterturn_domain.payments.gateway import GatewayRefused, OutcomeUnknown
from quarterturn_domain.testing.samples import START

NAME = "sandbox/payments"
SECOND = timedelta(seconds=1)
PATIENCE = Patience(failures=3, waits=Waits(10 * SECOND, 60 * SECOND))


@pytest.fixture(params=["memory", "postgres"])
def begin(request: pytest.FixtureRequest) -> Iterator[Begin[Any]]:
    """A storage that processes share."""
    if request.param == "memory":
        yield MemoryDatabase().begin
        return
    with PostgresDatabase.connect(running(EMBEDDED).database()) as database:
        yield database.begin


@attrs.define
class Machines:
    """Processes on one database, and what time it is for all of them; `took` is how long each call takes, in seconds."""

    begin: Begin[Any]
    clock: ManualClock = attrs.field(factory=lambda: ManualClock(START))
    took: float = 0.0
    told: list[str] = attrs.field(factory=list)

    def seconds(self) -> float:
        """What a timer says."""
        return (self.clock.now() - START).total_seconds()

    def process(self, patience: Patience = PATIENCE) -> Breaker:
        """The breaker of one more process."""
        breakers = Breakers(self.begin, self.clock, patience=patience, timer=self.seconds)
        breakers.told = lambda circuit: self.told.append(circuit.status.value)
        return breakers.breaker("sandbox", "payments")

    def call(self, breaker: Breaker, comes_to: object = "yes") -> object:
        """What a call comes to: `comes_to`, or the refusal, after the time that it takes."""

        def act() -> object:
            self.clock.advance(timedelta(seconds=self.took))
            if isinstance(comes_to, BaseException):
                raise comes_to
            return comes_to

        try:
            return breaker.call(act)
        except (DomainError, OSError) as refusal:
            return refusal

    def open(self, breaker: Breaker) -> None:
        """Let it fail until it is open."""
        for _ in range(PATIENCE.failures):
            assert AWAY == self.call(breaker, AWAY)
        assert isinstance(self.call(breaker), CircuitOpen)

    def circuit(self) -> Circuit:
        """What is kept."""
        with self.begin() as work:
            found: Circuit = work.circuits.all()[NAME]
        return found


AWAY = Unavailable("the sandbox")


@pytest.fixture
def machines(begin: Begin[Any]) -> Machines:
    """Some machines."""
    return Machines(begin)


@pytest.mark.parametrize(
    ("case", "comes_to", "opens"),
    [
        ("an answer", "yes", False),
        ("a declined card", GatewayRefused("card_declined"), False),
        ("what there is not", NotFound("payment", "7"), False),
        ("a provider that is away", AWAY, True),
        ("an outcome that nobody knows", OutcomeUnknown("the refund 7"), True),
        ("a time-out", TimeoutError(), True),
        ("a connection that breaks", ConnectionResetError(), True),
    ],
)
def test_what_is_a_failure(machines: Machines, case: str, comes_to: object, opens: bool) -> None:
    """Only what says that somebody outside fails; a refusal is an answer."""
    breaker = machines.process()
    for _ in range(2 * PATIENCE.failures):
        machines.call(breaker, comes_to)
    assert opens is isinstance(machines.call(breaker), CircuitOpen), case


def test_a_bug_of_ours_says_nothing_of_the_provider(machines: Machines) -> None:
    """It opens nothing, and lets another one ask."""
    breaker = machines.process()

    def bug() -> None:
        raise KeyError

    for _ in range(9):
        with pytest.raises(KeyError):
            breaker.call(bug)
    machines.open(breaker)
    machines.clock.advance(10 * SECOND)
    with pytest.raises(KeyError):
        breaker.call(bug)
    assert "yes" == machines.call(machines.process())


def test_answers_that_take_too_long_are_failures(machines: Machines) -> None:
    """Although they were answered; the caller has the answer all the same."""
    breaker = machines.process()
    machines.took = 11.0
    assert ["yes"] * 3 == [machines.call(breaker) for _ in range(3)]
    refusal = machines.call(breaker)
    assert isinstance(refusal, CircuitOpen)
    assert "it took 11.0 s to answer" == machines.circuit().failure


def test_some_failures_among_many_answers_are_no_reason(machines: Machines) -> None:
    """Half of the last calls have to fail, however many were answered before; old failures are forgotten."""
    breaker = machines.process()
    for _ in range(100):
        machines.call(breaker)
    outcomes = [machines.call(breaker, AWAY) for _ in range(11)]
    assert ([AWAY] * 10, True) == (outcomes[:10], isinstance(outcomes[10], CircuitOpen))
    machines.clock.advance(10 * SECOND)
    machines.call(breaker)
    for _ in range(20):
        machines.call(breaker)
        machines.call(breaker)
        machines.call(breaker, AWAY)
    assert "yes" == machines.call(breaker)
    breaker = machines.process()
    for _ in range(20):
        machines.call(breaker, AWAY)
        machines.clock.advance(31 * SECOND)
    assert "yes" == machines.call(breaker)


def test_who_answers_every_other_time_is_left_alone(machines: Machines) -> None:
    """Half of the time is too often, whatever comes in between."""
    breaker = machines.process()
    comes_to: list[object] = [AWAY, "yes"] * 3
    outcomes = [machines.call(breaker, each) for each in comes_to]
    assert isinstance(outcomes[-1], CircuitOpen)


def test_one_process_opens_it_for_all_and_one_asks(machines: Machines) -> None:
    """Others know within a second; when the time has come one call is let through, and its answer lets all others follow."""
    one, other = machines.process(), machines.process()
    assert "yes" == machines.call(other)
    machines.open(one)
    machines.clock.advance(SECOND)
    refusal = machines.call(other)
    assert isinstance(refusal, CircuitOpen)
    assert 9 == refusal.retry_after_seconds
    machines.clock.advance(9 * SECOND)

    def ask() -> object:
        # While this one asks, nobody else does, here or there.
        assert isinstance(machines.call(one), CircuitOpen)
        machines.clock.advance(SECOND)
        assert isinstance(machines.call(other), CircuitOpen)
        return "yes"

    assert "yes" == one.call(ask)
    assert "yes" == machines.call(one)
    machines.clock.advance(SECOND)
    assert "yes" == machines.call(other)
    assert ["open", "half_open", "closed"] == machines.told
    with machines.begin() as work:
        facts = [message.event for message in work.outbox.pending(10)]
    assert ["circuit.opened", "circuit.closed"] == [fact.tag for fact in facts]


def test_of_many_who_come_at_once_one_asks(begin: Begin[Any]) -> None:
    """Threads of several processes, when the time has come: the provider hears of one of them, until that has its answer."""
    machines = Machines(begin)
    machines.open(machines.process())
    machines.clock.advance(10 * SECOND)
    count = 8
    barrier, refused = Barrier(count), Semaphore(0)
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        # The answer comes when everybody else has been refused: a second one who asked would wait for ever.
        assert all(refused.acquire(timeout=30) for _ in range(count - 1))
        return "yes"

    def come(breaker: Breaker) -> object:
        barrier.wait(30)
        try:
            return breaker.call(ask)
        except CircuitOpen as refusal:
            refused.release()
            return refusal

    processes = [machines.process() for _ in range(2)]
    with ThreadPoolExecutor(count) as pool:
        outcomes = list(pool.map(come, processes * (count // 2)))
    assert (1, 1) == (len(asked), outcomes.count("yes"))


def test_who_asks_and_hears_nothing_leaves_it_alone_for_longer(machines: Machines) -> None:
    """Twice as long; a call from before that ends meanwhile changes nothing."""
    breaker, late = machines.process(), machines.process()

    def slow() -> object:
        machines.open(breaker)
        machines.clock.advance(10 * SECOND)
        assert AWAY == machines.call(breaker, AWAY)
        raise AWAY

    with pytest.raises(Unavailable):
        late.call(slow)
    circuit = machines.circuit()
    assert (CircuitStatus.OPEN, 2, machines.clock.now() + 20 * SECOND) == (circuit.status, circuit.trips, circuit.until)
    machines.clock.advance(20 * SECOND)
    assert "yes" == machines.call(late)
    assert CircuitStatus.CLOSED is machines.circuit().status


def test_whoever_asked_and_died_is_followed_by_another(machines: Machines) -> None:
    """After a minute."""
    breaker = machines.process()
    machines.open(breaker)
    machines.clock.advance(10 * SECOND)
    assert breaker._breakers.probe(NAME)
    machines.clock.advance(59 * SECOND)
    assert isinstance(machines.call(machines.process()), CircuitOpen)
    machines.clock.advance(SECOND)
    assert "yes" == machines.call(machines.process())


def test_the_time_that_a_provider_names_counts(machines: Machines) -> None:
    """Where it is longer than ours, and shorter than our longest."""
    breaker = machines.process()
    for _ in range(3):
        machines.call(breaker, Unavailable("the sandbox", retry_after_seconds=40))
    refusal = machines.call(breaker)
    assert isinstance(refusal, CircuitOpen)
    assert 40 == refusal.retry_after_seconds


def test_a_person_opens_and_closes_it_for_all(machines: Machines) -> None:
    """Within a second; held closed, failures open nothing; held open, nobody asks, not even when the time has come."""
    one, other = machines.process(), machines.process()
    override = OverrideCircuits(machines.begin, [NAME])
    assert ["yes", "yes"] == [machines.call(each) for each in (one, other)]
    override(OpenCircuit(name=NAME, reason="they told us", lasts=600 * SECOND, at=machines.clock.now()))
    machines.clock.advance(SECOND)
    for each in (one, other):
        refusal = machines.call(each)
        assert isinstance(refusal, CircuitOpen)
        assert 60 == refusal.retry_after_seconds
    override(CloseCircuit(name=NAME, reason="we know better", lasts=600 * SECOND, at=machines.clock.now()))
    machines.clock.advance(SECOND)
    assert [AWAY] * 9 == [machines.call(one, AWAY) for _ in range(9)]
    assert "yes" == machines.call(other)
    machines.clock.advance(600 * SECOND)
    machines.open(one)
    override(CloseCircuit(name=NAME, reason="they are back", at=machines.clock.now()))
    machines.clock.advance(SECOND)
    assert ["yes", "yes"] == [machines.call(each) for each in (one, other)]


def test_without_a_database_what_is_known_holds(begin: Begin[Any]) -> None:
    """Nobody's call fails because the circuits cannot be read or changed; what is open stays open."""
    away = [False]

    def sometimes() -> Any:  # noqa: ANN401
        if away[0]:
            raise Unavailable("the database")
        return begin()

    machines = Machines(sometimes)
    breaker = machines.process()
    away[0] = True
    assert [AWAY] * 9 == [machines.call(breaker, AWAY) for _ in range(9)]
    away[0] = False
    for _ in range(3):
        machines.call(breaker, AWAY)
    away[0] = True
    machines.clock.advance(99 * SECOND)
    assert isinstance(machines.call(breaker), CircuitOpen)
    away[0] = False
    machines.clock.advance(SECOND)
    assert "yes" == machines.call(breaker)


class Gateway:
    """Counts how often it is asked."""

    name = "a gateway"

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, what: str, *, key: str) -> str:
        """Never an answer."""
        self.asked += 1
        raise Unavailable(f"{what} {key}")

    def sign(self) -> str:
        """Asks nobody."""
        return "signed"


def test_a_guarded_gateway_is_the_same_until_it_fails(begin: Begin[Any]) -> None:
    """Its methods and attributes, with a breaker around those that ask somebody; accounts have one each."""
    machines = Machines(begin)
    breakers = Breakers(begin, machines.clock, patience=PATIENCE, timer=machines.seconds)
    inside = Gateway()
    gateway = breakers.guarded(inside, "shopify", "platform", "account-1", free=("sign",))
    other = breakers.guarded(Gateway(), "shopify", "platform", "account-2")
    asks: Callable[[], object] = lambda: gateway.ask("it", key="7")  # noqa: E731
    for _ in range(3):
        with pytest.raises(Unavailable, match="it 7"):
            asks()
    with pytest.raises(CircuitOpen):
        asks()
    assert (3, "signed", "a gateway") == (inside.asked, gateway.sign(), gateway.name)
    with pytest.raises(Unavailable, match="it 8") as refusal:
        other.ask("it", key="8")
    assert not isinstance(refusal.value, CircuitOpen)
    assert {"shopify/platform/account-1", "shopify/platform/account-2"} == set(breakers.names)
