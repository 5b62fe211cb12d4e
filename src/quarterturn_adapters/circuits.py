"""Circuit breakers: calls to somebody outside who keeps failing are refused at once, and let through again when they answer.

Each process counts its own calls; that a circuit was opened, tried and closed is kept in the database, so that all processes keep
to it, and only one of them asks. A process looks once a second how the circuits are, and pays nothing for it in between.

After M. Nygard, "Release It!". A refusal of the domain, such as a declined card, is an answer; a time-out, an outcome that nobody
knows, a provider that is away, and an answer that took too long are failures.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import wraps
from math import ceil
from threading import Lock
from typing import Any, Final, ParamSpec, TypeVar, cast

import attrs

from quarterturn_domain.kernel.clock import Clock
from quarterturn_domain.kernel.errors import CircuitOpen, DomainError, Unavailable
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.operations.circuit import Circuit, CircuitStatus, Waits

P = ParamSpec("P")
R = TypeVar("R")
G = TypeVar("G")

_OUTSIDE: Final = (Unavailable, OSError)
"""What says that somebody outside fails: `TimeoutError` and `ConnectionError` are kinds of `OSError`."""


@attrs.frozen(kw_only=True)
class Patience:
    """When enough is enough: of the last `calls` in the last `window` half have failed, and at least `failures`.

    A call that takes longer than `slow` counts as a failure although it was answered. Whoever asks alone has `probe` to come back.
    """

    failures: int = 5
    calls: int = 20
    window: timedelta = timedelta(minutes=1)
    slow: timedelta = timedelta(seconds=10)
    probe: timedelta = timedelta(minutes=1)
    waits: Waits = attrs.field(factory=Waits)
    look: timedelta = timedelta(seconds=1)


Told = Callable[[Circuit], None]
"""Hears of a circuit that this process has opened, tries, or has closed."""


class Breakers:
    """The circuits as this process sees and changes them."""

    def __init__(
        self,
        begin: Begin[Any],
        clock: Clock,
        *,
        patience: Patience | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timer` tells seconds, from whenever on: how long calls take, and when to look again."""
        self.told: Told = _nobody
        self._begin = begin
        self._clock = clock
        self.patience = patience or Patience()
        self._timer = timer
        self._breakers: dict[str, Breaker] = {}
        self._lock = Lock()
        self._known: Mapping[str, Circuit] = {}
        self._looked: float | None = None

    @property
    def names(self) -> Collection[str]:
        """The circuits that this process has."""
        return tuple(self._breakers)

    def breaker(self, provider: str, port: str, account: str | None = None) -> Breaker:
        """The breaker of what a provider does for us, and of one account there when we have several."""
        name = "/".join(part for part in (provider, port, account) if part)
        return self._breakers.setdefault(name, Breaker(self, name))

    def guarded(self, gateway: G, provider: str, port: str, account: str | None = None, *, free: Iterable[str] = ()) -> G:
        """The same gateway, with a breaker around each of its methods but those that are `free` since they ask nobody."""
        return cast("G", _Guarded(gateway, self.breaker(provider, port, account), frozenset(free)))

    def now(self) -> datetime:
        """The instant."""
        return self._clock.now()

    def seconds(self) -> float:
        """Of the timer."""
        return self._timer()

    def seen(self, name: str) -> Circuit:
        """A circuit as it was a second ago, or as this process has changed it since."""
        late = self._looked is None or self._timer() - self._looked >= self.patience.look.total_seconds()
        # One looks, and the others go on with what they know.
        if late and self._lock.acquire(blocking=self._looked is None):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._known.get(name) or Circuit(name=name)

    def trip(self, name: str, failure: str, *, least: timedelta, probing: bool) -> None:
        """Open a circuit, unless somebody has done so already, or a person says how it is.

        While it is half open only the one who asks can say that there was no answer: others began before it was opened.
        """

        def open_it(circuit: Circuit, at: datetime) -> tuple[Circuit, Any]:
            if circuit.forced(at) is not None or (circuit.status is not CircuitStatus.CLOSED and not probing):
                return circuit, None
            return circuit.trip(failure, at=at, waits=self.patience.waits, least=least)

        self._change(name, open_it)

    def close(self, name: str) -> None:
        """Close a circuit that has answered."""
        self._change(name, lambda circuit, at: circuit.close(at=at))

    def give_back(self, name: str) -> None:
        """Let somebody else ask: what came of asking says nothing."""
        self._change(name, lambda circuit, at: (circuit.give_back(at=at), None))

    def probe(self, name: str) -> bool:
        """Whether this caller is the one who asks; nobody else does, on any machine, until it has come back."""
        mine = False

        def take(circuit: Circuit, at: datetime) -> tuple[Circuit, Any]:
            nonlocal mine
            probed = circuit.probe(at=at, until=at + self.patience.probe)
            mine = probed is not None
            return probed or circuit, None

        return self._change(name, take) and mine

    def _change(self, name: str, act: Callable[[Circuit, datetime], tuple[Circuit, Any]]) -> bool:
        """Change a circuit for all machines; whether that could be done. What a call came to does not depend on it."""
        try:
            with self._begin() as work:
                before: Circuit = work.circuits.lock(name)
                after, fact = act(before, self.now())
                if after != before:
                    work.circuits.save(after)
                if fact is not None:
                    work.outbox.append([fact])
        except Exception:  # noqa: BLE001 - the database is away: what is known here holds, until it can be read again
            return False
        self._known = {**self._known, name: after}
        if after.status is not before.status:
            self.told(after)
        return True

    def _look(self) -> None:
        # The database may be away, which others tell of: then what is known here holds.
        with suppress(Exception), self._begin() as work:
            self._known = work.circuits.all()
        self._looked = self._timer()


