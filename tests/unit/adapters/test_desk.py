"""The desk: everybody gets their own outcome, whatever happens to the batch that they were in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from datetime import UTC, datetime
from time import sleep
from uuid import UUID

import pytest

from quarterturn_adapters import desk as desk_module
from quarterturn_adapters.desk import Desk
from quarterturn_domain.kernel.errors import Conflict, Outcome, Unavailable
from quarterturn_domain.kernel.ids import OrderId, sku
from quarterturn_domain.ordering.order import Order
from quarterturn_domain.ordering.placing import BasketLine, PlaceOrder
from quarterturn_domain.stock.stock_item import StockShort

AT = datetime(2026, 11, 20, tzinfo=UTC)
WAIT_SECONDS = 10


def command(number: int, *skus: str) -> PlaceOrder:
    """A command that is told from others by its number, for a mat unless it says for what."""
    lines = tuple(BasketLine(sku(each), 1) for each in skus or ("MAT",))
    return PlaceOrder(order_id=OrderId(UUID(int=number)), lines=lines, at=AT)


class Counter:
    """Places by a rule, remembers every batch, and can be held back until a test lets it go."""

    def __init__(self, rule: Callable[[PlaceOrder], object] = lambda each: each.order_id) -> None:
        self.rule = rule
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def __call__(self, commands: Sequence[PlaceOrder]) -> Sequence[Outcome[Order]]:
        """An outcome for each; what the rule returns stands for the order."""
        self.batches.append([each.order_id.int for each in commands])
        self.entered.set()
        assert self.gate.wait(WAIT_SECONDS)
        return [self.rule(each) for each in commands]  # type: ignore[misc]


def results(futures: Sequence[Future[Order]]) -> list[object]:
    """What each caller got: the result, or the exception itself."""
    return [future.exception(WAIT_SECONDS) or future.result() for future in futures]


def test_each_caller_gets_its_own_outcome() -> None:
    """In one batch, an order is an order and a refusal is a refusal, each to the caller who asked."""
    short = StockShort(sku("MAT"), 1, 0)
    with Desk(Counter(lambda each: short if each.order_id.int % 2 else each.order_id)) as desk:
        futures = [desk.submit(command(number)) for number in range(6)]
        assert [UUID(int=0), short, UUID(int=2), short, UUID(int=4), short] == results(futures)


def test_what_gathers_while_a_batch_is_placed_is_the_next_batch() -> None:
    """A busy moment makes a large batch, in the order of asking, and no batch is larger than allowed."""
    counter = Counter()
    with Desk(counter, batch=4, clerks=1) as desk:
        counter.gate.clear()
        first = desk.submit(command(0))
        assert counter.entered.wait(WAIT_SECONDS)
        rest = [desk.submit(command(number)) for number in range(1, 7)]
        assert desk.waiting == 6
        counter.gate.set()
        results([first, *rest])
    assert [[0], [1, 2, 3, 4], [5, 6]] == counter.batches


def test_callers_who_were_just_answered_come_back_into_one_batch() -> None:
    """Two callers who ask again as soon as they are answered are not served in turns, one of them while the other one waits."""

    def rule(each: PlaceOrder) -> object:
        sleep(0.02)
        return each.order_id

    counter = Counter(rule)
    with Desk(counter) as desk:

        def ask(start: int) -> None:
            for number in range(start, start + 10):
                desk.submit(command(number)).result(WAIT_SECONDS)

        # The second one comes while the first is being served.
        counter.gate.clear()
        first, second = (threading.Thread(target=ask, args=(start,)) for start in (0, 100))
        first.start()
        assert counter.entered.wait(WAIT_SECONDS)
        second.start()
        while not desk.waiting:
            sleep(0.001)
        counter.gate.set()
        first.join()
        second.join()
    together = [batch for batch in counter.batches if len(batch) == 2]
    assert len(together) >= 5


def test_one_poisonous_order_harms_nobody_but_itself() -> None:
    """A batch that fails is placed again one by one; only the poison's own caller gets the failure."""
    poison = RuntimeError("a bug in one order")

    def rule(each: PlaceOrder) -> object:
        if each.order_id.int == 2:
            raise poison
        return each.order_id

    counter = Counter(rule)
    with Desk(counter, clerks=1) as desk:
        counter.gate.clear()
        first = desk.submit(command(0))
        assert counter.entered.wait(WAIT_SECONDS)
        rest = [desk.submit(command(number)) for number in (1, 2, 3)]
        counter.gate.set()
        assert [UUID(int=0), UUID(int=1), poison, UUID(int=3)] == results([first, *rest])
    assert [[0], [1, 2, 3], [1], [2], [3]] == counter.batches


@pytest.mark.parametrize("failure", [Conflict("order", "1"), Unavailable("the database"), AssertionError("a bug")])
def test_a_lone_failure_reaches_its_caller_as_it_is(failure: Exception) -> None:
    """Nothing is retried for a batch of one, and the desk serves on."""

    def rule(each: PlaceOrder) -> object:
        if each.order_id.int == 1:
            raise failure
        return each.order_id

    with Desk(Counter(rule)) as desk:
        assert [failure] == results([desk.submit(command(1))])
        assert [UUID(int=7)] == results([desk.submit(command(7))])


