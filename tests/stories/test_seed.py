"""A marketplace to begin with: seeded once, whatever is run again, and people who can sign in to it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import NoReturn, cast

import attrs
import pytest

from quarterturn_adapters.bootstrap import Application, application
from quarterturn_adapters.chance import CountedSecrets, PlainHasher
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.ids import SeededIds
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_adapters.sandbox import Sandbox, SandboxPayments, SandboxTransfers
from quarterturn_adapters.seeding import GUESTS, SELLERS, admit, furnish
from quarterturn_api.command import main
from quarterturn_domain.catalog.offering import MakeOffers, RepriceOffer
from quarterturn_domain.catalog.product import ProductStatus
from quarterturn_domain.identity.onboarding import DecideVendor
from quarterturn_domain.identity.registering import RegisterAccount
from quarterturn_domain.identity.role import Role
from quarterturn_domain.identity.signing_in import SignIn
from quarterturn_domain.kernel.errors import Conflict, Unavailable, granted
from quarterturn_domain.kernel.ids import AccountId, SessionId
from quarterturn_domain.kernel.money import Money


@pytest.fixture
def app() -> Application:
    """A marketplace in memory where nothing has happened."""
    clock = ManualClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    ids = SeededIds(7, clock)
    sandbox = Sandbox(clock)
    return application(
        MemoryDatabase(ids).begin,
        payments=SandboxPayments(sandbox),
        transfers=SandboxTransfers(sandbox),
        clock=clock,
        ids=ids,
        hasher=PlainHasher(),
    )


def test_a_marketplace_is_there_after_it(app: Application) -> None:
    """Three categories, ten products of two vendors that can be bought, with stock."""
    assert 0 < furnish(app)
    read = app.read_catalog
    assert (3, 10, 2) == (len(read.categories()), len(read.products(None, 100)), len(read.vendors(None, 100)))
    assert {ProductStatus.PUBLISHED} == {product.status for product in read.products(None, 100)}
    with app.begin() as work:
        sellable = work.offers.sellable([good.sku for seller in SELLERS for good in seller.goods])
        levels = work.stock.levels(sellable)
    assert [None] * 10 == [each.not_for_sale for each in sellable.values()]
    assert {good.sku: good.in_stock for seller in SELLERS for good in seller.goods} == {each.sku: each.available for each in levels}


def test_run_again_it_changes_nothing(app: Application) -> None:
    """Also what somebody has changed since stays as they left it."""
    furnish(app)
    first = list(admit(app, CountedSecrets()))
    assert list(GUESTS) == [each.guest for each in first]
    seller, now = SELLERS[0], app.clock.now()
    dearer = RepriceOffer(
        sku=seller.goods[0].sku, vendor_id=seller.id, price=Money.of("1.00", "EUR"), shipping=Money.of("0.00", "EUR"), at=now
    )
    granted(app.change_offers([dearer])[0])
    granted(app.govern_vendors([DecideVendor(vendor_id=SELLERS[1].id, act="suspend", reason="x", at=now)])[0])
    assert (0, []) == (furnish(app), list(admit(app, CountedSecrets())))
    with app.begin() as work:
        assert dearer.price == work.offers.find([dearer.sku])[dearer.sku].price


def test_what_was_broken_off_is_completed(app: Application) -> None:
    """Of a marketplace that is half there only the rest is made."""
    broken = attrs.evolve(app, make_offers=cast("MakeOffers", _refuse))
    with pytest.raises(Unavailable):
        furnish(broken)
    # Three categories, a vendor, its place and its five products are there.
    assert 37 - 10 == furnish(app)
    assert (0, 10) == (furnish(app), len(app.read_catalog.products(None, 100)))


def _refuse(_: object) -> NoReturn:
    raise Unavailable("the database")


def test_everybody_can_sign_in_and_is_who_they_should_be(app: Application) -> None:
    """With the password that was told; owners own their vendor, and nobody else is an administrator."""
    furnish(app)
    for number, each in enumerate(admit(app, CountedSecrets())):
        session_id = SessionId(AccountId(app.ids.new()))
        app.sign_people_in(
            SignIn(email=each.guest.email, password=each.password, device="test", session_id=session_id, at=app.clock.now())
        )
        asker = app.who_asks.by_session([session_id])[session_id]
        assert (each.guest.roles, each.guest.vendor_id) == (asker.roles, next(iter(asker.vendors), None))
        assert (number == 0) == (Role.ADMIN in asker.roles)


def test_passwords_are_not_shown_by_accident(app: Application) -> None:
    """What holds one does not print it."""
    furnish(app)
    for each in admit(app, CountedSecrets()):
        assert each.password not in repr(each)


def test_those_who_came_before_a_refusal_are_told(app: Application) -> None:
    """Where an address belongs to somebody else it is refused, after those before it were let in."""
    furnish(app)
    app.register_accounts(
        RegisterAccount(account_id=AccountId(app.ids.new()), email=GUESTS[1].email, name="Somebody", at=app.clock.now())
    )
    comers = admit(app, CountedSecrets())
    assert GUESTS[0] == next(comers).guest
    with pytest.raises(Conflict):
        next(comers)


def test_the_commands_seed_and_make_administrators(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are printed once; an administrator is made with a password that is given, made up, or kept."""
    where = ["--database", "embedded:seeded"]
    assert 0 == main(["seed", *where])
    told = capsys.readouterr().out
    assert [guest.email for guest in GUESTS] == [line.split()[0] for line in told.splitlines() if "@" in line]
    assert 0 == main(["seed", *where])
    assert "Everything is there already; nothing was changed.\n" == capsys.readouterr().out
    for given, email, expected in (
        ("", "boss@example.org", ["boss@example.org is an administrator now.", "Its password"]),
        ("", "boss@example.org", ["boss@example.org is an administrator already"]),
        ("", GUESTS[1].email, [f"{GUESTS[1].email} is an administrator now."]),
        ("five green bottles hang\n", "chief@example.org", ["chief@example.org is an administrator now."]),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        assert 0 == main(["users", "create-admin", email, *where])
        lines = capsys.readouterr().out.splitlines()
        assert expected == [line[: len(start)] for line, start in zip(lines, expected, strict=True)]
    for given, email in (("12345678\n", "weak@example.org"), ("", "no address")):
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        assert 2 == main(["users", "create-admin", email, *where])
        assert "" == capsys.readouterr().out
    for given, email, expected in (
        ("six green bottles hang\n", "boss@example.org", ["boss@example.org has another password now"]),
        ("", "boss@example.org", ["boss@example.org has another password now", "It is, and nobody"]),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        assert 0 == main(["users", "set-password", email, *where])
        lines = capsys.readouterr().out.splitlines()
        assert expected == [line[: len(start)] for line, start in zip(lines, expected, strict=True)]
    for given, email, status in (("12345678\n", "boss@example.org", 2), ("", "nobody@example.org", 1)):
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        assert status == main(["users", "set-password", email, *where])
        assert "" == capsys.readouterr().out
    assert 0 == main(["doctor", *where])
    assert 2 == main(["seed", "--database", "memory"])
