"""Passwords: what may be chosen, and that nothing repeats one."""

from __future__ import annotations

import pytest
from tests.unit.identity.platforms import PASSWORD, Platform

from quarterturn_domain.identity.attempts import PATIENCE, TooManyAttempts
from quarterturn_domain.identity.changing import ChangePassword, SetPassword
from quarterturn_domain.identity.credential import Credential
from quarterturn_domain.identity.password import COMMON, LONGEST, chosen, normal
from quarterturn_domain.identity.registering import RegisterAccount
from quarterturn_domain.identity.signing_in import SignIn, SignInRefused
from quarterturn_domain.kernel.errors import Forbidden, Invalid
from quarterturn_domain.kernel.idempotency import fingerprint
from quarterturn_domain.testing import samples

CONTEXT = ("ada.lovelace@example.org", "Ada Lovelace")
LENGTH, COMMONPLACE, SEQUENCE, OWN = "of this length", "that many people have", "repeated or successive", "made of the name"


@pytest.mark.parametrize(
    ("case", "password", "expected"),
    [
        ("too short", "x7!kQ2z", LENGTH),
        ("nothing", "", LENGTH),
        ("one character short of enough", "x7!kQ2zWmp4#Lt", LENGTH),
        ("too long", "x7!kQ2zW" * 20, LENGTH),
        ("too long once normal", "ﷺ" * 20, LENGTH),
        ("short once normal, though long in bytes", "🏋🏽‍♀️", LENGTH),
        ("common", "trustno1", COMMONPLACE),
        ("common, in capitals", "PassWord", COMMONPLACE),
        ("common, in wide letters", "".join(chr(ord(each) + 0xFEE0) for each in "password"), COMMONPLACE),
        ("common, with figures behind", "iloveyou2024!", COMMONPLACE),
        ("one character", "zzzzzzzzzz", SEQUENCE),
        ("two characters", "zyzyyzyzzz", SEQUENCE),
        ("one piece twice", "g7fkqg7fkq", SEQUENCE),
        ("the alphabet", "defghijklm", SEQUENCE),
        ("the alphabet backwards", "mlkjihgfed", SEQUENCE),
        ("figures in a row", "4567890123", SEQUENCE),
        ("a row of the keyboard backwards", "poiuytrewq", SEQUENCE),
        ("the name", "lovelace7", OWN),
        ("both names", "AdaLovelace99", OWN),
        ("the address", "ada.lovelace@example.org", OWN),
        ("this service", "Quarterturn!23", OWN),
        ("NUL", "four words\0and a half", "U\\+0000"),
        ("half a character", "four words \ud83c and a half", "U\\+D83C"),
    ],
)
def test_a_password_that_is_refused(case: str, password: str, expected: str) -> None:
    """It is refused with the reason, which does not repeat it."""
    with pytest.raises(Invalid, match=expected) as refused:
        chosen(password, CONTEXT)
    assert not password or password not in str(refused.value), case


@pytest.mark.parametrize(
    ("case", "password"),
    [
        ("several words", "correct horse battery staple"),
        ("no kinds of characters are asked for", "kzwqmxvtkzwqmxy"),
        ("blanks, and letters of any script", "съешь ещё этих булок"),
        ("as long as can be", "ab1" + "x7!kQ2zW" * 15 + "yzabc"),
        ("with the name among other words", "lovelace counts the bernoulli numbers"),
    ],
)
def test_a_password_that_may_be_chosen(case: str, password: str) -> None:
    """Length is what counts."""
    assert password == chosen(password, CONTEXT), case
    assert len(password) <= LONGEST


@pytest.mark.parametrize("password", sorted(COMMON))
def test_what_is_tried_first_is_refused(password: str) -> None:
    """No password of the list may be chosen, whichever rule sees it."""
    with pytest.raises(Invalid):
        chosen(password)


def test_the_keyboard_does_not_matter() -> None:
    """What a keyboard composes and what it sends in pieces is the same password."""
    assert normal("Grüße vom großen Fluß") == normal("Gru\u0308ße vom großen Fluß") == chosen("Grüße vom großen Fluß")


def test_no_repr_and_no_fingerprint_tells_a_password() -> None:
    """A command, a credential and what an idempotency key remembers hold nothing that a password could be guessed from."""
    at = samples.START
    commands = [
        RegisterAccount(account_id=samples.account_id(1), email="a@b.org", name="A", password=PASSWORD, at=at),
        SignIn(email="a@b.org", password=PASSWORD, session_id=samples.session_id(1), at=at),
        ChangePassword(account_id=samples.account_id(1), current=PASSWORD, password=PASSWORD, at=at),
        SetPassword(account_id=samples.account_id(1), password=PASSWORD, at=at),
    ]
    assert all(PASSWORD not in repr(command) for command in commands)
    assert "secret-hash" not in repr(Credential(samples.account_id(1), "secret-hash", at))
    for command in commands[:2]:
        same = type(command)(**{**_fields(command), "password": "another password"})
        assert fingerprint(command) == fingerprint(same)


def _fields(command: object) -> dict[str, object]:
    return {name: getattr(command, name) for name in type(command).__slots__ if not name.startswith("__")}  # type: ignore[attr-defined]


def test_a_changed_password_ends_the_other_sessions() -> None:
    """Whoever knows the password takes another: the old one is wrong, the other devices are signed out, and the trail says so."""
    platform = Platform()
    account = platform.person(1)
    platform.signed_in(session=1)
    platform.signed_in(session=2)
    platform.change_password(
        ChangePassword(
            account_id=account.id,
            current=PASSWORD,
            password="five words and a half",  # noqa: S106
            keep=samples.session_id(2),
            at=platform.clock.now(),
        )
    )
    assert [samples.session_id(2)] == platform.sessions(account.id)
    assert ["account.password_changed", "session.ended"] == platform.trail()[-2:]
    with pytest.raises(SignInRefused):
        platform.signed_in(session=3)
    platform.signed_in(session=3, password="five words and a half")  # noqa: S106


def test_an_account_without_a_password_gets_its_first() -> None:
    """An operator gives one to an account that has none, and takes another to one that has: its sessions end."""
    platform = Platform()
    at = platform.clock.now()
    account = platform.register(RegisterAccount(account_id=samples.account_id(1), email="person1@example.org", name="Zoë", at=at))
    with pytest.raises(SignInRefused):
        platform.signed_in()
    for session in (1, 2):
        platform.change_password(SetPassword(account_id=account.id, password=PASSWORD, at=at))
        assert [] == platform.sessions(account.id)
        platform.signed_in(session=session)


def test_guessing_the_password_until_now_is_throttled() -> None:
    """A wrong one until now is counted as an attempt to sign in, a new one that may not be chosen is not."""
    platform = Platform()
    account, at = platform.person(1), platform.clock.now()
    weak = ChangePassword(account_id=account.id, current=PASSWORD, password="password", at=at)  # noqa: S106
    for _ in range(PATIENCE):
        with pytest.raises(Invalid):
            platform.change_password(weak)
    wrong = ChangePassword(account_id=account.id, current="a guess", password="five words and a half", at=at)  # noqa: S106
    for _ in range(PATIENCE):
        with pytest.raises(Forbidden):
            platform.change_password(wrong)
    with pytest.raises(TooManyAttempts):
        platform.change_password(wrong)
    with pytest.raises(TooManyAttempts):
        platform.signed_in()
