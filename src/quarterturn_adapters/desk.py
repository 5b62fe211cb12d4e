"""The desk: concurrent checkouts are collected, placed in one transaction, and each caller gets its own outcome after the commit.

While one batch is being committed the next one gathers, so a batch is as large as the moment is busy and a lone caller does not
wait. Callers who were just answered are given a moment to ask again, because two half batches cost more than a whole one. The
queue is bounded: a caller who finds it full is told `Unavailable` at once. No caller is lost: a batch that fails is
placed again one by one, which is safe because an order's id makes it one order, and so one poisonous order harms nobody but itself.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, TypeAlias

from quarterturn_domain.kernel.errors import DomainError, Outcome, Unavailable
from quarterturn_domain.kernel.ids import Sku
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.placing import PlaceOrder

Place: TypeAlias = Callable[[Sequence[PlaceOrder]], Sequence[Outcome[Order]]]
"""Whatever places a batch: `PlaceOrders`."""

_Caller: TypeAlias = Future[Order] | asyncio.Future[Order]
_Entry: TypeAlias = tuple[PlaceOrder, _Caller]

_GIVE_UP_AFTER: Final = 3
"""So many callers of a failed batch in a row for whom the database is not available, and the rest are told so without asking it."""

_A_WAIT_SECONDS: Final = 0.5
"""Whoever fails after so long has waited for what somebody else holds: a SKU of that order would keep the next one waiting, too."""

_WAITED_ENOUGH_SECONDS: Final = 15.0
"""After so much waiting for one failed batch the rest of it is turned away: others want to be served."""

_PATIENCE_SECONDS: Final = 0.005
"""The longest moment that a clerk gives callers to come back; it is never more than half of what the last batch took."""


class Desk:
    """Callers hand in a command and get a `Future`, which synchronous and asynchronous callers can both wait for.

    A caller in an event loop may wait for `placed` instead: all callers of a batch are then told in one turn of their loop.

    `batch` is the most that one transaction places, `queue` the most that wait, `clerks` how many transactions are under way at
    once. One is quickest where Python and the database share few cores: its batches are the largest. More of them pay when the
    database is far away, so that one can price while another one waits for it.
    """

    def __init__(self, place: Place, *, batch: int = 128, queue: int = 4096, clerks: int = 1) -> None:
        assert batch > 0
        assert queue > 0
        assert clerks > 0
        self._place = place
        self._batch = batch
        self._queue = queue
        self._waiting: deque[_Entry] = deque()
        self._changed = threading.Condition()
        self._expected = 1
        self._patience = 0.0
        self._open = True
        self._clerks = [threading.Thread(target=self._serve, name=f"desk-{number}", daemon=True) for number in range(clerks)]
        for clerk in self._clerks:
            clerk.start()

    def submit(self, command: PlaceOrder) -> Future[Order]:
        """The order to come; the future raises the refusal.

        Raises `Unavailable` at once when the queue is full or the desk is closed.

        A caller who gives up may cancel the future: a command that no clerk has taken yet is then not placed.
        """
        future: Future[Order] = Future()
        self._hand_in(command, future)
        return future

    async def placed(self, command: PlaceOrder) -> Order:
        """The order, or its refusal raised; as `submit`, for a caller in an event loop."""
        future: asyncio.Future[Order] = asyncio.get_running_loop().create_future()
        self._hand_in(command, future)
        return await future

    def _hand_in(self, command: PlaceOrder, future: _Caller) -> None:
        with self._changed:
            if not self._open:
                raise Unavailable("the checkout", 1)
            if len(self._waiting) >= self._queue:
                raise Unavailable("the checkout (too many are waiting)", 1)
            self._waiting.append((command, future))
            # To wake a clerk for every caller would cost more than to place the order.
            if len(self._waiting) in {1, self._expected}:
                self._changed.notify()

    def __call__(self, commands: Sequence[PlaceOrder]) -> Sequence[Outcome[Order]]:
        """Hand in many commands and wait for all: the desk in the place of `PlaceOrders`."""
        futures: list[Future[Order] | Unavailable] = []
        for command in commands:
            try:
                futures.append(self.submit(command))
            except Unavailable as full:
                futures.append(full)
        return [future if isinstance(future, Unavailable) else _outcome(future) for future in futures]

    @property
    def waiting(self) -> int:
        """How many commands no clerk has taken yet."""
        return len(self._waiting)

    def close(self) -> None:
        """Take no more commands, place those that wait, and return when every caller has an outcome."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        for clerk in self._clerks:
            clerk.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _serve(self) -> None:
        while batch := self._take():
            began = time.monotonic()
            try:
                self._answer(batch, self._place([command for command, _ in batch]))
            except Exception as failure:  # noqa: BLE001 - whatever it was, every caller has to get an outcome
                self._one_by_one(batch, failure)
            with self._changed:
                # Whoever waits now has come while these were served: together they are who may be here at once.
                self._expected = min(len(batch) + len(self._waiting), self._batch)
                self._patience = min((time.monotonic() - began) / 2, _PATIENCE_SECONDS)

    def _take(self) -> list[_Entry]:
        """The next batch, once there is one; empty when the desk is closed and nobody waits."""
        taken: list[_Entry] = []
        with self._changed:
            while not taken:
                while not self._waiting:
                    if not self._open:
                        return taken
                    self._changed.wait()
                self._gather()
                while self._waiting and len(taken) < self._batch:
                    entry = self._waiting.popleft()
                    if _still_there(entry[1]):
                        taken.append(entry)
            if self._waiting:
                self._changed.notify()
        return taken

    def _gather(self) -> None:
        """Wait, but only for a moment, until as many are here as can be expected."""
        until = time.monotonic() + self._patience
        while self._open and 0 < len(self._waiting) < self._expected and (left := until - time.monotonic()) > 0:
            self._changed.wait(left)

    def _one_by_one(self, batch: Sequence[_Entry], failure: Exception) -> None:
        if len(batch) == 1:
            _tell([(batch[0][1], failure)])
            return
        in_a_row, waited = 0, 0.0
        held: set[Sku] = set()
        for entry in batch:
            wanted = {line.sku for line in entry[0].lines}
            if in_a_row >= _GIVE_UP_AFTER or waited >= _WAITED_ENOUGH_SECONDS or wanted & held:
                _tell([(entry[1], Unavailable("the checkout", 1))])
                continue
            began = time.monotonic()
            try:
                self._answer([entry], self._place([entry[0]]))
                in_a_row = 0
            except Exception as own:  # noqa: BLE001 - the failure is its caller's, and only its caller's
                # The class itself says that the database is away; a subclass, that this order met another one or a lock.
                in_a_row = in_a_row + 1 if type(own) is Unavailable else 0
                took = time.monotonic() - began
                if isinstance(own, Unavailable) and took >= _A_WAIT_SECONDS:
                    waited += took
                    held |= wanted
                _tell([(entry[1], own)])

    def _answer(self, batch: Sequence[_Entry], outcomes: Sequence[Outcome[Order]]) -> None:
        assert len(outcomes) == len(batch), "every command has its outcome"
        _tell([(future, outcome) for (_, future), outcome in zip(batch, outcomes, strict=True)])


