"""Stock is never oversold and never lost, in whatever order things come, are held, sold, let go, expire and come back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from quarterturn_domain.kernel.errors import DomainError
from quarterturn_domain.kernel.ids import LocationId, OrderId, Sku
from quarterturn_domain.stock.allocation import (
    Allocation,
    AllocationPolicy,
    by_priority,
    fewest_locations,
    one_location,
    wanted_units,
)
from quarterturn_domain.stock.events import ReservationsExpired
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.stock.reservation import Reservation, ReservationStatus
from quarterturn_domain.stock.shelf import Shelf
from quarterturn_domain.stock.stock_item import StockItem, StockShort
from quarterturn_domain.testing.strategies import NOON, StockHistory, StockStep, stock_histories
from quarterturn_domain.testing.strategies.stock import KITS, LOCATIONS, ORDERS, SKUS

POLICIES: Final[tuple[AllocationPolicy, ...]] = (by_priority, fewest_locations, one_location)
HELD, COMMITTED, RELEASED, EXPIRED = ReservationStatus

Place: TypeAlias = tuple[Sku, LocationId]


class Kept:
    """What an adapter keeps between transactions: items, reservations, movements."""

    def __init__(self) -> None:
        self.items: dict[Place, StockItem] = {}
        self.reservations: dict[tuple[OrderId, Sku, LocationId], Reservation] = {}
        self.movements: list[Movement] = []

    def begin(self, policy: AllocationPolicy) -> Allocation:
        """An allocation on a shelf with everything."""
        return Allocation(Shelf.of(self.items.values(), KITS, self.reservations.values()), policy)

    def record(self, allocation: Allocation) -> None:
        """Write what changed."""
        self.items |= allocation.changed_items
        self.reservations |= allocation.changed_reservations
        self.movements += allocation.movements

    def check(self) -> None:
        """The laws that hold between transactions."""
        moved: dict[Place, int] = {}
        for movement in self.movements:
            place = (movement.sku, movement.location_id)
            moved[place] = moved.get(place, 0) + movement.quantity
        held: dict[Place, int] = {}
        for each in self.reservations.values():
            if each.status is HELD:
                held[each.sku, each.location_id] = held.get((each.sku, each.location_id), 0) + each.quantity
        for place, item in self.items.items():
            assert 0 <= item.reserved <= item.on_hand
            assert moved[place] == item.on_hand, "on_hand is the sum of the movements"
            assert held.get(place, 0) == item.reserved, "reserved is the sum of the held reservations"
        assert set(moved) == set(self.items)
        assert set(held) <= set(self.items)
        causes = [(movement.cause, movement.sku, movement.location_id, movement.kind) for movement in self.movements]
        assert len(causes) == len(set(causes)), "a cause moves an item once"


@given(stock_histories(), st.sampled_from(POLICIES), st.integers(1, 6))
def test_no_history_oversells_or_loses_a_unit(history: StockHistory, policy: AllocationPolicy, batch: int) -> None:
    """After every transaction of up to `batch` steps: `0 <= reserved <= on_hand`, both are what movements and holds add up to.

    A step that is refused leaves the allocation as it was, so its neighbours in the batch are not harmed.
    """
    kept = Kept()
    for start in range(0, len(history.steps), batch):
        allocation = kept.begin(policy)
        for step in history.steps[start : start + batch]:
            before = seen(allocation)
            try:
                step.apply(allocation)
            except DomainError:
                assert before == seen(allocation)
        kept.record(allocation)
        kept.check()


@given(stock_histories(), st.sampled_from(POLICIES))
def test_a_batch_decides_what_single_steps_decide(history: StockHistory, policy: AllocationPolicy) -> None:
    """One transaction for a whole history ends in the state that a transaction for each step ends in."""
    together, apart = Kept(), Kept()
    allocation = together.begin(policy)
    for step in history.steps:
        alone = apart.begin(policy)
        outcomes = [attempted(step, each) for each in (allocation, alone)]
        assert outcomes[0] == outcomes[1]
        apart.record(alone)
    together.record(allocation)
    assert apart.items == together.items
    assert apart.reservations == together.reservations
    assert apart.movements == together.movements


def attempted(step: StockStep, allocation: Allocation) -> DomainError | None:
    """Take the step; its refusal, if it was refused."""
    try:
        step.apply(allocation)
    except DomainError as refusal:
        return refusal
    return None


def seen(allocation: Allocation) -> tuple[object, ...]:
    """Everything that can be seen of an allocation."""
    return (
        [allocation.item(sku, location.id) for sku in SKUS for location in LOCATIONS],
        [allocation.reservations(order) for order in ORDERS],
        dict(allocation.changed_items),
        dict(allocation.changed_reservations),
        list(allocation.movements),
        list(allocation.facts),
    )


@attrs.define
class Hold:
    """What the reference knows of an order's hold at one place."""

    quantity: int
    deadline: datetime
    status: ReservationStatus = HELD
    returned: int = 0


