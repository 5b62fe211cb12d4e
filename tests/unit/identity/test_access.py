"""Access: what roles, memberships and API keys let somebody do, and who changed it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.unit.identity.platforms import PASSWORD, Platform

from quarterturn_domain.identity.account import AccountStatus, LastAdmin
from quarterturn_domain.identity.address import MAX_ADDRESSES
from quarterturn_domain.identity.addressing import KeepAddress, RemoveAddress
from quarterturn_domain.identity.asker import Asker
from quarterturn_domain.identity.asking import read_key
from quarterturn_domain.identity.changing import ChangeProfile
from quarterturn_domain.identity.joining import AddMember, RemoveMember
from quarterturn_domain.identity.keying import CreateApiKey, RevokeApiKey
from quarterturn_domain.identity.membership import LastOwner
from quarterturn_domain.identity.onboarding import DecideVendor
from quarterturn_domain.identity.registering import GrantRoles, SuspendAccount
from quarterturn_domain.identity.role import PERMISSIONS, VENDOR_PERMISSIONS, Permission, Role, VendorRole
from quarterturn_domain.identity.secret import shown
from quarterturn_domain.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, granted
from quarterturn_domain.testing import samples

OWNER, STAFF, STRANGER = (samples.account_id(n) for n in (1, 2, 3))
ONE, OTHER = samples.vendor_id(1), samples.vendor_id(2)


@pytest.fixture
def platform() -> Platform:
    """A platform where the first person owns a vendor, the second works for it, and the third owns another; all are signed in."""
    made = Platform()
    for n in (1, 2, 3):
        made.person(n)
        made.signed_in(n, session=n)
    made.vendor(1, owner=1)
    made.vendor(2, owner=3)
    made.members(AddMember(vendor_id=ONE, account_id=STAFF, role=VendorRole.STAFF, by=OWNER, at=made.clock.now()))
    return made


def asker(platform: Platform, n: int) -> Asker:
    """Who asks with the `n`-th session."""
    found = platform.asker(n)
    assert found is not None
    return found


def make_key(platform: Platform, n: int = 1, *, by: int = 1, vendor: int | None = 1, ends: timedelta | None = None) -> str:
    """The text of a new key that may see stock and orders, or shop when it belongs to no vendor."""
    scopes = {Permission.VENDOR_STOCK, Permission.VENDOR_READ} if vendor else {Permission.SHOP}
    at = platform.clock.now()
    command = CreateApiKey(
        key_id=samples.api_key_id(n),
        asker=asker(platform, by),
        name="ERP",
        scopes=frozenset(scopes),
        vendor_id=None if vendor is None else samples.vendor_id(vendor),
        expires_at=None if ends is None else at + ends,
        at=at,
    )
    return platform.make_key(command).text


def by_key(platform: Platform, text: str) -> Asker | None:
    """Who asks with a key's text."""
    found = read_key(text)
    return None if found is None else platform.who_asks.by_key([found]).get(found[0])


def test_every_role_has_the_permissions_of_its_row() -> None:
    """Everybody may shop; what belongs to administrators nobody else has; what belongs to a vendor no role has by itself."""
    assert all(Permission.SHOP in permissions for permissions in PERMISSIONS.values())
    admins = {each for each in Permission if each.value.startswith("admin.")}
    assert admins == {each for each in Permission for role in Role if each in PERMISSIONS[role] and each in admins}
    assert all(admins.isdisjoint(PERMISSIONS[role]) for role in Role if role is not Role.ADMIN)
    assert not any(each.of_a_vendor for permissions in PERMISSIONS.values() for each in permissions)
    assert VENDOR_PERMISSIONS[VendorRole.STAFF] < VENDOR_PERMISSIONS[VendorRole.OWNER]
    assert {each for each in Permission if each.of_a_vendor} == VENDOR_PERMISSIONS[VendorRole.OWNER]
    assert {Permission.VENDOR_REFUND, Permission.VENDOR_MONEY, Permission.VENDOR_STAFF, Permission.VENDOR_WEBHOOKS} == (
        VENDOR_PERMISSIONS[VendorRole.OWNER] - VENDOR_PERMISSIONS[VendorRole.STAFF]
    )


