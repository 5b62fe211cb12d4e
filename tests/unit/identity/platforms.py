"""A platform in memory with people on it: every use case of identity over one database, a clock that stands, a fast hasher."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from quarterturn_adapters.chance import CountedSecrets, PlainHasher
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.memory import MemoryDatabase
from quarterturn_domain.identity.account import Account
from quarterturn_domain.identity.addressing import KeepAddresses
from quarterturn_domain.identity.asker import Asker
from quarterturn_domain.identity.asking import WhoAsks
from quarterturn_domain.identity.audit import AuditEntry
from quarterturn_domain.identity.changing import ChangePasswords, ChangeProfiles
from quarterturn_domain.identity.forgetting import ForgetSignIns
from quarterturn_domain.identity.joining import GovernMembers
from quarterturn_domain.identity.keying import CreateApiKeys, RevokeApiKeys
from quarterturn_domain.identity.onboarding import ApplyAsVendor, ApplyAsVendors, GovernVendors
from quarterturn_domain.identity.registering import GovernAccounts, GrantRoles, RegisterAccount, RegisterAccounts
from quarterturn_domain.identity.role import Role
from quarterturn_domain.identity.signing_in import Refresh, RefreshSessions, SignedIn, SignIn, SignPeopleIn
from quarterturn_domain.identity.signing_out import EndSessions
from quarterturn_domain.identity.vendor import Vendor
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import AccountId, SessionId
from quarterturn_domain.testing import samples

PASSWORD = "four words and a half"  # noqa: S105 - nobody has it.


class CountingHasher(PlainHasher):
    """A hasher that remembers what it was asked to verify: the hash, or None for nobody's."""

    def __init__(self) -> None:
        super().__init__()
        self.version = 1
        self.asked: list[str | None] = []

    def verify(self, password: str, hashed: str | None, /) -> bool:
        """Verify, and remember."""
        self.asked.append(hashed)
        return super().verify(password, hashed)


class Platform:
    """Everything that identity can do."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.clock = ManualClock(samples.START)
        self.secrets = CountedSecrets()
        self.hasher = CountingHasher()
        begin = self.database.begin
        self.register = RegisterAccounts(begin, self.hasher)
        self.govern = GovernAccounts(begin)
        self.change_profile = ChangeProfiles(begin)
        self.change_password = ChangePasswords(begin, self.hasher, self.secrets)
        self.sign_in = SignPeopleIn(begin, self.hasher, self.secrets)
        self.refresh = RefreshSessions(begin, self.secrets)
        self.end = EndSessions(begin, self.secrets)
        self.forget = ForgetSignIns(begin, self.clock)
        self.make_key = CreateApiKeys(begin, self.secrets)
        self.revoke_key = RevokeApiKeys(begin)
        self.apply = ApplyAsVendors(begin)
        self.decide = GovernVendors(begin)
        self.members = GovernMembers(begin)
        self.addresses = KeepAddresses(begin)
        self.who_asks = WhoAsks(begin, self.secrets, self.clock)

    def person(self, n: int, *roles: Role) -> Account:
        """The `n`-th person, registered with the password of all; with other roles than those of everybody when some are named."""
        at = self.clock.now()
        command = RegisterAccount(
            account_id=samples.account_id(n), email=f"person{n}@example.org", name=f"Zoë {n}", password=PASSWORD, at=at
        )
        account = self.register(command)
        if roles:
            account = self.govern(GrantRoles(account_id=account.id, roles=frozenset(roles), at=at))
        return account

    def vendor(self, n: int, owner: int) -> Vendor:
        """The `n`-th vendor, of an owner who is registered."""
        command = ApplyAsVendor(
            vendor_id=samples.vendor_id(n), name="Iron", country="DE", owner_id=samples.account_id(owner), at=self.clock.now()
        )
        return granted(self.apply([command])[0])

    def signed_in(self, n: int = 1, *, session: int = 1, password: str = PASSWORD) -> SignedIn:
        """The `n`-th person, signed in."""
        command = SignIn(
            email=f"person{n}@example.org",
            password=password,
            device="Firefox",
            session_id=samples.session_id(session),
            at=self.clock.now(),
        )
        return self.sign_in(command)

    def refreshed(self, token: str) -> SignedIn:
        """The session with its next token."""
        return self.refresh(Refresh(token=token, at=self.clock.now()))

    def asker(self, session: int = 1) -> Asker | None:
        """Who asks with a session, if that may ask."""
        session_id = samples.session_id(session)
        return self.who_asks.by_session([session_id]).get(session_id)

    def later(self, **span: int) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**span))

    def trail(self) -> list[str]:
        """The actions of the audit trail, the earliest first."""
        return [entry.action for entry in self.entries()]

    def entries(self) -> Sequence[AuditEntry]:
        """The audit trail, the earliest first."""
        with self.database.begin() as work:
            return list(work.audit.page(None, 1_000))[::-1]

    def sessions(self, account: AccountId) -> list[SessionId]:
        """The active sessions of an account, the latest first."""
        with self.database.begin() as work:
            return [session.id for session in work.sessions.of_account(account, None, 100)]