def test_a_database_that_is_away_is_not_asked_by_everybody() -> None:
    """After a few callers in a row without a database the rest are told so at once.

    Nobody waits for as many time-outs as neighbours.
    """

    def rule(_: PlaceOrder) -> object:
        raise Unavailable("the database")

    counter = Counter(rule)
    with Desk(counter, clerks=1) as desk:
        counter.gate.clear()
        first = desk.submit(command(0))
        assert counter.entered.wait(WAIT_SECONDS)
        rest = [desk.submit(command(number)) for number in range(1, 40)]
        counter.gate.set()
        assert all(isinstance(outcome, Unavailable) for outcome in results([first, *rest]))
    assert len(counter.batches) == 2 + 3


def test_callers_who_meet_a_lock_are_no_reason_to_turn_others_away() -> None:
    """However many in a row wait too long for a lock, their neighbours are placed."""

    class Locked(Unavailable):
        """What a database says of one order, not of itself."""

    def rule(each: PlaceOrder) -> object:
        if each.order_id.int < 10:
            raise Locked("the database, which took too long,")
        return each.order_id

    counter = Counter(rule)
    with Desk(counter, clerks=1) as desk:
        counter.gate.clear()
        first = desk.submit(command(0))
        assert counter.entered.wait(WAIT_SECONDS)
        rest = [desk.submit(command(number)) for number in range(1, 20)]
        counter.gate.set()
        assert [UUID(int=number) for number in range(10, 20)] == results([first, *rest])[10:]


def waiting_for(held: Callable[[Sequence[PlaceOrder]], bool]) -> Counter:
    """Whatever has something that is held takes a moment to be refused, a batch as well as one order."""

    class Locked(Unavailable):
        """What a database says when somebody else holds a row for too long."""

    class Waiting(Counter):
        def __call__(self, commands: Sequence[PlaceOrder]) -> Sequence[Outcome[Order]]:
            outcomes = super().__call__(commands)
            if held(commands):
                sleep(0.02)
                raise Locked("the database, which took too long,")
            return outcomes

    return Waiting()