@attrs.define
class Reference:
    """The simplest thing that could be true: a heap of units at each place, and notes of who holds how many of them."""

    on_hand: dict[Place, int] = attrs.field(factory=dict)
    holds: dict[OrderId, dict[Place, Hold]] = attrs.field(factory=dict)
    wanted: dict[OrderId, dict[Sku, int]] = attrs.field(factory=dict)

    def reserved(self, place: Place) -> int:
        """How many units at `place` are held."""
        return sum(
            hold.quantity for holds in self.holds.values() for at, hold in holds.items() if at == place and hold.status is HELD
        )

    def free(self, place: Place) -> int:
        """How many are not."""
        return self.on_hand.get(place, 0) - self.reserved(place)

    def lapsed(self, sku: Sku, besides: OrderId, now: datetime) -> list[tuple[OrderId, Place, Hold]]:
        """Holds of `sku` by other orders whose time is over."""
        return [
            (order, place, hold)
            for order, holds in self.holds.items()
            if order != besides
            for place, hold in holds.items()
            if place[0] == sku and hold.status is HELD and hold.deadline <= now
        ]

    def lost(self) -> list[OrderId]:
        """Orders that time has taken something from, and that were not let go: a released order is over."""
        return [order for order in self.of(EXPIRED) if order not in self.of(RELEASED)]

    def of(self, *statuses: ReservationStatus) -> list[OrderId]:
        """Orders with a hold in one of these states."""
        return [order for order, holds in self.holds.items() if any(hold.status in statuses for hold in holds.values())]


def exploded(lines: Iterable[tuple[Sku, int]]) -> dict[Sku, int]:
    """How many of which SKU on a shelf these lines want, one unit after another."""
    units: dict[Sku, int] = {}
    for sku, count in lines:
        for part, each in dict.fromkeys([(sku, 1)]) if sku in SKUS else next(kit for kit in KITS if kit.sku == sku).components:
            units[part] = units.get(part, 0) + each * count
    return units


LINES = st.lists(st.tuples(st.sampled_from((*SKUS, *(kit.sku for kit in KITS))), st.integers(1, 4)), min_size=1, max_size=3)


