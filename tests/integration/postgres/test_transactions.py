"""Transactions on a real server: what is lost is tried again, what is away says so, and nothing is committed by halves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import attrs
import psycopg
import pytest
from tests.databases import EMBEDDED, server, wait_for

from quarterturn_adapters.postgres import Contended, PostgresDatabase, retried
from quarterturn_domain.identity.vendor import Vendor
from quarterturn_domain.kernel.errors import Conflict, Outcome, Unavailable
from quarterturn_domain.kernel.ids import VendorId
from quarterturn_domain.stock.allocation import Allocation
from quarterturn_domain.stock.movement import Movement, MovementKind
from quarterturn_domain.testing import samples


def test_a_swallowed_refusal_is_not_committed(database: PostgresDatabase) -> None:
    """Who catches a refusal inside the unit of work hears it again at its end: the rest of it cannot be kept."""
    with database.begin() as work:
        work.vendors.add([samples.a_vendor(1)])
    with pytest.raises(Conflict), database.begin() as work:  # noqa: PT012 - the unit of work as a whole is refused.
        work.vendors.add([samples.a_vendor(2)])
        with pytest.raises(Conflict):
            work.vendors.add([samples.a_vendor(1)])
    with database.begin() as work:
        assert [samples.vendor_id(1)] == [vendor.id for vendor in work.vendors.page(None, 9)]


def test_a_deadlock_is_tried_again(database: PostgresDatabase) -> None:
    """Two transactions that lock the same rows in opposite order both come through when they are retried, and one must be."""
    ids = [samples.vendor_id(1), samples.vendor_id(2)]
    with database.begin() as work:
        work.vendors.add([samples.a_vendor(1), samples.a_vendor(2)])
    both, tries = Barrier(2, timeout=20), []

    def cross(first: VendorId, second: VendorId) -> str:
        tries.append(first)
        with database.begin() as work:
            work.vendors.lock([first])
            if len(tries) <= 2:
                both.wait()
            work.vendors.lock([second])
        return "done"

    with ThreadPoolExecutor(2) as pool:
        crossing = [pool.submit(retried(cross), *order) for order in (ids, ids[::-1])]
        assert ["done", "done"] == [each.result(30) for each in crossing]
    assert len(tries) > 2


def test_two_makers_of_one_item_are_a_race(database: PostgresDatabase) -> None:
    """Units that arrive twice at once, where nothing lay before, all count: one transaction gives way and comes again."""
    location, sku = samples.a_location(1), samples.offer_sku(1)
    both, tries = Barrier(2, timeout=20), []

    def receive(cause: str) -> None:
        tries.append(cause)
        with database.begin() as work:
            allocation = Allocation(work.stock.lock([sku]))
            if len(tries) <= 2:
                both.wait()
            came = Movement(cause, sku, location.id, MovementKind.RECEIPT, 5, "came", "me", samples.moment(0))
            allocation.move(came)
            work.stock.record(allocation)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(retried(receive), ["a", "b"]))
    assert 3 == len(tries)
    with database.begin() as work:
        assert [10] == [item.on_hand for item in work.stock.levels([sku])]


def test_the_same_asked_twice_at_once_is_the_same(database: PostgresDatabase) -> None:
    """Who finds a row that another transaction has just made decides once more, and knows it then; other content conflicts."""

    def at_once(*names: str) -> tuple[list[Outcome[Vendor]], int]:
        both, tries, vendor_id = Barrier(2, timeout=20), [], samples.vendor_id(len(names[0]))

        def apply(name: str) -> Outcome[Vendor]:
            tries.append(name)
            with database.begin() as work:
                known = work.vendors.lock([vendor_id]).get(vendor_id)
                if len(tries) <= 2:
                    both.wait()
                if known is not None:
                    return known if known.name == name else Conflict("vendor", str(vendor_id), "it applied with other content")
                made = attrs.evolve(samples.a_vendor(1), id=vendor_id, name=name)
                work.vendors.add([made])
            return made

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(retried(apply), names)), len(tries)

    same, tries = at_once("Nordic", "Nordic")
    assert (same[0], 3) == (same[1], tries)
    other, _ = at_once("Northern", "Southern")
    assert {"Vendor", "Conflict"} == {type(each).__name__ for each in other}
    tries = 0

    def again() -> None:
        nonlocal tries
        tries += 1
        with database.begin() as work:
            work.vendors.add([attrs.evolve(samples.a_vendor(1), id=samples.vendor_id(6))])

    with pytest.raises(Conflict):
        retried(again)()
    assert 2 == tries


def test_who_waits_too_long_is_told(url: str) -> None:
    """A lock that is not to be had in time is `Unavailable`, watched by the server; the next unit of work is well."""
    with PostgresDatabase(url, lock_timeout=timedelta(milliseconds=50)) as database:
        with database.begin() as work:
            work.vendors.add([samples.a_vendor(1)])
        with psycopg.connect(url) as other:
            other.execute("SELECT 1 FROM vendors FOR UPDATE")
            with pytest.raises(Unavailable), database.begin() as work:
                work.vendors.lock([samples.vendor_id(1)])
        with database.begin() as work:
            assert {samples.vendor_id(1)} == set(work.vendors.lock([samples.vendor_id(1)]))


def test_who_finds_no_connection_is_told(url: str) -> None:
    """When all connections are in use for too long, the next one hears `Unavailable`."""
    one = PostgresDatabase(url, connections=1, wait=timedelta(milliseconds=50))
    with one as database, database.begin(), pytest.raises(Unavailable), database.begin():
        pytest.fail("there was a second connection")


def test_a_lost_connection_is_unavailable_and_then_forgotten(database: PostgresDatabase, url: str) -> None:
    """Whose connection is cut hears `Unavailable`; nothing of it is kept, and the next unit of work gets a new connection."""
    with pytest.raises(Unavailable), database.begin() as work:  # noqa: PT012 - the unit of work as a whole is refused.
        work.vendors.add([samples.a_vendor(1)])
        with psycopg.connect(url, autocommit=True) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'quarterturn' "
                "AND datname = current_database()"
            )
        work.vendors.page(None, 1)
    with database.begin() as work:
        assert [] == list(work.vendors.page(None, 1))


def test_what_was_committed_outlives_the_plug() -> None:
    """After the server was stopped as if its plug was pulled, what was committed is there and the same program goes on."""
    with server(EMBEDDED, fsync="on") as fragile:
        url = fragile.migrated()
        with PostgresDatabase(url) as database:
            with database.begin() as work:
                work.vendors.add([samples.a_vendor(1)])
            fragile.stop("immediate")
            with pytest.raises(Unavailable), database.begin() as work:
                work.vendors.page(None, 1)
            fragile.start()
            wait_for(url)
            with database.begin() as work:
                assert [samples.vendor_id(1)] == [vendor.id for vendor in work.vendors.page(None, 9)]


def test_another_mistake_is_not_tried_again() -> None:
    """Only what the database gave up is tried again: a conflict is an answer."""
    tries = []

    def refuse(error: Exception) -> None:
        tries.append(error)
        raise error

    with pytest.raises(Conflict):
        retried(refuse)(Conflict("vendor", "1"))
    with pytest.raises(Contended):
        retried(refuse, attempts=3)(Contended("The database"))
    assert 4 == len(tries)


def test_a_bug_is_a_bug(database: PostgresDatabase) -> None:
    """Saving what was never added, or what a law forbids, crashes, and nothing is committed."""
    with pytest.raises(AssertionError), database.begin() as work:
        work.vendors.save([samples.a_vendor(1)])
    with pytest.raises(AssertionError), database.begin() as work:  # noqa: PT012 - the unit of work as a whole is refused.
        work.debts.add([samples.a_debt(1)])
        work.vendors.save([samples.a_vendor(1)])
    with database.begin() as work:
        assert {} == work.debts.find([samples.a_debt(1).key])
