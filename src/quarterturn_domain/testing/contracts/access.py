"""What the ports of access promise: roles, API keys, members, addresses, the audit trail, and what every request reads."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import attrs
import pytest

from quarterturn_domain.identity.account import Account, AccountStatus
from quarterturn_domain.identity.address import Address
from quarterturn_domain.identity.api_key import ApiKey
from quarterturn_domain.identity.audit import AuditEntry
from quarterturn_domain.identity.letter import Letter, LetterStatus
from quarterturn_domain.identity.membership import Membership
from quarterturn_domain.identity.ports import (
    Addresses,
    ApiKeys,
    IdentityWork,
    KeyStanding,
    Letters,
    MemberKey,
    Memberships,
    SessionStanding,
    Wanted,
)
from quarterturn_domain.identity.role import Role, VendorRole
from quarterturn_domain.identity.session import SessionStatus
from quarterturn_domain.kernel.ids import AddressId, ApiKeyId, LetterId, SessionId
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import (
    PATIENCE_SECONDS,
    DatabaseContract,
    Undone,
    another_thread,
    moment_for_others,
    undo,
)
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed
from quarterturn_domain.testing.contracts.repository import RepositoryContract


class RolesContract(DatabaseContract):
    """What `Accounts` promises of roles and lists."""

    def kept(self, db: Begin[IdentityWork]) -> list[Account]:
        """Twelve accounts: every third a coach, every fourth an administrator, every sixth suspended."""
        accounts = []
        for n in range(1, 13):
            roles = {Role.CLIENT} | ({Role.COACH} if n % 3 == 0 else set()) | ({Role.ADMIN} if n % 4 == 0 else set())
            account = samples.an_account(n).grant(roles)
            accounts.append(account.suspend(reason="", at=samples.moment(0))[0] if n % 6 == 0 else account)
        with db() as work:
            work.accounts.add(accounts[::-1])
        return accounts

    def test_roles_come_back_equal(self, db: Begin[IdentityWork]) -> None:
        """An account has the roles that it was kept with, and others once it was saved with others."""
        account = samples.an_account(1).grant(set(Role))
        with db() as work:
            work.accounts.add([account])
        with db() as work:
            assert [] == differences({account.id: account}, work.accounts.lock([account.id]))
            work.accounts.save([account.grant({Role.COACH})])
        with db() as work:
            assert {account.id: account.grant({Role.COACH})} == work.accounts.find([account.id])

    @pytest.mark.parametrize(
        ("case", "wanted"),
        [
            ("everybody", Wanted()),
            ("by the beginning of the address", Wanted(email="person1")),
            ("by a whole address", Wanted(email="person2@example.org")),
            ("by no address", Wanted(email="nobody")),
            ("by a percent sign, which means itself", Wanted(email="%")),
            ("by role", Wanted(role=Role.COACH)),
            ("by a role that nobody has", Wanted(role=Role.VENDOR)),
            ("by status", Wanted(status=AccountStatus.SUSPENDED)),
            ("by all of it", Wanted(email="person1", role=Role.ADMIN, status=AccountStatus.SUSPENDED)),
        ],
    )
    @pytest.mark.parametrize("limit", [1, 5, 100])
    def test_a_list_shows_who_is_wanted(self, db: Begin[IdentityWork], case: str, wanted: Wanted, limit: int) -> None:
        """Page after page, the accounts that are wanted, and no others, in the order of their ids."""
        accounts = self.kept(db)
        with db() as work:
            shown_now = leafed(lambda after, n: work.accounts.page(after, n, wanted), lambda account: account.id, limit)
        assert [account for account in accounts if wanted.meets(account)] == shown_now, case

    def test_admins_are_those_who_govern(self, db: Begin[IdentityWork]) -> None:
        """`admins` gives the active administrators in the order of their ids, also those of this unit of work."""
        accounts = self.kept(db)
        with db() as work:
            assert [each for each in accounts if each.governs] == list(work.accounts.admins())
            work.accounts.lock([accounts[3].id])
            work.accounts.save([accounts[3].grant({Role.CLIENT})])
            assert [accounts[7]] == list(work.accounts.admins())

    def test_who_governs_is_locked(self, db: Begin[IdentityWork]) -> None:
        """Who asks for the administrators while somebody else has them waits, and sees what was committed."""
        accounts = self.kept(db)

        def admins() -> list[Account]:
            with db() as work:
                return list(work.accounts.admins())

        with another_thread() as run:
            with db() as work:
                work.accounts.admins()
                other = run(admins)
                moment_for_others(other)
                assert not other.done(), "the administrators were given to two at once"
                work.accounts.save([accounts[3].grant({Role.CLIENT})])
            assert [accounts[7]] == other.result(PATIENCE_SECONDS)


class ApiKeysContract(RepositoryContract[ApiKeyId, ApiKey]):
    """What `ApiKeys` promises."""

    def repository(self, work: IdentityWork) -> ApiKeys:
        """The API keys."""
        return work.api_keys

    def new(self, n: int) -> ApiKey:
        """A new key."""
        return samples.an_api_key(n)

    def changed(self, value: ApiKey) -> ApiKey:
        """The key, revoked."""
        return value.revoked(samples.moment(50))

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_an_account_sees_its_keys(self, db: Begin[IdentityWork], limit: int) -> None:
        """Page after page, the keys of one account that are not revoked, the latest first."""
        own = [samples.an_api_key(n, owner=1) for n in range(1, 6)]
        own[2] = own[2].revoked(samples.moment(50))
        self.added(db, [*own, samples.an_api_key(6)])
        owner = samples.account_id(1)
        with db() as work:
            read = leafed(lambda after, n: work.api_keys.of_account(owner, after, n), lambda key: key.id, limit)
        assert [own[4], own[3], own[1], own[0]] == read


class LettersContract(RepositoryContract[LetterId, Letter]):
    """What `Letters` promises."""

    def repository(self, work: IdentityWork) -> Letters:
        """The letters."""
        return work.letters

    def new(self, n: int) -> Letter:
        """A new letter."""
        return samples.a_letter(n)

    def changed(self, value: Letter) -> Letter:
        """The letter, used."""
        return value.move("use")

    def test_open_letters_are_found_by_what_they_are_about(self, db: Begin[IdentityWork]) -> None:
        """Those about one account, or the invitations of one vendor; neither used nor withdrawn ones."""
        letters = [samples.a_letter(n, about=1) for n in range(1, 10)] + [samples.a_letter(n) for n in range(11, 14)]
        letters[1], letters[3] = letters[1].move("use"), letters[3].move("withdraw")
        self.added(db, letters)
        account, vendor = samples.account_id(1), samples.vendor_id(1)
        with db() as work:
            of_account, of_vendor = work.letters.open_of_account(account), work.letters.open_of_vendor(vendor)
        assert [each for each in letters[:9] if each.account_id == account and each.status is LetterStatus.OPEN] == of_account
        assert [each for each in letters[:9] if each.vendor_id == vendor and each.status is LetterStatus.OPEN] == of_vendor
        assert (5, 2) == (len(of_account), len(of_vendor))

    def test_old_letters_are_forgotten(self, db: Begin[IdentityWork]) -> None:
        """Those that expired before an instant, whatever has become of them."""
        letters = [samples.a_letter(3), samples.a_letter(6).move("use"), samples.a_letter(9)]
        self.added(db, letters)
        with db() as work:
            assert 2 == work.letters.forget(letters[2].expires_at)
        with db() as work:
            assert [letters[2].id] == list(work.letters.find([each.id for each in letters]))


class MembershipsContract(RepositoryContract[MemberKey, Membership]):
    """What `Memberships` promises."""

    def repository(self, work: IdentityWork) -> Memberships:
        """The memberships."""
        return work.memberships

    def key(self, value: Membership) -> MemberKey:
        """The vendor and the account."""
        return value.vendor_id, value.account_id

    def new(self, n: int) -> Membership:
        """A new membership."""
        return samples.a_membership(n)

    def changed(self, value: Membership) -> Membership:
        """The membership with the other role."""
        other = VendorRole.STAFF if value.role is VendorRole.OWNER else VendorRole.OWNER
        return attrs.evolve(value, role=other)

    def test_members_and_memberships(self, db: Begin[IdentityWork]) -> None:
        """A vendor has its members and an account its memberships, each in the order of ids; who was removed is neither."""
        members = [self.new(n) for n in range(1, 8)]
        second = attrs.evolve(members[0], vendor_id=samples.vendor_id(9))
        self.added(db, [second, *members[::-1]])
        with db() as work:
            assert [members[0], members[3], members[6]] == list(work.memberships.of_vendor(members[0].vendor_id))
            assert [members[0], second] == list(work.memberships.of_account(samples.account_id(1)))
            work.memberships.remove([self.key(members[3]), (samples.vendor_id(9), samples.account_id(9))])
            work.memberships.remove([])
        with db() as work:
            assert [members[0], members[6]] == list(work.memberships.of_vendor(members[0].vendor_id))
            assert [] == list(work.memberships.of_account(samples.account_id(4)))
            assert [] == list(work.memberships.of_vendor(samples.vendor_id(8)))


class AddressesContract(RepositoryContract[AddressId, Address]):
    """What `Addresses` promises."""

    def repository(self, work: IdentityWork) -> Addresses:
        """The addresses."""
        return work.addresses

    def new(self, n: int) -> Address:
        """A new address."""
        return samples.an_address(n)

    def changed(self, value: Address) -> Address:
        """The address, moved."""
        return attrs.evolve(value, lines=("Quai 1", "Bât. “B”", "c/o"), country="FR", is_default=True, label="")

    def test_an_account_sees_its_addresses(self, db: Begin[IdentityWork]) -> None:
        """The addresses of one account in the order of their ids; one that was removed is gone."""
        own = [samples.an_address(n, owner=1) for n in (1, 2, 3)]
        self.added(db, [*own[::-1], samples.an_address(4)])
        with db() as work:
            assert own == list(work.addresses.of_account(samples.account_id(1)))
            work.addresses.remove([own[1].id, samples.address_id(9)])
            work.addresses.remove([])
        with db() as work:
            assert [own[0], own[2]] == list(work.addresses.of_account(samples.account_id(1)))


class AuditTrailContract(DatabaseContract):
    """What `AuditTrail` promises."""

    @pytest.mark.parametrize("limit", [1, 3, 100])
    def test_entries_come_back_latest_first(self, db: Begin[IdentityWork], limit: int) -> None:
        """Page after page, what was kept, the latest first, with numbers that grow; of one subject when it is named."""
        entries = [samples.an_audit_entry(n) for n in range(1, 8)]
        for batch in (entries[:3], [], entries[3:]):
            with db() as work:
                work.audit.append(iter(batch))
        with db() as work:
            read = leafed(work.audit.page, _number, limit)
            subject = str(samples.account_id(1))
            of_one = leafed(lambda before, n: work.audit.page(before, n, subject), _number, limit)
        assert [] == differences(entries[::-1], [attrs.evolve(each, number=0) for each in read])
        assert sorted({each.number for each in read}, reverse=True) == [each.number for each in read]
        assert [each for each in read if each.subject_id == subject] == of_one
        assert 3 == len(of_one)

    def test_what_is_rolled_back_was_never_done(self, db: Begin[IdentityWork]) -> None:
        """An entry stands or falls with what it tells of."""
        with suppress(Undone), db() as work:
            work.audit.append([samples.an_audit_entry(1)])
            undo()
        with db() as work:
            assert [] == list(work.audit.page(None, 10))


def _number(entry: AuditEntry) -> int:
    return entry.number


class StandingsContract(DatabaseContract):
    """What `Standings` promises."""

    def furnish(self, work: IdentityWork) -> None:
        """Three accounts, the first with two memberships, the third suspended; a session and a key of each, and of nobody."""
        accounts = [samples.an_account(n) for n in (1, 2, 3)]
        accounts[1] = accounts[1].grant({Role.COACH, Role.ADMIN})
        accounts[2], _ = accounts[2].suspend(reason="", at=samples.moment(9))
        work.accounts.add(accounts)
        member = samples.a_membership(1)
        work.memberships.add([member, Membership(samples.vendor_id(9), member.account_id, VendorRole.STAFF, member.since)])
        work.sessions.add(samples.a_session(n) for n in (1, 2, 3, 4))
        work.api_keys.add(samples.an_api_key(n) for n in (1, 2, 3, 4))

    def test_many_sessions_are_read_at_once(self, db: Begin[IdentityWork]) -> None:
        """Of the sessions that exist and whose account does, everything that decides; unknown ones are left out."""
        with db() as work:
            work.sessions.lock([samples.session_id(2)])
            work.sessions.save([samples.a_session(2).move("end", "")])
        with db() as work:
            ids = [samples.session_id(n) for n in (3, 1, 2, 4, 5, 1)]
            found = work.standings.of_sessions(iter(ids))
            assert {} == work.standings.of_sessions([])
        expected: Mapping[SessionId, SessionStanding] = {
            samples.session_id(n): SessionStanding(
                account_id=samples.account_id(n),
                status=AccountStatus.SUSPENDED if n == 3 else AccountStatus.ACTIVE,
                roles=frozenset({Role.COACH, Role.ADMIN} if n == 2 else {Role.CLIENT}),
                vendors={samples.vendor_id(2): VendorRole.OWNER, samples.vendor_id(9): VendorRole.STAFF} if n == 1 else {},
                session_status=SessionStatus.ENDED if n == 2 else SessionStatus.ACTIVE,
                expires_at=samples.a_session(n).expires_at,
            )
            for n in (1, 2, 3)
        }
        assert [] == differences(expected, found)

    def test_many_keys_are_read_at_once(self, db: Begin[IdentityWork]) -> None:
        """The same for API keys, with the key itself."""
        with db() as work:
            found = work.standings.of_keys(samples.api_key_id(n) for n in (1, 2, 3, 4, 5))
            assert {} == work.standings.of_keys([])
        expected: Mapping[ApiKeyId, KeyStanding] = {
            samples.api_key_id(n): KeyStanding(
                account_id=samples.account_id(n),
                status=AccountStatus.SUSPENDED if n == 3 else AccountStatus.ACTIVE,
                roles=frozenset({Role.COACH, Role.ADMIN} if n == 2 else {Role.CLIENT}),
                vendors={samples.vendor_id(2): VendorRole.OWNER, samples.vendor_id(9): VendorRole.STAFF} if n == 1 else {},
                key=samples.an_api_key(n),
            )
            for n in (1, 2, 3)
        }
        assert [] == differences(expected, found)