class Shelves(RuleBasedStateMachine):
    """No interleaving of receive, adjust, hold, commit, release, expire, hold again and restock breaks the laws.

    Steps come in any order and in transactions of any length, some of which are rolled back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept, self.known = Kept(), Reference()
        self.committed = deepcopy(self.known)
        self.policy: AllocationPolicy = by_priority
        self.allocation = self.kept.begin(self.policy)
        self.now, self.number = NOON, 0

    @initialize(policy=st.sampled_from(POLICIES))
    def choose(self, policy: AllocationPolicy) -> None:
        """One policy for all of it."""
        self.policy = policy
        self.allocation = self.kept.begin(policy)

    @rule(minutes=st.integers(1, 20))
    def wait(self, minutes: int) -> None:
        """Time goes by, and deadlines with it."""
        self.now += timedelta(minutes=minutes)

    @rule()
    def end(self) -> None:
        """The transaction is committed."""
        self.kept.record(self.allocation)
        self.kept.check()
        self.committed = deepcopy(self.known)
        self.allocation = self.kept.begin(self.policy)

    @rule()
    def abandon(self) -> None:
        """The transaction is rolled back: nothing of it remains."""
        self.known = deepcopy(self.committed)
        self.allocation = self.kept.begin(self.policy)

    @rule(sku=st.sampled_from(SKUS), location=st.sampled_from(LOCATIONS), quantity=st.integers(1, 9))
    def receive(self, sku: Sku, location: Location, quantity: int) -> None:
        """Units arrive."""
        self.allocation.move(self.movement(sku, location, quantity, MovementKind.RECEIPT), priority=location.priority)
        self.known.on_hand[sku, location.id] = self.known.on_hand.get((sku, location.id), 0) + quantity

    @rule(sku=st.sampled_from(SKUS), location=st.sampled_from(LOCATIONS), quantity=st.integers(-6, 6).filter(bool))
    def adjust(self, sku: Sku, location: Location, quantity: int) -> None:
        """Units were counted: refused exactly when units that are held would go."""
        place, movement = (sku, location.id), self.movement(sku, location, quantity, MovementKind.ADJUSTMENT)
        if self.known.free(place) + quantity < 0:
            with self.refused(StockShort(sku, -quantity, self.known.free(place))):
                self.allocation.move(movement, priority=location.priority)
            return
        self.allocation.move(movement, priority=location.priority)
        self.known.on_hand[place] = self.known.on_hand.get(place, 0) + quantity

    @rule(lines=LINES, minutes=st.integers(1, 30))
    def hold(self, lines: list[tuple[Sku, int]], minutes: int) -> None:
        """A new order wants a basket; kits, and the same SKU on several lines, are among them."""
        self.number += 1
        order = OrderId(UUID(int=self.number))
        self.try_to_hold(order, exploded(lines), minutes, lambda deadline: self.place(order, lines, deadline))

    @precondition(lambda self: self.known.lost())
    @rule(data=st.data(), minutes=st.integers(1, 30))
    def hold_again(self, data: st.DataObject, minutes: int) -> None:
        """A late payment wants what its order has lost."""
        order = data.draw(st.sampled_from(self.known.lost()))
        wanted = self.known.wanted[order]
        missing = dict(wanted)
        for (sku, _), hold in self.known.holds[order].items():
            if hold.status in {HELD, COMMITTED}:
                missing[sku] -= hold.quantity

        def again(deadline: datetime) -> None:
            self.allocation.hold_again(order, wanted, deadline=deadline, at=self.now)

        self.try_to_hold(order, {sku: count for sku, count in missing.items() if count}, minutes, again)

    @precondition(lambda self: self.known.of(HELD))
    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        """What an order holds is sold, also when its time is over but nobody has taken it."""
        order = data.draw(st.sampled_from(self.known.of(HELD)))
        self.allocation.commit(order, at=self.now)
        for place, hold in self.known.holds[order].items():
            if hold.status is HELD:
                self.known.on_hand[place] -= hold.quantity
                hold.status = COMMITTED

    @precondition(lambda self: self.known.of(HELD))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """What an order holds is let go, and cannot be held by it again."""
        order = data.draw(st.sampled_from(self.known.of(HELD)))
        self.allocation.release(order)
        for hold in self.known.holds[order].values():
            hold.status = RELEASED if hold.status is HELD else hold.status

    @precondition(lambda self: self.known.of(HELD))
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        """What an order holds is let go if its time is over, else nothing happens."""
        order = data.draw(st.sampled_from(self.known.of(HELD)))
        self.allocation.expire(order, at=self.now)
        for hold in self.known.holds[order].values():
            hold.status = EXPIRED if hold.status is HELD and hold.deadline <= self.now else hold.status

    @precondition(lambda self: self.known.of(COMMITTED))
    @rule(data=st.data())
    def restock(self, data: st.DataObject) -> None:
        """Sold units come back to where they came from, never more than were sold."""
        order = data.draw(st.sampled_from(self.known.of(COMMITTED)))
        sold: dict[Sku, int] = {}
        for (sku, _), hold in self.known.holds[order].items():
            if hold.status is COMMITTED:
                sold[sku] = sold.get(sku, 0) + hold.quantity - hold.returned
        sku = data.draw(st.sampled_from(sorted(sold)))
        if not sold[sku]:
            return
        count = data.draw(st.integers(1, sold[sku]))
        self.number += 1
        before = {place: self.allocation.item(*place).on_hand for place in self.known.on_hand}
        self.allocation.restock(order, {sku: count}, cause=f"return:{self.number}", reason="returned", at=self.now)
        back = {place: self.allocation.item(*place).on_hand - units for place, units in before.items()}
        assert count == sum(back.values())
        for place, units in back.items():
            if units:
                hold = self.known.holds[order][place]
                assert 0 < units <= hold.quantity - hold.returned
                hold.returned += units
                self.known.on_hand[place] += units

    @invariant()
    def agrees(self) -> None:
        """Every count and every hold is what the reference says, and no unit is held twice."""
        for sku in SKUS:
            for location in LOCATIONS:
                item, place = self.allocation.item(sku, location.id), (sku, location.id)
                assert (self.known.on_hand.get(place, 0), self.known.reserved(place)) == (item.on_hand, item.reserved)
                assert 0 <= item.reserved <= item.on_hand
        for order, holds in self.known.holds.items():
            expected = {(place, hold.quantity, hold.status, hold.returned) for place, hold in holds.items()}
            actual = {((r.sku, r.location_id), r.quantity, r.status, r.returned) for r in self.allocation.reservations(order)}
            assert expected == actual

    def try_to_hold(self, order: OrderId, units: Mapping[Sku, int], minutes: int, act: Callable[[datetime], object]) -> None:
        """Granted exactly when each SKU has enough free units, counting those that lapsed holds of others only seem to hold."""
        deadline = self.now + timedelta(minutes=minutes)
        reclaimed: list[tuple[OrderId, Place, Hold]] = []
        for sku, count in units.items():
            places = [(sku, location.id) for location in LOCATIONS]
            free = {place: self.known.free(place) for place in places}
            if self.enough(free, count):
                continue
            lapsed = self.known.lapsed(sku, order, self.now)
            for _, place, hold in lapsed:
                free[place] += hold.quantity
            if not self.enough(free, count):
                with self.refused(StockShort):
                    act(deadline)
                return
            reclaimed += lapsed
        told = len(self.allocation.facts)
        act(deadline)
        for _, _, hold in reclaimed:
            hold.status = EXPIRED
        expired = {(other, place[0]) for other, place, _ in reclaimed}
        facts = [fact for fact in self.allocation.facts[told:] if isinstance(fact, ReservationsExpired)]
        assert expired == {(fact.order_id, sku) for fact in facts for sku in fact.skus}
        self.note(order, units, deadline)

    def note(self, order: OrderId, units: Mapping[Sku, int], deadline: datetime) -> None:
        """Note what was held where; it must be what was wanted, and for the policy of one location at one."""
        holds = self.known.holds.setdefault(order, {})
        self.known.wanted.setdefault(order, dict(units))
        got: dict[Sku, list[int]] = {}
        for each in self.allocation.reservations(order):
            place = (each.sku, each.location_id)
            hold = holds.get(place)
            had = hold.quantity if hold is not None and hold.status is HELD else 0
            if each.status is HELD and each.quantity != had:
                got.setdefault(each.sku, []).append(each.quantity - had)
                holds[place] = Hold(each.quantity, deadline)
        assert dict(units) == {sku: sum(counts) for sku, counts in got.items()}
        if self.policy is one_location:
            assert all(len(counts) == 1 for counts in got.values())

    def enough(self, free: Mapping[Place, int], count: int) -> bool:
        """Whether the policy can find `count` units in what is free."""
        return (max if self.policy is one_location else sum)(free.values()) >= count

    @contextmanager
    def refused(self, expected: type[StockShort] | StockShort) -> Iterator[None]:
        """What is done inside is refused so, and has changed nothing that can be seen."""
        before = seen(self.allocation)
        with pytest.raises(StockShort) as refusal:
            yield
        if isinstance(expected, StockShort):
            assert expected == refusal.value
        assert before == seen(self.allocation)

    def place(self, order: OrderId, lines: Iterable[tuple[Sku, int]], deadline: datetime) -> None:
        """Hold a basket."""
        self.allocation.hold(order, wanted_units(lines), deadline=deadline, at=self.now)

    def movement(self, sku: Sku, location: Location, quantity: int, kind: MovementKind) -> Movement:
        """A movement with a cause of its own."""
        self.number += 1
        return Movement(f"step:{self.number}", sku, location.id, kind, quantity, "as told", "tester", self.now)


TestShelves = Shelves.TestCase


QUANTITIES = st.lists(st.integers(0, 6), min_size=1, max_size=4)


def row(free: Sequence[int]) -> list[StockItem]:
    """Items of one SKU with so much available, in the order of priority."""
    return [StockItem(SKUS[0], LocationId(UUID(int=number)), each + 1, 1, number) for number, each in enumerate(free)]


@given(QUANTITIES, st.integers(1, 12), st.sampled_from(POLICIES))
def test_a_policy_chooses_what_there_is(free: list[int], wanted: int, policy: AllocationPolicy) -> None:
    """A policy chooses as many as are wanted, each location once and never beyond what it has, or says how many there are."""
    items = row(free)
    possible = max(free) if policy is one_location else sum(free)
    if possible < wanted:
        with pytest.raises(StockShort) as refused:
            policy(items, wanted)
        assert StockShort(SKUS[0], wanted, possible) == refused.value
        return
    chosen = policy(items, wanted)
    assert wanted == sum(count for _, count in chosen)
    assert all(item in items and 0 < count <= item.available for item, count in chosen)
    assert len(chosen) == len({item.location_id for item, _ in chosen})


@given(QUANTITIES, st.integers(1, 12))
def test_by_priority_empties_the_first_first(free: list[int], wanted: int) -> None:
    """A later location gives only when every earlier one has given all that it has."""
    if sum(free) < wanted:
        return
    given_by = {item.priority: count for item, count in by_priority(row(free), wanted)}
    for number in range(max(given_by)):
        assert free[number] == given_by.get(number, 0)


@given(QUANTITIES, st.integers(1, 12))
def test_fewest_locations_is_the_fewest(free: list[int], wanted: int) -> None:
    """No smaller set of locations has enough; where one location has enough, it is the first of those."""
    if sum(free) < wanted:
        return
    chosen = fewest_locations(row(free), wanted)
    smallest = next(size for size in range(1, len(free) + 1) for some in itertools.combinations(free, size) if sum(some) >= wanted)
    assert smallest == len(chosen)
    if smallest == 1:
        assert next(number for number, each in enumerate(free) if each >= wanted) == chosen[0][0].priority