def test_whoever_wants_what_is_held_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One order that waited in vain keeps those who want the same from waiting, one after the other, in front of everybody else."""
    monkeypatch.setattr(desk_module, "_A_WAIT_SECONDS", 0.01)
    counter = waiting_for(lambda commands: any(line.sku == "HELD" for each in commands for line in each.lines))
    with Desk(counter, clerks=1) as desk:
        counter.gate.clear()
        first = desk.submit(command(0))
        assert counter.entered.wait(WAIT_SECONDS)
        rest = [desk.submit(command(number, "HELD", "MAT") if number % 2 else command(number, "ROPE")) for number in range(1, 21)]
        counter.gate.set()
        found = results([first, *rest])
    assert [UUID(int=number) for number in range(0, 21, 2)] == found[::2]
    assert all(isinstance(each, Unavailable) for each in found[1::2])
    assert [[1]] == [each for each in counter.batches[2:] if each[0] % 2], "of those who want it only one was tried alone"


def test_a_batch_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each order waits in vain for something else, the rest is turned away after a while."""
    monkeypatch.setattr(desk_module, "_A_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(desk_module, "_WAITED_ENOUGH_SECONDS", 0.05)
    counter = waiting_for(lambda commands: commands[0].order_id.int > 0)
    with Desk(counter, clerks=1) as desk:
        counter.gate.clear()
        first = desk.submit(command(0))
        assert counter.entered.wait(WAIT_SECONDS)
        rest = [desk.submit(command(number, f"HELD-{number}")) for number in range(1, 21)]
        counter.gate.set()
        found = results([first, *rest])
    assert UUID(int=0) == found[0]
    assert all(isinstance(each, Unavailable) for each in found[1:])
    assert len(counter.batches) <= 2 + 3


def test_a_caller_in_a_loop_hears_of_whatever_was_raised() -> None:
    """Also of what no future of an event loop takes as an exception; and so do those behind it."""

    def rule(each: PlaceOrder) -> object:
        if each.order_id.int == 1:
            raise StopIteration
        return each.order_id

    async def ask(desk: Desk) -> list[object]:
        return await asyncio.wait_for(
            asyncio.gather(*(desk.placed(command(number)) for number in range(3)), return_exceptions=True), WAIT_SECONDS
        )

    with Desk(Counter(rule), clerks=1) as desk:
        zero, one, two = asyncio.run(ask(desk))
    assert (UUID(int=0), UUID(int=2)) == (zero, two)
    assert isinstance(one, RuntimeError)


def test_a_full_queue_says_so_at_once() -> None:
    """Back-pressure: the caller who does not fit hears `Unavailable`, those who wait are served."""
    counter = Counter()
    with Desk(counter, queue=2, clerks=1) as desk:
        counter.gate.clear()
        first = desk.submit(command(0))
        assert counter.entered.wait(WAIT_SECONDS)
        waiting = [desk.submit(command(1)), desk.submit(command(2))]
        with pytest.raises(Unavailable):
            desk.submit(command(3))
        assert isinstance(desk([command(4)])[0], Unavailable)
        counter.gate.set()
        assert [UUID(int=0), UUID(int=1), UUID(int=2)] == results([first, *waiting])


def test_a_caller_who_gives_up_in_time_is_not_placed() -> None:
    """A cancelled future that no clerk has taken is left out, and its neighbours are not."""
    counter = Counter()
    with Desk(counter, clerks=1) as desk:
        counter.gate.clear()
        first = desk.submit(command(0))
        assert counter.entered.wait(WAIT_SECONDS)
        given_up, kept = desk.submit(command(1)), desk.submit(command(2))
        assert given_up.cancel()
        counter.gate.set()
        assert [UUID(int=0), UUID(int=2)] == results([first, kept])
    with pytest.raises(CancelledError):
        given_up.result()
    assert [[0], [2]] == counter.batches


def test_closing_places_what_waits_and_takes_no_more() -> None:
    """Whoever was in the queue when the desk closes gets an outcome; whoever comes later hears `Unavailable`."""
    counter = Counter()
    desk = Desk(counter, batch=2, clerks=1)
    counter.gate.clear()
    futures = [desk.submit(command(number)) for number in range(5)]
    closing = threading.Thread(target=desk.close)
    closing.start()
    counter.gate.set()
    closing.join(WAIT_SECONDS)
    assert not closing.is_alive()
    assert [UUID(int=number) for number in range(5)] == results(futures)
    with pytest.raises(Unavailable):
        desk.submit(command(9))


def test_an_asynchronous_caller_can_wait_as_well() -> None:
    """The future of the desk is awaited through asyncio, without a thread of its own."""
    with Desk(Counter()) as desk:

        async def ask() -> object:
            return await asyncio.gather(*(asyncio.wrap_future(desk.submit(command(number))) for number in range(3)))

        assert [UUID(int=0), UUID(int=1), UUID(int=2)] == asyncio.run(ask())


def test_callers_of_an_event_loop_are_told_in_one_turn_of_it() -> None:
    """Each gets its order or its refusal; the loop is woken once for all of a batch, and not once for each."""
    short = StockShort(sku("MAT"), 1, 0)
    counter = Counter(lambda each: short if each.order_id.int % 2 else each.order_id)
    woken: list[object] = []

    async def ask(desk: Desk) -> list[object]:
        counter.gate.clear()
        first = asyncio.create_task(desk.placed(command(0)))
        await asyncio.to_thread(counter.entered.wait, WAIT_SECONDS)
        loop = asyncio.get_running_loop()
        wake = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *given, **named: woken.append(given) or wake(*given, **named)  # type: ignore[method-assign,func-returns-value]
        rest = [asyncio.create_task(desk.placed(command(number))) for number in range(1, 5)]
        await asyncio.sleep(0)
        counter.gate.set()
        outcomes: list[object] = list(await asyncio.gather(first, *rest, return_exceptions=True))
        # The loop wakes itself to end its threads, too.
        loop.call_soon_threadsafe = wake  # type: ignore[method-assign]
        return outcomes

    with Desk(counter, clerks=1) as desk:
        assert [UUID(int=0), short, UUID(int=2), short, UUID(int=4)] == asyncio.run(ask(desk))
    assert [[0], [1, 2, 3, 4]] == counter.batches
    assert len(counter.batches) == len(woken)


def test_a_caller_of_an_event_loop_who_gives_up_in_time_is_not_placed() -> None:
    """Giving up while another batch is under way leaves the command unplaced; an ended loop harms no clerk."""
    counter = Counter()

    async def give_up(desk: Desk) -> None:
        first = asyncio.create_task(desk.placed(command(0)))
        await asyncio.to_thread(counter.entered.wait, WAIT_SECONDS)
        second = asyncio.create_task(desk.placed(command(1)))
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await asyncio.wait([first, second])

    with Desk(counter, clerks=1) as desk:
        counter.gate.clear()
        asyncio.run(give_up(desk))
        counter.gate.set()
        assert [UUID(int=2)] == results([desk.submit(command(2))])
    assert [[0], [2]] == counter.batches


def test_no_caller_is_lost_among_many_threads() -> None:
    """Every one of many callers at once gets the outcome of its own command, and every command is placed once."""
    counter = Counter()
    got: dict[int, object] = {}
    with Desk(counter, batch=16, clerks=3) as desk:

        def ask(start: int) -> None:
            for number in range(start, start + 50):
                got[number] = desk.submit(command(number)).result(WAIT_SECONDS)

        threads = [threading.Thread(target=ask, args=(start,)) for start in range(0, 800, 50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {number: UUID(int=number) for number in range(800)} == got
    assert sorted(range(800)) == sorted(number for batch in counter.batches for number in batch)
