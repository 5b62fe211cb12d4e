"""What is done by letter, over HTTP: joining a vendor, another e-mail address, another password for one that was forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import attrs
import pytest
from litestar.testing import TestClient
from tests.api.people import ENVIRONMENT, PASSWORD, Assemble, Client, People, Person
from tests.api.victims import fresh

from quarterturn_adapters.chance import PlainHasher
from quarterturn_adapters.clock import ManualClock
from quarterturn_adapters.codec import encode_event
from quarterturn_adapters.databases import opened
from quarterturn_adapters.settings import Settings
from quarterturn_api.app import create_app
from quarterturn_api.assembly import assembled
from quarterturn_api.edge.answering import Service
from quarterturn_domain.identity.letter import LetterPurpose, LetterStatus
from quarterturn_domain.identity.lettering import Posted
from quarterturn_domain.identity.registering import SuspendAccount

API: Final = "/api/v1"
INVITATIONS: Final = f"{API}/vendor/invitations"
ACCEPT: Final = f"{API}/invitations/accept"
EMAIL: Final = f"{API}/users/me/email"
FORGOTTEN: Final = f"{API}/auth/password-reset"
NEXT: Final = "another quarter of the same key"


class Bag:
    """A postman who keeps every letter."""

    def __init__(self) -> None:
        self.letters: list[Posted] = []

    def post(self, posted: Posted, /) -> None:
        """Keep a letter."""
        self.letters.append(posted)


@pytest.fixture
def bag() -> Bag:
    """What was posted."""
    return Bag()


@pytest.fixture
def posted(clock: ManualClock, bag: Bag) -> Iterator[tuple[Service, Client]]:
    """A service that posts letters."""
    settings = Settings.from_environment(dict(ENVIRONMENT))
    with (
        opened("memory", settings) as database,
        assembled(database, settings, clock=clock, hasher=PlainHasher(), postman=bag) as service,
        TestClient(create_app(service)) as client,
    ):
        yield service, client


def _said(answer: Any) -> tuple[int, str]:  # noqa: ANN401 - an answer of a client
    return answer.status_code, answer.json()["code"]


def _audited(service: Service, subject: object) -> list[str]:
    return [each.action for each in service.application.read_accounts.audit(None, 20, subject_id=str(subject))]


# Joining a vendor


def test_whoever_is_invited_works_for_the_vendor_once_they_say_yes(client: Client, people: People, service: Service) -> None:
    """Not before; the vendor sees who was asked, and the token once."""
    seller, friend = people.vendor(), people.client()
    asked = {"email": friend.email.upper(), "role": "staff"}

    invited = client.post(INVITATIONS, json=asked, headers=seller.headers)
    listed = client.get(INVITATIONS, headers=seller.headers)
    before = client.get(f"{API}/vendor", headers=friend.headers)
    token = invited.json()["token"]
    accepted = client.post(ACCEPT, json={"token": token}, headers=friend.headers)

    assert (201, friend.email, "staff") == (
        invited.status_code,
        invited.json()["invitation"]["email"],
        invited.json()["invitation"]["role"],
    )
    assert "no-store" in invited.headers["cache-control"]
    assert [invited.json()["invitation"]] == listed.json()["items"]
    assert token not in listed.text
    assert 403 == before.status_code
    assert (200, str(seller.vendor_id), "staff") == (accepted.status_code, accepted.json()["vendorId"], accepted.json()["role"])
    assert 200 == client.get(f"{API}/vendor", headers=friend.headers).status_code
    assert [] == client.get(INVITATIONS, headers=seller.headers).json()["items"]
    assert accepted.json() == client.post(ACCEPT, json={"token": token}, headers=friend.headers).json()
    assert ["vendor.member_added", "vendor.member_invited"] == _audited(service, seller.vendor_id)[:2]


def test_nobody_is_made_a_member_without_being_asked(client: Client, people: People) -> None:
    """Whoever has an account and does not work for the vendor is no member to be changed, by id or by address."""
    seller, stranger = people.vendor(), people.client()
    for who in ({"accountId": str(stranger.account_id)}, {"email": stranger.email}, {"email": "nobody@example.org"}):
        answer = client.put(f"{API}/vendor/members", json={**who, "role": "owner"}, headers=seller.headers)
        assert (404, "not_found") == _said(answer), who
    assert 403 == client.get(f"{API}/vendor", headers=stranger.headers).status_code


def test_an_invitation_is_for_one_address_once_and_soon(
    client: Client, people: People, service: Service, clock: ManualClock
) -> None:
    """Somebody else's is 403; one that was withdrawn, replaced, is too old or forged is good for nothing, and says no more."""
    seller, friend, thief = people.vendor(), people.client(), people.client()

    def invite() -> str:
        token: str = client.post(INVITATIONS, json={"email": friend.email, "role": "owner"}, headers=seller.headers).json()["token"]
        return token

    def accept(token: str, person: Person) -> Any:  # noqa: ANN401
        return client.post(ACCEPT, json={"token": token}, headers=person.headers)

    first, second = invite(), invite()
    assert (403, "forbidden") == _said(accept(second, thief))
    forged = [f"{second[:-1]}{'A' if second[-1] != 'A' else 'B'}", second[:36], "lt_", friend.refresh_token]
    for token in (first, *forged):
        assert (409, "letter_spent") == _said(accept(token, friend)), token
    (waiting,) = client.get(INVITATIONS, headers=seller.headers).json()["items"]
    assert 204 == client.delete(f"{INVITATIONS}/{waiting['id']}", headers=seller.headers).status_code
    assert 204 == client.delete(f"{INVITATIONS}/{waiting['id']}", headers=seller.headers).status_code
    assert (409, "letter_spent") == _said(accept(second, friend))
    third = invite()
    clock.advance(timedelta(days=7))
    assert (409, "letter_spent") == _said(accept(third, fresh(service, friend)))
    assert 404 == client.delete(f"{INVITATIONS}/{waiting['id']}", headers=fresh(service, people.vendor()).headers).status_code


