"""What the ports of signing in promise: credentials, attempts, sessions, hashers, secrets."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import attrs
import pytest

from quarterturn_domain.identity.attempts import PATIENCE, Attempts
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.password import PasswordHasher
from quarterturn_domain.identity.ports import (
    Credentials,
    IdentityWork,
    Sessions,
)
from quarterturn_domain.identity.secret import Secrets, shown
from quarterturn_domain.identity.session import Session, SessionStatus
from quarterturn_domain.kernel.ids import AccountId, SessionId
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


class CredentialsContract(RepositoryContract[AccountId, Credential]):
    """What `Credentials` promises."""

    def repository(self, work: IdentityWork) -> Credentials:
        """The credentials."""
        return work.credentials

    def key(self, value: Credential) -> AccountId:
        """The account's id."""
        return value.account_id

    def new(self, n: int) -> Credential:
        """A new credential."""
        return samples.a_credential(n)

    def changed(self, value: Credential) -> Credential:
        """The credential with another password."""
        return attrs.evolve(value, hash="another", set_at=samples.moment(99))


class AttemptsContract(DatabaseContract):
    """What `AllAttempts` promises."""

    def test_attempts_come_back_equal(self, db: Begin[IdentityWork]) -> None:
        """An address that was never tried has none; what is saved is found by later units of work, field by field."""
        expected = Attempts.none("address", samples.moment(0))
        for n in range(1, PATIENCE + 1):
            with db() as work:
                known = work.attempts.lock("address", samples.moment(0))
                assert [] == differences(expected, known)
                expected = known.counted(samples.moment(n))
                work.attempts.save(expected)
        with db() as work:
            assert expected == work.attempts.lock("address", samples.moment(9))
            assert Attempts.none("other", samples.moment(9)) == work.attempts.lock("other", samples.moment(9))

    def test_what_is_rolled_back_is_not_counted(self, db: Begin[IdentityWork]) -> None:
        """Of a unit of work that ends with an exception no attempt is left."""
        with suppress(Undone), db() as work:
            work.attempts.save(work.attempts.lock("address", samples.moment(0)).counted(samples.moment(1)))
            undo()
        with db() as work:
            assert 0 == work.attempts.lock("address", samples.moment(0)).failures

    def test_two_first_attempts_are_two(self, db: Begin[IdentityWork]) -> None:
        """Two who try an address for the first time, at the same moment, are counted both."""

        def count() -> int:
            with db() as work:
                attempts = work.attempts.lock("address", samples.moment(0)).counted(samples.moment(1))
                work.attempts.save(attempts)
            return attempts.failures

        with another_thread() as run:
            with db() as work:
                mine = work.attempts.lock("address", samples.moment(0)).counted(samples.moment(1))
                other = run(count)
                moment_for_others(other)
                assert not other.done(), "one address was given to two at once"
                work.attempts.save(mine)
            assert (1, 2) == (mine.failures, other.result(PATIENCE_SECONDS))

    def test_old_attempts_are_forgotten(self, db: Begin[IdentityWork]) -> None:
        """`forget` drops those whose last one was before an instant, and says how many."""
        with db() as work:
            for n in range(1, 5):
                work.attempts.save(work.attempts.lock(f"address {n}", samples.moment(0)).counted(samples.moment(n)))
        with db() as work:
            assert 2 == work.attempts.forget(samples.moment(3))
            assert 0 == work.attempts.forget(samples.moment(3))
        with db() as work:
            assert [0, 0, 1, 1] == [work.attempts.lock(f"address {n}", samples.moment(9)).failures for n in range(1, 5)]