@pytest.mark.parametrize(
    ("case", "person", "permission", "vendor", "expected"),
    [
        ("the owner sees the money", 1, Permission.VENDOR_MONEY, 1, True),
        ("staff does not", 2, Permission.VENDOR_MONEY, 1, False),
        ("staff ships", 2, Permission.VENDOR_FULFIL, 1, True),
        ("another owner sees nothing", 3, Permission.VENDOR_READ, 1, False),
        ("the owner sees nothing of another vendor", 1, Permission.VENDOR_READ, 2, False),
        ("without a vendor nothing of a vendor is seen", 1, Permission.VENDOR_READ, None, False),
        ("of a vendor that does not exist nothing is seen", 1, Permission.VENDOR_READ, 9, False),
        ("everybody may shop", 2, Permission.SHOP, None, True),
        ("a vendor is no administrator", 1, Permission.ADMIN_VENDORS, None, False),
    ],
)
def test_what_members_may(
    platform: Platform, case: str, person: int, permission: Permission, vendor: int | None, expected: bool
) -> None:
    """A member may what its role says, of its vendor."""
    vendor_id = None if vendor is None else samples.vendor_id(vendor)
    assert expected == asker(platform, person).may(permission, vendor_id), case


def test_many_ask_at_once(platform: Platform) -> None:
    """Of many sessions those that are live have their askers; the role of a vendor comes with the first membership."""
    ids = [samples.session_id(n) for n in (1, 2, 3, 9)]
    platform.govern(SuspendAccount(account_id=STRANGER, reason="", at=platform.clock.now()))
    found = platform.who_asks.by_session(ids)
    assert set(ids[:2]) == set(found)
    assert {ONE: VendorRole.STAFF} == found[ids[1]].vendors
    assert frozenset({Role.CLIENT, Role.VENDOR}) == found[ids[1]].roles


def test_a_key_may_no_more_than_its_scopes_and_its_maker(platform: Platform) -> None:
    """A key has its scopes for its vendor, as long as its maker has them; what its maker loses it loses."""
    text = make_key(platform, by=2)
    found = by_key(platform, text)
    assert found is not None
    assert (STAFF, samples.api_key_id(1), None) == (found.account_id, found.key_id, found.session_id)
    assert [True, False, False, False] == [
        found.may(Permission.VENDOR_STOCK, ONE),
        found.may(Permission.VENDOR_FULFIL, ONE),
        found.may(Permission.VENDOR_STOCK, OTHER),
        found.may(Permission.SHOP),
    ]
    platform.members(RemoveMember(vendor_id=ONE, account_id=STAFF, at=platform.clock.now()))
    after = by_key(platform, text)
    assert after is not None
    assert not after.may(Permission.VENDOR_STOCK, ONE)


def test_a_key_of_a_vendor_sees_only_that_vendor(platform: Platform) -> None:
    """A key that is bound to one vendor has nothing of another one, though its maker belongs to both."""
    platform.members(AddMember(vendor_id=OTHER, account_id=OWNER, role=VendorRole.OWNER, at=platform.clock.now()))
    found = by_key(platform, make_key(platform))
    assert found is not None
    assert [ONE] == list(found.vendors)
    assert not found.may(Permission.VENDOR_STOCK, OTHER)


def test_a_key_that_is_over_is_nobodys(platform: Platform) -> None:
    """A wrong secret, an expired, a revoked key and one of a suspended account: nobody asks."""
    texts = [make_key(platform, 1), make_key(platform, 2, ends=timedelta(hours=1)), make_key(platform, 3, vendor=None)]
    assert all(by_key(platform, text) is not None for text in texts)
    assert by_key(platform, shown("qt", samples.api_key_id(1), "another-secret-here")) is None
    assert by_key(platform, texts[0][:-1]) is None
    platform.later(hours=1)
    assert by_key(platform, texts[1]) is None
    at = platform.clock.now()
    with pytest.raises(NotFound):
        platform.revoke_key(RevokeApiKey(key_id=samples.api_key_id(1), account_id=STAFF, at=at))
    revoked = [
        platform.revoke_key(RevokeApiKey(key_id=samples.api_key_id(1), account_id=OWNER, at=at + n * timedelta(hours=1)))
        for n in range(2)
    ]
    assert [at, at] == [key.revoked_at for key in revoked]
    assert by_key(platform, texts[0]) is None
    platform.govern(SuspendAccount(account_id=OWNER, reason="", at=at))
    assert by_key(platform, texts[2]) is None
    assert ["api_key.made"] * 3 == [each for each in platform.trail() if each == "api_key.made"]