class Breaker:
    """Counts what became of calls in this process, and refuses them while the circuit is open."""

    def __init__(self, breakers: Breakers, name: str) -> None:
        self.name = name
        self._breakers = breakers
        self._calls: deque[tuple[float, bool]] = deque(maxlen=breakers.patience.calls)
        self._lock = Lock()

    def call(self, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `act` comes to; raises `CircuitOpen` without calling it while the circuit is open."""
        probing = self._admitted()
        began = self._breakers.seconds()
        try:
            found = act(*args, **kwargs)
        except _OUTSIDE as failure:
            said = failure.message if isinstance(failure, DomainError) else type(failure).__name__
            self._failed(said, probing=probing, least=_least(failure))
            raise
        except DomainError:
            self._answered(began, probing=probing)
            raise
        except BaseException:
            # A bug of ours, or the end of this process.
            if probing:
                self._breakers.give_back(self.name)
            raise
        self._answered(began, probing=probing)
        return found

    def _admitted(self) -> bool:
        """Whether the call is the one that asks alone."""
        circuit, now = self._breakers.seen(self.name), self._breakers.now()
        if circuit.seen(now) is CircuitStatus.CLOSED:
            return False
        if circuit.may_probe(now) and self._breakers.probe(self.name):
            return True
        circuit = self._breakers.seen(self.name)
        if circuit.seen(now) is CircuitStatus.CLOSED:
            # Somebody has asked meanwhile, and was answered.
            return False
        raise CircuitOpen(f"{self.name}, which has failed too often,", ceil(circuit.wait(now).total_seconds()))

    def _answered(self, began: float, *, probing: bool) -> None:
        took = self._breakers.seconds() - began
        if took > self._breakers.patience.slow.total_seconds():
            self._failed(f"it took {took:.1f} s to answer", probing=probing, least=timedelta())
        elif probing:
            with self._lock:
                self._calls.clear()
            self._breakers.close(self.name)
        else:
            self._count(failed=False)

    def _failed(self, failure: str, *, probing: bool, least: timedelta) -> None:
        if probing or self._count(failed=True):
            self._breakers.trip(self.name, failure, least=least, probing=probing)

    def _count(self, *, failed: bool) -> bool:
        """Whether that is enough."""
        patience, now = self._breakers.patience, self._breakers.seconds()
        with self._lock:
            self._calls.append((now, failed))
            while self._calls and self._calls[0][0] <= now - patience.window.total_seconds():
                self._calls.popleft()
            failures = sum(failed for _, failed in self._calls) if failed else 0
            enough = failures >= patience.failures and 2 * failures >= len(self._calls)
            if enough:
                self._calls.clear()
        return enough


class _Guarded:
    """A gateway with a breaker around its methods."""

    def __init__(self, gateway: object, breaker: Breaker, free: frozenset[str]) -> None:
        self._gateway = gateway
        self._breaker = breaker
        self._free = free

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the gateway has
        found = getattr(self._gateway, name)
        if name in self._free or not callable(found):
            return found

        @wraps(found)
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            return self._breaker.call(found, *args, **kwargs)

        # The next time it is found without asking for it here.
        setattr(self, name, call)
        return call


def _least(failure: BaseException) -> timedelta:
    """For how long somebody has asked to be left alone."""
    seconds = failure.retry_after_seconds if isinstance(failure, Unavailable) else None
    return timedelta(seconds=seconds or 0)


def _nobody(_: Circuit) -> None:
    """Nobody wants to hear of circuits."""
