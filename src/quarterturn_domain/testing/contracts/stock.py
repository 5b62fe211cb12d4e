"""What the ports of stock promise: locations, kits, and the shelves that never oversell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import attrs
import pytest

from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import LocationId, Sku
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.ordering.ports import OrderingWork
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.location import Location
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.stock.ports import Kits, Locations, StockWork
from quarterturn_domain.stock.reservation import Reservation, ReservationStatus
from quarterturn_domain.stock.stock_item import StockItem, StockShort
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import PATIENCE_SECONDS, DatabaseContract, another_thread, moment_for_others
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed
from quarterturn_domain.testing.contracts.repository import RepositoryContract

NOW: Final = samples.moment(0)
DEADLINE: Final = NOW + timedelta(minutes=15)
FIRST, SECOND, THIRD = (samples.a_location(1 + n * samples.LARGE) for n in range(3))
"""Three locations of the first vendor; the later ones give first."""
ROWER, MAT, BAND = (samples.offer_sku(n) for n in (1, 2, 3))
"""Offers; `samples.a_kit(1)` sells the first as two of the second and one of the third."""
ONE, OTHER, THIRD_ORDER = (samples.order_id(n) for n in (1, 2, 3))


class LocationsContract(RepositoryContract[LocationId, Location]):
    """What `Locations` promises."""

    def furnish(self, work: StockWork) -> None:
        """Keep vendors."""
        samples.furnish_people(work)

    def repository(self, work: StockWork) -> Locations:
        """The locations."""
        return work.locations

    def new(self, n: int) -> Location:
        """A new location of one of the vendors."""
        return samples.a_location(n)

    def changed(self, value: Location) -> Location:
        """The location with another name and a priority below zero."""
        return attrs.evolve(value, name=f"{value.name} (Süd)", priority=-3)

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_a_vendor(self, db: Begin[StockWork], limit: int) -> None:
        """`of_vendor` gives the places of one vendor in the order of their ids, and of no other vendor."""
        vendor = samples.vendor_id(1)
        mine = [attrs.evolve(samples.a_location(n), vendor_id=vendor) for n in (1, 3, 4)]
        self.added(db, [*reversed(mine), attrs.evolve(samples.a_location(2), vendor_id=samples.vendor_id(2))])
        with db() as work:
            read = leafed(lambda after, size: work.locations.of_vendor(vendor, after, size), lambda place: place.id, limit)
            assert [] == list(work.locations.of_vendor(samples.vendor_id(3), None, limit))
        assert mine == read


class KitsContract(RepositoryContract[Sku, Kit]):
    """What `Kits` promises."""

    def furnish(self, work: StockWork) -> None:
        """Keep offers."""
        samples.furnish_catalog(work)

    def repository(self, work: StockWork) -> Kits:
        """The kits."""
        return work.kits

    def new(self, n: int) -> Kit:
        """A new kit of two offers."""
        return samples.a_kit(n)

    def changed(self, value: Kit) -> Kit:
        """The kit with its components in another order, and more of them."""
        return attrs.evolve(value, components=(*reversed(value.components), (samples.offer_sku(40), 9)))

    def key(self, value: Kit) -> Sku:
        """Its SKU."""
        return value.sku


class StockContract(DatabaseContract):
    """What `Stock` promises."""

    def furnish(self, work: OrderingWork) -> None:
        """Keep offers, locations, and orders that hold stock."""
        samples.furnish_orders(work)

    def change(self, db: Begin[StockWork], skus: Sequence[Sku], act: Callable[[Allocation], object]) -> Allocation:
        """Lock `skus`, let `act` change them, record."""
        with db() as work:
            allocation = Allocation(work.stock.lock(skus))
            act(allocation)
            work.stock.record(allocation)
        return allocation

    def receive(self, db: Begin[StockWork], quantities: Mapping[Sku, int], location: Location = FIRST, cause: str = "in") -> None:
        """Let units of each SKU arrive."""
        self.change(
            db,
            list(quantities),
            lambda allocation: [
                allocation.move(movement(sku, location, quantity, cause), priority=location.priority)
                for sku, quantity in quantities.items()
            ],
        )

    def test_what_was_recorded_is_on_the_shelf(self, db: Begin[StockWork]) -> None:
        """Items come back equal, those of a SKU in the order of their locations' priority; a SKU without items is left out."""
        for location, quantity in ((FIRST, 1), (SECOND, 2), (THIRD, 3)):
            self.receive(db, {ROWER: quantity}, location)
        with db() as work:
            shelf = work.stock.lock([MAT, ROWER, ROWER])
        given = sorted((FIRST, SECOND, THIRD), key=lambda location: (location.priority, location.id))
        counts = {FIRST.id: 1, SECOND.id: 2, THIRD.id: 3}
        expected = {ROWER: tuple(StockItem(ROWER, each.id, counts[each.id], 0, each.priority) for each in given)}
        assert [] == differences(expected, {sku: items for sku, items in shelf.items.items() if items})

    def test_a_kit_brings_its_components(self, db: Begin[StockWork]) -> None:
        """Locking a kit gives the kit, and the items of its components; locking a part alone does not need the kit."""
        kit = samples.a_kit(1)
        with db() as work:
            work.kits.add([kit])
        self.receive(db, {MAT: 4, BAND: 5})
        with db() as work:
            shelf = work.stock.lock([kit.sku])
            assert kit == shelf.kits[kit.sku]
            assert {MAT: 4, BAND: 5} == {sku: sum(item.on_hand for item in items) for sku, items in shelf.items.items() if items}

    def test_holds_are_reservations(self, db: Begin[StockWork]) -> None:
        """What is held is reserved on the item and is the order's reservation, equal field by field."""
        self.receive(db, {ROWER: 5, MAT: 5})
        self.change(db, [ROWER, MAT], lambda allocation: allocation.hold(ONE, {ROWER: 2, MAT: 1}, deadline=DEADLINE, at=NOW))
        with db() as work:
            shelf = work.stock.lock_orders([ONE, OTHER])
            levels = list(work.stock.levels([ROWER]))
        held = {each.sku: each for each in shelf.reservations[ONE]}
        assert [] == differences(Reservation(ONE, ROWER, FIRST.id, 2, DEADLINE), held[ROWER])
        assert [] == differences(Reservation(ONE, MAT, FIRST.id, 1, DEADLINE), held[MAT])
        assert not shelf.reservations.get(OTHER)
        assert [StockItem(ROWER, FIRST.id, 5, 2, FIRST.priority)] == levels

    @pytest.mark.parametrize(
        ("act", "status", "on_hand", "reserved"),
        [
            ("commit", ReservationStatus.COMMITTED, 3, 0),
            ("release", ReservationStatus.RELEASED, 5, 0),
            ("expire", ReservationStatus.EXPIRED, 5, 0),
        ],
    )
    def test_every_end_of_a_hold_is_kept(
        self, db: Begin[StockWork], act: str, status: ReservationStatus, on_hand: int, reserved: int
    ) -> None:
        """A hold that was committed, released or expired comes back so, and its item with it."""
        self.receive(db, {ROWER: 5})
        self.change(db, [ROWER], lambda allocation: allocation.hold(ONE, {ROWER: 2}, deadline=DEADLINE, at=NOW))
        with db() as work:
            allocation = Allocation(work.stock.lock_orders([ONE]))
            if act == "commit":
                allocation.commit(ONE, at=NOW)
            elif act == "release":
                allocation.release(ONE)
            else:
                allocation.expire(ONE, at=DEADLINE)
            work.stock.record(allocation)
        with db() as work:
            shelf = work.stock.lock_orders([ONE])
        assert [] == differences((Reservation(ONE, ROWER, FIRST.id, 2, DEADLINE, status),), tuple(shelf.reservations[ONE]))
        assert (StockItem(ROWER, FIRST.id, on_hand, reserved, FIRST.priority),) == shelf.items[ROWER]

    def test_an_order_that_lost_its_hold_can_hold_again(self, db: Begin[StockWork]) -> None:
        """`lock_orders` brings every item of the SKUs that the order ever reserved, also at locations where it held nothing."""
        self.receive(db, {ROWER: 1})
        self.change(db, [ROWER], lambda allocation: allocation.hold(ONE, {ROWER: 1}, deadline=DEADLINE, at=NOW))
        with db() as work:
            allocation = Allocation(work.stock.lock_orders([ONE]))
            allocation.expire(ONE, at=DEADLINE)
            work.stock.record(allocation)
        self.change(db, [ROWER], lambda allocation: allocation.hold(OTHER, {ROWER: 1}, deadline=DEADLINE, at=NOW))
        self.receive(db, {ROWER: 1}, SECOND, "later")
        with db() as work:
            allocation = Allocation(work.stock.lock_orders([ONE]))
            allocation.hold_again(ONE, {ROWER: 1}, deadline=DEADLINE, at=NOW)
            work.stock.record(allocation)
        with db() as work:
            held = [each for each in work.stock.lock_orders([ONE]).reservations[ONE] if each.status is ReservationStatus.HELD]
        assert [(SECOND.id, 1)] == [(each.location_id, each.quantity) for each in held]

    def test_a_kit_can_come_back(self, db: Begin[StockWork]) -> None:
        """`lock_orders` brings what is needed to put a sold kit back: its components' items, reservations, and the kit itself."""
        kit = samples.a_kit(1)
        with db() as work:
            work.kits.add([kit])
        self.receive(db, {MAT: 4, BAND: 5})
        self.change(db, [kit.sku], lambda allocation: allocation.hold(ONE, {kit.sku: 2}, deadline=DEADLINE, at=NOW))
        for back in (False, True):
            with db() as work:
                allocation = Allocation(work.stock.lock_orders([ONE]))
                if back:
                    allocation.restock(ONE, {kit.sku: 1}, cause="return:1", reason="returned", at=NOW)
                else:
                    allocation.commit(ONE, at=NOW)
                work.stock.record(allocation)
        with db() as work:
            assert {MAT: 2, BAND: 4} == {item.sku: item.on_hand for item in work.stock.levels([MAT, BAND])}
            assert {MAT: 2, BAND: 1} == {each.sku: each.returned for each in work.stock.lock_orders([ONE]).reservations[ONE]}

    def test_only_lapsed_holds_are_lapsed(self, db: Begin[StockWork]) -> None:
        """`lapsed` gives the held reservations of these SKUs whose deadline is `at` or earlier, and no others."""
        self.receive(db, {ROWER: 9, MAT: 9})
        for order, sku, deadline in (
            (ONE, ROWER, DEADLINE),
            (OTHER, ROWER, DEADLINE + timedelta(microseconds=1)),
            (THIRD_ORDER, MAT, DEADLINE),
        ):
            self.change(db, [sku], lambda each, o=order, s=sku, d=deadline: each.hold(o, {s: 1}, deadline=d, at=NOW))  # type: ignore[misc]
        with db() as work:
            work.stock.lock([ROWER])
            assert [Reservation(ONE, ROWER, FIRST.id, 1, DEADLINE)] == list(work.stock.lapsed([ROWER], DEADLINE))
            assert [] == list(work.stock.lapsed([ROWER], DEADLINE - timedelta(microseconds=1)))
            assert [] == list(work.stock.lapsed([], DEADLINE))
            allocation = Allocation(work.stock.lock_orders([ONE]))
            allocation.release(ONE)
            work.stock.record(allocation)
        with db() as work:
            work.stock.lock([ROWER])
            assert [] == list(work.stock.lapsed([ROWER], DEADLINE))

    def test_a_cause_moves_an_item_once(self, db: Begin[StockWork]) -> None:
        """A second movement of the same cause, SKU, location and kind is a `Conflict`; at another location it is another."""
        self.receive(db, {ROWER: 5})
        with pytest.raises(Conflict):
            self.receive(db, {ROWER: 5})
        self.receive(db, {ROWER: 5}, SECOND)
        self.change(db, [ROWER], lambda allocation: allocation.move(movement(ROWER, FIRST, -1, "in", MovementKind.ADJUSTMENT)))
        with db() as work:
            assert [9] == [sum(item.on_hand for item in work.stock.levels([ROWER]))]

    def test_causes_are_known_by_their_movements(self, db: Begin[StockWork]) -> None:
        """`caused` gives the movements of each cause, equal field by field; a cause that moved nothing is left out."""
        self.receive(db, {ROWER: 5}, FIRST, "a")
        self.receive(db, {MAT: 6}, FIRST, "b")
        with db() as work:
            found = work.stock.caused(["a", "c"])
            assert [] == differences(
                {"a": (movement(ROWER, FIRST, 5, "a"),)}, {cause: tuple(each) for cause, each in found.items()}
            )
            assert {} == work.stock.caused([])

    def test_levels_are_in_the_order_of_sku_and_location(self, db: Begin[StockWork]) -> None:
        """`levels` gives the items of the SKUs asked for, sorted by SKU (by code point) and location."""
        skus = [samples.offer_sku(n) for n in range(1, 9)]
        for location in (THIRD, FIRST):
            self.receive(db, {sku: number + 1 for number, sku in enumerate(skus)}, location)
        with db() as work:
            keys = [item.key for item in work.stock.levels([*reversed(skus), Sku("unknown")])]
            assert sorted((sku, location.id) for sku in skus for location in (FIRST, THIRD)) == keys
            assert [] == list(work.stock.levels([]))

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    def test_levels_of_a_vendor(self, db: Begin[StockWork], limit: int) -> None:
        """`of_vendor` gives what lies in this vendor's places, by SKU (by code point) and location, and in no other's."""
        mine = [samples.a_location(1), attrs.evolve(samples.a_location(77), vendor_id=samples.a_location(1).vendor_id)]
        other = samples.a_location(2)
        with db() as work:
            work.locations.add([mine[1]])
        skus = [samples.offer_sku(n) for n in range(1, 6)]
        for place, chosen in ((mine[1], skus), (other, skus), (mine[0], skus[1:4])):
            self.receive(db, {sku: number + 1 for number, sku in enumerate(chosen)}, place)
        with db() as work:
            read = leafed(lambda after, size: work.stock.of_vendor(mine[0].vendor_id, after, size), lambda item: item.key, limit)
            expected = [item for item in work.stock.levels(skus) if item.location_id != other.id]
            assert [] == list(work.stock.of_vendor(samples.vendor_id(9), None, limit))
        assert expected == read
        assert len(read) == 8

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_movements_are_read_from_the_oldest(self, db: Begin[StockWork], limit: int) -> None:
        """`movements` gives those of one SKU with growing numbers, oldest first, those above `after`; their sum is on hand."""
        quantities = (5, -1, 3, -2)
        for number, quantity in enumerate(quantities):
            kind = MovementKind.RECEIPT if quantity > 0 else MovementKind.ADJUSTMENT
            made = movement(ROWER, FIRST, quantity, f"c{number}", kind)
            self.change(db, [ROWER], lambda allocation, made=made: allocation.move(made, priority=FIRST.priority))  # type: ignore[misc]
            self.receive(db, {MAT: 1}, FIRST, f"c{number}")
        with db() as work:
            read = leafed(lambda after, size: work.stock.movements(ROWER, after or 0, size), lambda numbered: numbered[0], limit)
            on_hand = sum(item.on_hand for item in work.stock.levels([ROWER]))
        numbers = [number for number, _ in read]
        assert sorted(set(numbers)) == numbers
        assert min(numbers) > 0
        assert list(quantities) == [each.quantity for _, each in read]
        assert on_hand == sum(each.quantity for _, each in read)

    def test_nothing_recorded_is_nothing_changed(self, db: Begin[StockWork]) -> None:
        """An allocation without changes can be recorded, and locking nothing gives an empty shelf."""
        with db() as work:
            shelf = work.stock.lock([])
            work.stock.record(Allocation(shelf))
            assert {} == dict(shelf.items)
            assert {} == dict(work.stock.lock_orders([]).reservations)

    def test_who_locks_second_waits(self, db: Begin[StockWork]) -> None:
        """A SKU that is locked is given to another unit of work only after the commit, as it is then."""
        self.receive(db, {ROWER: 5})

        def lock() -> Sequence[StockItem]:
            with db() as work:
                return work.stock.lock([ROWER]).items[ROWER]

        with another_thread() as run:
            with db() as work:
                allocation = Allocation(work.stock.lock([ROWER]))
                other = run(lock)
                moment_for_others(other)
                assert not other.done(), "the lock was given to two at once"
                allocation.hold(ONE, {ROWER: 4}, deadline=DEADLINE, at=NOW)
                work.stock.record(allocation)
            assert [1] == [item.available for item in other.result(PATIENCE_SECONDS)]

    def test_threads_never_oversell_and_never_deadlock(self, db: Begin[StockWork]) -> None:
        """Of many orders at once, for two SKUs named in either order, just as many are served as there are units."""
        self.receive(db, {ROWER: 5, MAT: 50})
        orders = [samples.order_id(n) for n in range(1, 17)]

        def place(number: int) -> bool:
            skus = (ROWER, MAT) if number % 2 else (MAT, ROWER)
            try:
                self.change(db, skus, lambda each: each.hold(orders[number], dict.fromkeys(skus, 1), deadline=DEADLINE, at=NOW))
            except StockShort:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            served = list(pool.map(place, range(len(orders)), timeout=PATIENCE_SECONDS))
        assert 5 == sum(served)
        with db() as work:
            assert {ROWER: 5, MAT: 5} == {item.sku: item.reserved for item in work.stock.levels([ROWER, MAT])}


def movement(sku: Sku, location: Location, quantity: int, cause: str, kind: MovementKind = MovementKind.RECEIPT) -> Movement:
    """Units of `sku` that come to or leave a location."""
    return Movement(cause, sku, location.id, kind, quantity, "delivered by lorry", "vendor:1", NOW)