@pytest.mark.parametrize(
    ("case", "change", "expected"),
    [
        ("no scopes", {"scopes": frozenset()}, Invalid("an API key without scopes", "one permission or more")),
        (
            "more than its maker may",
            {"scopes": frozenset({Permission.ADMIN_USERS})},
            Forbidden("An API key cannot do what its maker may not: admin.users"),
        ),
        (
            "for a vendor of somebody else",
            {"scopes": frozenset({Permission.VENDOR_READ}), "vendor_id": OTHER},
            Forbidden("An API key cannot do what its maker may not: vendor.read"),
        ),
        (
            "of a vendor, to shop",
            {"vendor_id": ONE},
            Invalid("an API key of a vendor for shop", "permissions of a vendor"),
        ),
        ("without a name", {"name": " "}, Invalid("an API key without a name", "what it is for")),
        ("with a long name", {"name": "x" * 81}, Invalid("a name of 81 characters", "at most 80")),
        (
            "over before it begins",
            {"expires_at": samples.START},
            Invalid("an API key that is over before it begins", "an end in the future, or none"),
        ),
    ],
)
def test_a_key_that_is_refused(platform: Platform, case: str, change: dict[str, Any], expected: DomainError) -> None:
    """No key may more than its maker, and none is for nothing."""
    command = CreateApiKey(
        key_id=samples.api_key_id(1),
        asker=asker(platform, 1),
        name="ERP",
        scopes=frozenset({Permission.SHOP}),
        at=platform.clock.now(),
    )
    with pytest.raises(type(expected)) as refused:
        platform.make_key(attrs.evolve(command, **change))
    assert expected == refused.value, case


def test_a_key_makes_no_keys(platform: Platform) -> None:
    """Whoever has a key cannot make another one that lives longer or may more."""
    found = by_key(platform, make_key(platform))
    assert found is not None
    command = CreateApiKey(
        key_id=samples.api_key_id(2),
        asker=found,
        name="ERP",
        scopes=frozenset({Permission.VENDOR_STOCK}),
        vendor_id=ONE,
        at=platform.clock.now(),
    )
    with pytest.raises(Forbidden, match="makes no API keys"):
        platform.make_key(command)
    with pytest.raises(Conflict):
        make_key(platform)


def test_the_last_admin_stays(platform: Platform) -> None:
    """The only administrator who can sign in is neither suspended nor made something else; with a second one it works."""
    admin, at = samples.account_id(4), platform.clock.now()
    platform.person(4, Role.ADMIN)
    losing: list[GrantRoles | SuspendAccount] = [
        GrantRoles(account_id=admin, roles=frozenset({Role.CLIENT}), at=at),
        SuspendAccount(account_id=admin, reason="", at=at),
    ]
    for command in losing:
        with pytest.raises(LastAdmin):
            platform.govern(command)
    platform.govern(GrantRoles(account_id=OWNER, roles=frozenset({Role.ADMIN, Role.CLIENT}), by=admin, at=at))
    assert AccountStatus.SUSPENDED is platform.govern(losing[1]).status
    with pytest.raises(LastAdmin):
        platform.govern(GrantRoles(account_id=OWNER, roles=frozenset({Role.CLIENT}), by=OWNER, at=at))
    with pytest.raises(Invalid, match="without a role"):
        platform.govern(GrantRoles(account_id=OWNER, roles=frozenset(), at=at))


def test_the_last_owner_stays(platform: Platform) -> None:
    """The only owner of a vendor neither leaves nor becomes staff; with a second one it works."""
    at = platform.clock.now()
    leaving: list[RemoveMember | AddMember] = [
        RemoveMember(vendor_id=ONE, account_id=OWNER, at=at),
        AddMember(vendor_id=ONE, account_id=OWNER, role=VendorRole.STAFF, at=at),
    ]
    for command in leaving:
        with pytest.raises(LastOwner):
            platform.members(command)
    platform.members(AddMember(vendor_id=ONE, account_id=STAFF, role=VendorRole.OWNER, by=OWNER, at=at))
    platform.members(leaving[1])
    assert [VendorRole.STAFF, VendorRole.OWNER] == [asker(platform, n).vendors[ONE] for n in (1, 2)]
    platform.members(leaving[0])
    assert {} == asker(platform, 1).vendors
    with pytest.raises(NotFound):
        platform.members(leaving[0])
    with pytest.raises(NotFound):
        platform.members(AddMember(vendor_id=ONE, account_id=samples.account_id(9), role=VendorRole.STAFF, at=at))
    with pytest.raises(NotFound):
        platform.members(AddMember(vendor_id=samples.vendor_id(9), account_id=STAFF, role=VendorRole.STAFF, at=at))