def test_whoever_may_not_invite_any_more_has_invited_nobody(client: Client, people: People) -> None:
    """The invitation of an owner who was removed since is good for nothing; who works there already is not invited."""
    seller, partner, friend = people.vendor(), people.client(), people.client()
    token = client.post(INVITATIONS, json={"email": partner.email, "role": "owner"}, headers=seller.headers).json()["token"]
    client.post(ACCEPT, json={"token": token}, headers=partner.headers)
    again = client.post(INVITATIONS, json={"email": partner.email, "role": "staff"}, headers=seller.headers)
    token = client.post(INVITATIONS, json={"email": friend.email, "role": "owner"}, headers=partner.headers).json()["token"]
    assert 204 == client.delete(f"{API}/vendor/members/{partner.account_id}", headers=seller.headers).status_code

    assert (409, "conflict") == _said(again)
    assert (409, "letter_spent") == _said(client.post(ACCEPT, json={"token": token}, headers=friend.headers))


def test_staff_invite_nobody(client: Client, people: People) -> None:
    """Who works there is the owners' affair."""
    seller = people.vendor()
    staff = people.staff(seller.vendor_id)
    assert 403 == client.post(INVITATIONS, json={"email": "a@example.org", "role": "owner"}, headers=staff.headers).status_code
    assert 403 == client.get(INVITATIONS, headers=staff.headers).status_code


def test_an_invitation_under_a_key_is_one_invitation(client: Client, people: People) -> None:
    """The same body answers the same, and another body is refused."""
    seller = people.vendor()
    headers = {**seller.headers, "Idempotency-Key": "friend"}
    asked = {"email": "friend@example.org", "role": "staff"}
    one, again = (client.post(INVITATIONS, json=asked, headers=headers) for _ in range(2))
    other = client.post(INVITATIONS, json={**asked, "role": "owner"}, headers=headers)
    assert (201, one.json()) == (again.status_code, again.json())
    assert (409, "conflict") == _said(other)


# Another address


def test_an_address_is_changed_once_the_next_one_was_shown_to_be_read(client: Client, people: People, service: Service) -> None:
    """The password is asked; then other devices are signed out, the trail tells it, and one signs in by the next address."""
    person = people.client()
    phone = client.post(f"{API}/auth/login", json={"email": person.email, "password": PASSWORD}).json()
    wanted = {"email": "Next@Example.org", "current": PASSWORD}

    asked = client.post(EMAIL, json=wanted, headers=person.headers)
    between = client.get(f"{API}/users/me", headers=person.headers).json()["email"]
    confirmed = client.post(f"{EMAIL}/confirm", json={"token": asked.json()["token"]}, headers=person.headers)

    assert (201, "next@example.org", person.email) == (asked.status_code, asked.json()["email"], between)
    assert (200, "next@example.org") == (confirmed.status_code, confirmed.json()["email"])
    assert 200 == client.get(f"{API}/users/me", headers=person.headers).status_code
    assert 401 == client.get(f"{API}/users/me", headers={"Authorization": f"Bearer {phone['accessToken']}"}).status_code
    said = [
        client.post(f"{API}/auth/login", json={"email": each, "password": PASSWORD}) for each in (person.email, "next@example.org")
    ]
    assert [401, 200] == [each.status_code for each in said]
    actions = _audited(service, person.account_id)
    assert {"account.email_changed", "account.email_change_asked", "session.ended"} <= set(actions)
    # The trail and the events say that it was changed, and neither address.
    for entry in service.application.read_accounts.audit(None, 50):
        assert "@" not in str(entry.details)
    again = client.post(f"{EMAIL}/confirm", json={"token": asked.json()["token"]}, headers=person.headers)
    assert confirmed.json() == again.json()


