"""Signing in: sessions, tokens that rotate, and patience that ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.identity.platforms import PASSWORD, Platform

from quarterturn_adapters.chance import PlainHasher
from quarterturn_domain.identity.attempts import PATIENCE, TooManyAttempts
from quarterturn_domain.identity.registering import ReinstateAccount, SuspendAccount
from quarterturn_domain.identity.session import IDLE, WHOLE, SessionStatus
from quarterturn_domain.identity.signing_in import NO_SESSION, WRONG, SignIn, SignInRefused, SignPeopleIn
from quarterturn_domain.identity.signing_out import EndAllSessions, EndSession, SignOut
from quarterturn_domain.kernel.errors import Forbidden, NotFound
from quarterturn_domain.testing import samples


@pytest.fixture
def platform() -> Platform:
    """A platform with two people."""
    made = Platform()
    made.person(1)
    made.person(2)
    return made


def test_who_signs_in_may_ask(platform: Platform) -> None:
    """A session opens with a token whose text tells its id, and says who asks; neither is in the `repr`."""
    signed = platform.signed_in()
    asker = platform.asker()
    assert asker is not None
    assert (samples.account_id(1), samples.session_id(1)) == (asker.account_id, asker.session_id)
    assert signed.refresh_token.startswith(f"rt_{samples.session_id(1).hex}_")
    assert "counted-secret" not in repr(signed)
    assert signed.session.token not in repr(signed)
    assert "session.opened" == platform.trail()[-1]


def test_capital_letters_in_an_address_do_not_matter(platform: Platform) -> None:
    """An address is found as it was registered, in lower case."""
    command = SignIn(
        email=" Person1@Example.ORG ", password=PASSWORD, device="", session_id=samples.session_id(1), at=platform.clock.now()
    )
    assert samples.account_id(1) == platform.sign_in(command).account.id


@pytest.mark.parametrize(
    ("case", "email", "password"),
    [
        ("a wrong password", "person1@example.org", "four words and a third"),
        ("an address that nobody has", "person9@example.org", PASSWORD),
        ("an address that no database keeps", "person\0@example.org", PASSWORD),
        ("an address of half a character", "\ud800", PASSWORD),
        ("a password that no hasher takes", "person1@example.org", "\ud800"),
        ("a password as long as a book", "person1@example.org", "word " * 100_000),
        ("nothing", "", ""),
    ],
)
def test_every_wrong_is_the_same(platform: Platform, case: str, email: str, password: str) -> None:
    """Whatever was wrong, the refusal is the same, after one verification, which is what takes the time."""
    command = SignIn(email=email, password=password, session_id=samples.session_id(1), at=platform.clock.now())
    with pytest.raises(SignInRefused) as refused:
        platform.sign_in(command)
    assert SignInRefused(WRONG) == refused.value, case
    assert 1 == len(platform.hasher.asked)


@pytest.mark.parametrize("person", [1, 9], ids=["an account", "an address that nobody has"])
def test_patience_ends(platform: Platform, person: int) -> None:
    """After five failures the address is locked, for twice as long each time, even for the right password; success forgets them."""
    waits = []
    for _ in range(PATIENCE):
        with pytest.raises(SignInRefused):
            platform.signed_in(person, password="wrong words again")  # noqa: S106
    for _ in range(9):
        with pytest.raises(TooManyAttempts) as refused:
            platform.signed_in(person)
        waits.append(refused.value.retry_after_seconds)
        platform.later(seconds=waits[-1])
        with pytest.raises(SignInRefused):
            platform.signed_in(person, password="wrong words again")  # noqa: S106
    assert [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600] == waits
    assert (10 if person == 1 else 0) == platform.trail().count("account.locked")


def test_success_forgets_failures(platform: Platform) -> None:
    """Failures that are not in a row do not add up, and neither do those of another day."""
    for round_ in range(3):
        for _ in range(PATIENCE - 1):
            with pytest.raises(SignInRefused):
                platform.signed_in(password="wrong words again")  # noqa: S106
        if round_ == 1:
            platform.later(days=1)
        else:
            platform.signed_in(session=round_ + 1)
    assert "account.locked" not in platform.trail()


def test_guesses_at_the_same_moment_are_all_counted(platform: Platform) -> None:
    """A guess is counted before its password is looked at: a hasher that is asked sees it committed already."""
    seen = []

    class Watching(PlainHasher):
        def verify(self, password: str, hashed: str | None, /) -> bool:
            with platform.database.begin() as work:
                address = platform.secrets.digest("person1@example.org")
                seen.append(work.attempts.lock(address, platform.clock.now()).failures)
            return super().verify(password, hashed)

    sign_in = SignPeopleIn(platform.database.begin, Watching(), platform.secrets)
    command = SignIn(email="person1@example.org", password="wrong", session_id=samples.session_id(1), at=platform.clock.now())  # noqa: S106
    for _ in range(3):
        with pytest.raises(SignInRefused):
            sign_in(command)
    assert [1, 2, 3] == seen


def test_a_stale_hash_is_made_anew(platform: Platform) -> None:
    """When a hash costs more than before, whoever signs in gets the costlier one, and only once."""
    sign_in = SignPeopleIn(platform.database.begin, PlainHasher(2), platform.secrets)
    for session in (1, 2):
        sign_in(
            SignIn(email="person1@example.org", password=PASSWORD, session_id=samples.session_id(session), at=platform.clock.now())
        )
        with platform.database.begin() as work:
            assert work.credentials.find([samples.account_id(1)])[samples.account_id(1)].hash.startswith("plain-2-")


def test_a_token_is_good_once(platform: Platform) -> None:
    """Refreshing gives the next token; one that comes back ends the session for both, and the trail says so."""
    first = platform.signed_in().refresh_token
    second = platform.refreshed(first).refresh_token
    third = platform.refreshed(second).refresh_token
    assert 3 == len({first, second, third})
    with pytest.raises(SignInRefused, match=NO_SESSION):
        platform.refreshed(first)
    assert platform.asker() is None
    with pytest.raises(SignInRefused, match=NO_SESSION):
        platform.refreshed(third)
    assert 1 == platform.trail().count("session.revoked")


@pytest.mark.parametrize(
    ("case", "change"),
    [
        ("another family", lambda token: token[:36] + "x" + token[37:]),
        ("no family", lambda token: token[:36] + "." + token.partition(".")[2]),
        ("another kind", lambda token: "qt" + token[2:]),
        ("cut", lambda token: token[:30]),
        ("nothing", lambda _: ""),
        ("another session", lambda token: token.replace(samples.session_id(1).hex, samples.session_id(2).hex)),
    ],
)
def test_a_forged_token_harms_nobody(platform: Platform, case: str, change: object) -> None:
    """Who knows the id of a session, and none of its tokens, can neither use nor end it."""
    token = platform.signed_in().refresh_token
    assert callable(change)
    with pytest.raises(SignInRefused):
        platform.refreshed(change(token))
    assert [] == list(platform.end(SignOut(token=change(token), at=platform.clock.now()))), case
    assert platform.refreshed(token).session.live(platform.clock.now())


def test_a_session_ends_by_itself(platform: Platform) -> None:
    """It lives thirty days without use, and ninety in all."""
    token = platform.signed_in().refresh_token
    opened = platform.clock.now()
    for _ in range(3):
        platform.later(days=29)
        token = platform.refreshed(token).refresh_token
    assert opened + WHOLE == platform.refreshed(token).session.expires_at
    platform.later(days=3)
    assert platform.asker() is None
    platform.signed_in(session=2)
    platform.clock.advance(IDLE - timedelta(seconds=1))
    assert platform.asker(2) is not None
    platform.later(seconds=1)
    assert platform.asker(2) is None


def test_signing_out(platform: Platform) -> None:
    """Any token of a session ends it, the last one or one from before; a second time nothing is left to end."""
    first = platform.signed_in().refresh_token
    platform.refreshed(first)
    (ended,) = platform.end(SignOut(token=first, at=platform.clock.now()))
    assert SessionStatus.ENDED is ended.status
    assert platform.asker() is None
    assert [] == list(platform.end(SignOut(token=first, at=platform.clock.now())))


def test_ending_sessions(platform: Platform) -> None:
    """One's own session can be ended, all of them but one, and nobody else's."""
    for session in (1, 2, 3):
        platform.signed_in(session=session)
    platform.signed_in(2, session=4)
    owner, at = samples.account_id(1), platform.clock.now()
    with pytest.raises(NotFound):
        platform.end(EndSession(account_id=owner, session_id=samples.session_id(4), at=at))
    platform.end(EndSession(account_id=owner, session_id=samples.session_id(1), by=samples.account_id(2), at=at))
    assert samples.account_id(2) == platform.entries()[-1].actor_id
    assert [] == list(platform.end(EndSession(account_id=owner, session_id=samples.session_id(1), at=at)))
    (ended,) = platform.end(EndAllSessions(account_id=owner, keep=samples.session_id(3), at=at))
    assert samples.session_id(2) == ended.id
    assert [None, None] == [platform.asker(1), platform.asker(2)]
    assert [True, True] == [platform.asker(n) is not None for n in (3, 4)]


def test_suspension_shuts_out(platform: Platform) -> None:
    """Suspending an account ends its sessions; it can neither refresh nor sign in until it is reinstated, and then only anew."""
    token = platform.signed_in().refresh_token
    account, at = samples.account_id(1), platform.clock.now()
    platform.govern(SuspendAccount(account_id=account, reason="fraud", at=at))
    assert platform.asker() is None
    with pytest.raises(SignInRefused):
        platform.refreshed(token)
    with pytest.raises(Forbidden, match="suspended"):
        platform.signed_in(session=2)
    with pytest.raises(SignInRefused):
        platform.signed_in(session=2, password="wrong words again")  # noqa: S106
    platform.govern(ReinstateAccount(account_id=account, at=at))
    assert platform.asker() is None
    platform.signed_in(session=3)
    assert [samples.session_id(3)] == platform.sessions(account)


def test_what_is_over_is_forgotten(platform: Platform) -> None:
    """Sessions that have long expired and attempts of days ago are dropped; what may still matter is kept."""
    platform.signed_in()
    platform.later(days=31)
    platform.signed_in(2, session=2)
    assert 1 == platform.forget()
    platform.later(days=30)
    assert 2 == platform.forget()
    assert 0 == platform.forget()