def test_every_change_of_access_is_in_the_trail() -> None:
    """Who registered, applied, joined, was granted roles, approved and suspended: each with who did it, and no personal data."""
    platform = Platform()
    at, admin = platform.clock.now(), samples.account_id(4)
    platform.person(1)
    platform.person(4, Role.ADMIN)
    platform.vendor(1, owner=1)
    platform.members(AddMember(vendor_id=ONE, account_id=admin, role=VendorRole.STAFF, by=OWNER, at=at))
    platform.members(RemoveMember(vendor_id=ONE, account_id=admin, by=OWNER, at=at))
    (vendor,) = platform.decide([DecideVendor(vendor_id=ONE, act="approve", by=admin, at=at)])
    granted(vendor)
    platform.govern(SuspendAccount(account_id=OWNER, reason="fraud", by=admin, at=at))
    assert [
        ("account.registered", OWNER),
        ("account.registered", admin),
        ("account.roles_granted", None),
        ("vendor.applied", OWNER),
        ("vendor.member_added", OWNER),
        ("vendor.member_removed", OWNER),
        ("vendor.approve", admin),
        ("account.suspended", admin),
    ] == [(entry.action, entry.actor_id) for entry in platform.entries()]
    said = repr(platform.entries())
    assert not any(secret in said for secret in (PASSWORD, "example.org", "Zoë", "plain-1", "counted-secret"))


def test_what_was_refused_leaves_no_trace(platform: Platform) -> None:
    """A refused decision about a vendor is not in the trail."""
    before = platform.trail()
    (refusal,) = platform.decide([DecideVendor(vendor_id=ONE, act="close", at=platform.clock.now())])
    assert isinstance(refusal, DomainError)
    assert before == platform.trail()


def test_an_account_changes_its_name(platform: Platform) -> None:
    """A name is changed by its account; one that is none, or too long, is refused."""
    at = platform.clock.now()
    assert "Ada" == platform.change_profile(ChangeProfile(account_id=OWNER, name=" Ada ", at=at)).name
    for name in (" ", "x" * 121, "A\0"):
        with pytest.raises(Invalid):
            platform.change_profile(ChangeProfile(account_id=OWNER, name=name, at=at))


def test_one_address_is_the_default(platform: Platform) -> None:
    """The first address is the default until another one is; when that is removed, the first one that is left is it again."""
    at = platform.clock.now()
    addresses = [samples.an_address(n, owner=1) for n in (1, 2, 3)]

    def default(*commands: KeepAddress | RemoveAddress) -> list[int]:
        kept = [platform.addresses(command) for command in commands][-1]
        return [n for n, each in enumerate(kept, 1) if each.is_default]

    assert [1] == default(*(KeepAddress(address=each, at=at) for each in addresses))
    assert [2] == default(KeepAddress(address=attrs.evolve(addresses[1], is_default=True), at=at))
    assert [2] == default(KeepAddress(address=addresses[2], at=at))
    assert [1] == default(RemoveAddress(account_id=OWNER, address_id=addresses[1].id, at=at))


def test_an_address_belongs_to_its_account(platform: Platform) -> None:
    """Nobody changes or removes the address of somebody else, or learns that there is one."""
    at = platform.clock.now()
    platform.addresses(KeepAddress(address=samples.an_address(1, owner=1), at=at))
    with pytest.raises(NotFound):
        platform.addresses(KeepAddress(address=samples.an_address(1, owner=2), at=at))
    for n in (1, 9):
        with pytest.raises(NotFound):
            platform.addresses(RemoveAddress(account_id=STAFF, address_id=samples.address_id(n), at=at))


def test_addresses_are_bounded(platform: Platform) -> None:
    """An account has so many addresses and no more; changing one of them still works."""
    at = platform.clock.now()
    for n in range(1, MAX_ADDRESSES + 1):
        platform.addresses(KeepAddress(address=samples.an_address(n, owner=1), at=at))
    with pytest.raises(Invalid, match="more than 50 addresses"):
        platform.addresses(KeepAddress(address=samples.an_address(99, owner=1), at=at))
    platform.addresses(KeepAddress(address=attrs.evolve(samples.an_address(1, owner=1), city="Bonn"), at=at))


def test_a_vendor_is_owned_by_an_account(platform: Platform) -> None:
    """Whoever applies has an account; an application in the name of nobody leaves no vendor and no member."""
    with pytest.raises(NotFound):
        platform.vendor(3, owner=99)
    with platform.database.begin() as work:
        assert {} == work.vendors.find([samples.vendor_id(3)])
        assert [] == list(work.memberships.of_vendor(samples.vendor_id(3)))