class SessionsContract(RepositoryContract[SessionId, Session]):
    """What `Sessions` promises."""

    def repository(self, work: IdentityWork) -> Sessions:
        """The sessions."""
        return work.sessions

    def new(self, n: int) -> Session:
        """A new session."""
        return samples.a_session(n)

    def changed(self, value: Session) -> Session:
        """The session, refreshed and then revoked."""
        return value.refreshed("f" * 64, value.opened_at + timedelta(days=1)).move("revoke", "a test")

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_an_account_sees_its_active_sessions(self, db: Begin[IdentityWork], limit: int) -> None:
        """Page after page, the active sessions of one account, the latest first; `lock_active` gives them the other way round."""
        own = [samples.a_session(n, owner=1) for n in range(1, 7)]
        own[1], own[4] = own[1].move("end", ""), own[4].move("revoke", "")
        self.added(db, [*own, samples.a_session(7)])
        expected = [session for session in own if session.status is SessionStatus.ACTIVE]
        with db() as work:
            owner = samples.account_id(1)
            read = leafed(lambda after, n: work.sessions.of_account(owner, after, n), lambda session: session.id, limit)
            assert expected[::-1] == read
            assert expected == list(work.sessions.lock_active(owner))
            assert [] == list(work.sessions.lock_active(samples.account_id(2)))

    def test_old_sessions_are_forgotten(self, db: Begin[IdentityWork]) -> None:
        """`forget` drops those that expired before an instant, and says how many."""
        sessions = [self.new(n) for n in (1, 2, 3)]
        self.added(db, sessions)
        with db() as work:
            assert 2 == work.sessions.forget(sessions[2].expires_at)
        assert {sessions[2].id: sessions[2]} == self.found(db, [each.id for each in sessions])


class HasherContract:
    """What a `PasswordHasher` promises; a subclass defines the fixture `hasher`, and `costlier`, whose hashes cost more."""

    def test_a_password_verifies_against_its_own_hash(self, hasher: PasswordHasher) -> None:
        """The right password is right, another one, and any one of nobody, is wrong."""
        hashed = hasher.hash("Grüße von der Bank")
        assert hasher.verify("Grüße von der Bank", hashed)
        assert not hasher.verify("grüße von der Bank", hashed)
        assert not hasher.verify("", hashed)
        assert not hasher.verify("nobody has this password", None)

    def test_a_hash_says_nothing(self, hasher: PasswordHasher) -> None:
        """The password is not in its hash."""
        assert "swordfish-and-chips" not in hasher.hash("swordfish-and-chips")

    def test_a_hash_of_before_is_stale(self, hasher: PasswordHasher, costlier: PasswordHasher) -> None:
        """A hash with other parameters still verifies, and is known to be one that should be made anew."""
        hashed = hasher.hash("swordfish-and-chips")
        assert costlier.verify("swordfish-and-chips", hashed)
        assert [False, True] == [hasher.stale(hashed), costlier.stale(hashed)]


class SecretsContract:
    """What `Secrets` promises; a subclass defines the fixture `secrets`."""

    def test_secrets_are_new_and_can_be_shown(self, secrets: Secrets) -> None:
        """None comes twice, and each can be part of a token's text."""
        made = [secrets.new() for _ in range(100)]
        assert 100 == len(set(made))
        assert all(shown("rt", samples.session_id(1), f"{each}.{each}") for each in made)

    def test_a_digest_is_sha_256(self, secrets: Secrets) -> None:
        """The digest is the one of FIPS 180-4's example, whoever computes it; of every text there is one."""
        assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" == secrets.digest("abc")
        assert secrets.digest("\ud800") != secrets.digest("?")

    def test_what_is_sealed_follows_from_the_text(self, secrets: Secrets) -> None:
        """Again and again, another one for each text, and part of a token's text as a new secret is; it does not tell the text."""
        made = [secrets.sealed(f"letter:{n}") for n in range(100)]
        assert made == [secrets.sealed(f"letter:{n}") for n in range(100)]
        assert 100 == len(set(made))
        assert all(shown("lt", samples.letter_id(1), each) for each in made)
        assert not any("letter:" in each or each == secrets.digest(f"letter:{n}") for n, each in enumerate(made))

    def test_same_is_equal(self, secrets: Secrets) -> None:
        """Two digests are the same when they are equal."""
        one, other = secrets.digest("one"), secrets.digest("other")
        assert [True, False, False] == [secrets.same(one, one), secrets.same(one, other), secrets.same(one, one[:-1])]