@pytest.mark.parametrize(
    ("case", "said", "refusal"),
    [
        ("a wrong password", {"email": "next@example.org", "current": "a guess"}, (403, "forbidden")),
        ("no address", {"email": "next", "current": PASSWORD}, (422, "invalid")),
        ("one that has an account", {"email": "taken", "current": PASSWORD}, (409, "conflict")),
        ("the same one", {"email": "same", "current": PASSWORD}, (422, "invalid")),
    ],
)
def test_an_address_that_is_not_changed(
    client: Client, people: People, case: str, said: dict[str, str], refusal: tuple[int, str]
) -> None:
    """Nothing is written to anybody."""
    person, other = people.client(), people.client()
    named = {"taken": other.email, "same": person.email.upper()}
    answer = client.post(EMAIL, json={**said, "email": named.get(said["email"], said["email"])}, headers=person.headers)
    assert refusal == _said(answer), case


def test_guessing_the_password_of_a_change_is_throttled(client: Client, people: People) -> None:
    """As signing in is, by the same count."""
    person = people.client()
    said = [client.post(EMAIL, json={"email": "n@example.org", "current": "a guess"}, headers=person.headers) for _ in range(6)]
    assert [403] * 5 + [429] == [each.status_code for each in said]
    assert 429 == client.post(f"{API}/auth/login", json={"email": person.email, "password": PASSWORD}).status_code


def test_a_change_of_address_is_confirmed_by_who_asked(
    client: Client, people: People, service: Service, clock: ManualClock
) -> None:
    """Nobody else, not with an older letter, not after a day, and not for an address that somebody has taken since."""
    person, thief = people.client(), people.client()

    def ask(email: str) -> dict[str, str]:
        answer = client.post(EMAIL, json={"email": email, "current": PASSWORD}, headers=fresh(service, person).headers)
        return {"token": answer.json()["token"]}

    older, newer = ask("one@example.org"), ask("two@example.org")
    said = [
        client.post(f"{EMAIL}/confirm", json=newer, headers=thief.headers),
        client.post(f"{EMAIL}/confirm", json=older, headers=person.headers),
    ]
    assert [(409, "letter_spent")] * 2 == [_said(each) for each in said]
    assert (
        201 == client.post(f"{API}/auth/register", json={"email": "two@example.org", "name": "B", "password": PASSWORD}).status_code
    )
    taken = client.post(f"{EMAIL}/confirm", json=newer, headers=person.headers)
    assert (409, "conflict") == _said(taken)
    late = ask("three@example.org")
    clock.advance(timedelta(days=1))
    assert (409, "letter_spent") == _said(client.post(f"{EMAIL}/confirm", json=late, headers=fresh(service, person).headers))


# A forgotten password


def test_a_forgotten_password_is_replaced_by_letter(posted: tuple[Service, Client], bag: Bag) -> None:
    """Whoever reads the address chooses another one; all devices are signed out, and the address is not locked any more."""
    service, client = posted
    person = People(service).client()
    for _ in range(5):
        client.post(f"{API}/auth/login", json={"email": person.email, "password": "a guess"})

    asked = [client.post(FORGOTTEN, json={"email": each}) for each in (person.email.upper(), "nobody@example.org", "no address")]
    service.application.relay.drain()
    (letter,) = bag.letters
    weak = client.post(f"{FORGOTTEN}/confirm", json={"token": letter.token, "password": "password1234"})
    reset = client.post(f"{FORGOTTEN}/confirm", json={"token": letter.token, "password": NEXT})
    again = client.post(f"{FORGOTTEN}/confirm", json={"token": letter.token, "password": NEXT})

    assert [(204, b"")] * 3 == [(each.status_code, each.content) for each in asked]
    assert (LetterPurpose.RESET_PASSWORD, person.email) == (letter.letter.purpose, letter.letter.email)
    assert (422, "invalid") == _said(weak)
    assert (204, (409, "letter_spent")) == (reset.status_code, _said(again))
    assert 401 == client.get(f"{API}/users/me", headers=person.headers).status_code
    said = [client.post(f"{API}/auth/login", json={"email": person.email, "password": each}) for each in (NEXT, PASSWORD)]
    assert [200, 401] == [each.status_code for each in said]
    assert {"account.password_reset", "account.password_reset_asked"} <= set(_audited(service, person.account_id))