def _still_there(caller: _Caller) -> bool:
    """Whether the caller has not given up; from now on it cannot."""
    return caller.set_running_or_notify_cancel() if isinstance(caller, Future) else not caller.cancelled()


def _tell(outcomes: Iterable[tuple[_Caller, Order | Exception]]) -> None:
    """Let callers know; those of one event loop in one turn of it, since to be woken costs more than to be told."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Caller, Order | Exception]]] = {}
    for caller, outcome in outcomes:
        if isinstance(caller, Future):
            _settle(caller, outcome)
        else:
            loops.setdefault(caller.get_loop(), []).append((caller, outcome))
    for loop, theirs in loops.items():
        # A loop that has ended has no callers left.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle_all, theirs)


def _settle_all(outcomes: Iterable[tuple[_Caller, Order | Exception]]) -> None:
    for caller, outcome in outcomes:
        if not caller.done():
            _settle(caller, outcome)


def _settle(caller: _Caller, outcome: Order | Exception) -> None:
    if isinstance(outcome, StopIteration):
        # No future of an event loop takes one.
        caller.set_exception(RuntimeError(f"the checkout failed: {outcome!r}"))
    elif isinstance(outcome, Exception):
        caller.set_exception(outcome)
    else:
        caller.set_result(outcome)


def _outcome(future: Future[Order]) -> Outcome[Order]:
    try:
        return future.result()
    except DomainError as refusal:
        return refusal
