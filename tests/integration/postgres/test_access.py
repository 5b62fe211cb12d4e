"""Access in a real database: guesses at once are all counted, two admins cannot both leave, and old data get what is new."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import pytest
from tests.databases import TestServer

from quarterturn_adapters.argon import Argon2Hasher
from quarterturn_adapters.chance import SystemSecrets
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.postgres import PostgresDatabase, migrate, retried
from quarterturn_adapters.postgres.migrating import REVISIONS
from quarterturn_domain.identity.account import LastAdmin
from quarterturn_domain.identity.asking import WhoAsks
from quarterturn_domain.identity.attempts import PATIENCE, TooManyAttempts
from quarterturn_domain.identity.registering import GovernAccounts, GrantRoles, RegisterAccount, RegisterAccounts
from quarterturn_domain.identity.role import Role, VendorRole
from quarterturn_domain.identity.signing_in import Refresh, RefreshSessions, SignedIn, SignIn, SignInRefused, SignPeopleIn
from quarterturn_domain.testing import samples

PASSWORD = "four words and a half"  # noqa: S105 - nobody has it.
CALLERS = 8


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """What each act comes to, all begun at the same moment; an exception is an outcome too."""
    ready = threading.Barrier(len(acts))
    outcomes: list[object] = []

    def run(act: Callable[[], object]) -> None:
        ready.wait()
        try:
            outcomes.append(act())
        except Exception as error:  # noqa: BLE001 - the test looks at each.
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def registered(database: PostgresDatabase, n: int, hasher: Argon2Hasher) -> None:
    """Register the `n`-th person."""
    email = f"person{n}@example.org"
    command = RegisterAccount(account_id=samples.account_id(n), email=email, name="Zoë", password=PASSWORD, at=samples.START)
    RegisterAccounts(database.begin, hasher)(command)


def test_guesses_at_once_are_all_counted(url: str) -> None:
    """Of eight who guess at the same moment five are told that it was wrong, the others to wait."""
    hasher, secrets = Argon2Hasher(memory_kib=8, passes=1), SystemSecrets()
    with PostgresDatabase(url, connections=CALLERS) as database:
        registered(database, 1, hasher)
        sign_in = retried(SignPeopleIn(database.begin, hasher, secrets))
        command = SignIn(email="person1@example.org", password="wrong", session_id=samples.session_id(1), at=samples.START)  # noqa: S106
        outcomes = at_once([lambda: sign_in(command)] * CALLERS)
        refused = [type(each) for each in outcomes]
        assert (PATIENCE, CALLERS - PATIENCE) == (refused.count(SignInRefused), refused.count(TooManyAttempts))


def test_a_token_that_two_use_at_once_is_good_for_one(url: str) -> None:
    """Of two who refresh with one token at the same moment one gets the next, and the session is over for both."""
    hasher, secrets = Argon2Hasher(memory_kib=8, passes=1), SystemSecrets()
    with PostgresDatabase(url, connections=CALLERS) as database:
        registered(database, 1, hasher)
        sign_in = SignPeopleIn(database.begin, hasher, secrets)
        signed = sign_in(SignIn(email="person1@example.org", password=PASSWORD, session_id=samples.session_id(1), at=samples.START))
        refresh = retried(RefreshSessions(database.begin, secrets))
        command = Refresh(token=signed.refresh_token, at=samples.moment(1))
        outcomes = at_once([lambda: refresh(command)] * 2)
        (winner,) = [each for each in outcomes if isinstance(each, SignedIn)]
        assert [SignInRefused] == [type(each) for each in outcomes if each is not winner]
        with pytest.raises(SignInRefused):
            refresh(Refresh(token=winner.refresh_token, at=samples.moment(2)))


def test_two_admins_cannot_both_leave(url: str) -> None:
    """Two administrators who take each other's role away at the same moment: one of them stays."""
    with PostgresDatabase(url, connections=CALLERS) as database:
        pair = [samples.account_id(n) for n in (1, 2)]
        with database.begin() as work:
            work.accounts.add(samples.an_account(n).grant({Role.ADMIN}) for n in (1, 2))
        govern = retried(GovernAccounts(database.begin))

        def depose(n: int) -> Callable[[], object]:
            command = GrantRoles(account_id=pair[n], roles=frozenset({Role.CLIENT}), by=pair[1 - n], at=samples.START)
            return lambda: govern(command)

        outcomes = at_once([depose(0), depose(1)])
        assert 1 == sum(isinstance(each, LastAdmin) for each in outcomes)
        with database.begin() as work:
            assert 1 == len(work.accounts.admins())


def test_many_are_asked_for_in_one_statement(url: str) -> None:
    """Who asks is one statement for a whole batch, and the commit of nothing is none."""
    sent: list[str] = []
    with PostgresDatabase(url, watch=sent.append) as database:
        with database.begin() as work:
            work.accounts.add(samples.an_account(n) for n in range(1, 33))
            work.sessions.add(samples.a_session(n) for n in range(1, 33))
            work.memberships.add(samples.a_membership(n) for n in range(1, 33))
        sent.clear()
        who_asks = WhoAsks(database.begin, SystemSecrets(), ManualClock(samples.moment(40)))
        found = who_asks.by_session([samples.session_id(n) for n in range(1, 41)])
        assert (32, 1) == (len(found), len(sent))


def test_old_data_get_what_is_new(server: TestServer, tmp_path: Path) -> None:
    """Accounts of before are clients, and whoever owned a vendor is its first member."""
    url = server.empty()
    shutil.copytree(REVISIONS, tmp_path, dirs_exist_ok=True)
    for later in set((tmp_path / "versions").glob("r*")) - set((tmp_path / "versions").glob("r0001*")):
        later.unlink()
    assert "0001" == migrate(url, revisions=tmp_path)
    with psycopg.connect(url) as connection:
        account, vendor = samples.account_id(1), samples.vendor_id(1)
        connection.execute("INSERT INTO accounts VALUES (%s, 'ada@example.org', 'Ada', 'active', now())", [account])
        values = "(%s, %s, 'Iron', 'DE', 'approved', now(), NULL, false, '[]')"
        connection.execute(f"INSERT INTO vendors VALUES {values}", [vendor, account])  # noqa: S608
    migrate(url)
    with PostgresDatabase.connect(url) as database, database.begin() as work:
        assert frozenset({Role.CLIENT}) == work.accounts.find([account])[account].roles
        assert [VendorRole.OWNER] == [each.role for each in work.memberships.of_vendor(vendor)]
    server.drop(url)