def test_nobody_is_buried_in_letters(posted: tuple[Service, Client], bag: Bag, clock: ManualClock) -> None:
    """A second letter is written after a minute, and then the first one is good for nothing; after an hour both are."""
    service, client = posted
    person = People(service).client()

    def forget() -> None:
        assert 204 == client.post(FORGOTTEN, json={"email": person.email}).status_code
        service.application.relay.drain()

    forget()
    forget()
    assert 1 == len(bag.letters)
    clock.advance(timedelta(minutes=1))
    forget()
    first, second = (each.token for each in bag.letters)
    assert (409, "letter_spent") == _said(client.post(f"{FORGOTTEN}/confirm", json={"token": first, "password": NEXT}))
    clock.advance(timedelta(hours=1))
    assert (409, "letter_spent") == _said(client.post(f"{FORGOTTEN}/confirm", json={"token": second, "password": NEXT}))


@pytest.mark.parametrize("what", ["suspended", "another password", "another address"])
def test_what_has_happened_since_makes_a_letter_good_for_nothing(posted: tuple[Service, Client], bag: Bag, what: str) -> None:
    """A suspension, a password that was changed, an address that is not the account's any more."""
    service, client = posted
    person = People(service).client()
    client.post(FORGOTTEN, json={"email": person.email})
    service.application.relay.drain()
    (letter,) = bag.letters
    if what == "suspended":
        service.application.govern_accounts(SuspendAccount(account_id=person.account_id, reason="a", at=service.clock.now()))
    elif what == "another password":
        body = {"current": PASSWORD, "password": "a third turn of the key"}
        assert 204 == client.put(f"{API}/users/me/password", json=body, headers=person.headers).status_code
    else:
        client.post(EMAIL, json={"email": "next@example.org", "current": PASSWORD}, headers=person.headers)
        service.application.relay.drain()
        token = bag.letters[-1].token
        assert 200 == client.post(f"{EMAIL}/confirm", json={"token": token}, headers=person.headers).status_code
    assert (409, "letter_spent") == _said(client.post(f"{FORGOTTEN}/confirm", json={"token": letter.token, "password": NEXT}))


# The post


def test_where_letters_are_posted_nobody_else_is_shown_a_token(posted: tuple[Service, Client], bag: Bag) -> None:
    """Neither the inviter nor who changes an address; the address until now is told when it was changed."""
    service, client = posted
    people = People(service)
    seller, person = people.vendor(), people.client()
    invited = client.post(INVITATIONS, json={"email": person.email, "role": "staff"}, headers=seller.headers).json()
    asked = client.post(EMAIL, json={"email": "next@example.org", "current": PASSWORD}, headers=person.headers).json()
    service.application.relay.drain()

    assert (None, None) == (invited["token"], asked["token"])
    assert [person.email, "next@example.org"] == [each.letter.email for each in bag.letters]
    invitation, change = bag.letters
    assert 200 == client.post(ACCEPT, json={"token": invitation.token}, headers=person.headers).status_code
    assert 200 == client.post(f"{EMAIL}/confirm", json={"token": change.token}, headers=person.headers).status_code
    service.application.relay.drain()
    told = bag.letters[-1].letter
    assert (3, LetterStatus.USED, person.email) == (len(bag.letters), told.status, told.former)


def test_no_token_and_no_address_is_in_the_database_beside_its_letter(client: Client, people: People, service: Service) -> None:
    """Events name the letter; rows have neither a token nor a digest that would tell one."""
    seller = people.vendor()
    token = client.post(INVITATIONS, json={"email": "friend@example.org", "role": "staff"}, headers=seller.headers).json()["token"]
    secret = token.rpartition("_")[2] if token.count("_") == 2 else token[36:]
    with service.database.begin() as work:
        events = [encode_event(each.event) for each in work.outbox.pending(1_000)]
        (letter,) = work.letters.open_of_vendor(seller.vendor_id)
    assert [each for each in events if str(letter.id) in each]
    assert not [each for each in events if secret in each or "friend@example.org" in each]
    assert secret not in repr(attrs.asdict(letter))


def test_a_mail_server_that_is_set_posts(assemble: Assemble) -> None:
    """Whoever names one in the settings has letters posted, and shows nobody a token; while it is away, letters wait."""
    with assemble(QUARTERTURN_SMTP_URL="smtp://127.0.0.1:1", QUARTERTURN_MAIL_FROM="shop@example.org") as service:
        with TestClient(create_app(service)) as client:
            seller = People(service).vendor()
            asked = {"email": "friend@example.org", "role": "staff"}
            assert client.post(INVITATIONS, json=asked, headers=seller.headers).json()["token"] is None
        service.application.relay.drain()
        with service.database.begin() as work:
            waiting = work.dispatches.depths()
    assert "post-letters" in waiting
