"""Tokens and keys that are not good: each is refused with the one error body, and behind it stands what should stand there."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

import attrs
import jwt
import pytest
from httpx import Response
from tests.api.people import PASSWORD, Client, People, Person, keyed
from tests.api.victims import fresh

from quarterturn_adapters.clock import ManualClock
from quarterturn_api.edge.answering import Service
from quarterturn_domain.identity.joining import RemoveMember
from quarterturn_domain.identity.registering import ReinstateAccount, SuspendAccount
from quarterturn_domain.identity.session import Session, SessionStatus
from quarterturn_domain.kernel.ids import AccountId, SessionId

ME: Final = "/api/v1/users/me"
REFRESH: Final = "/api/v1/auth/refresh"
BODY: Final = {"statusCode", "error", "code", "message", "details", "timestamp", "path", "correlationId"}


def bearer(token: str) -> dict[str, str]:
    """A token, or a key, as it is sent."""
    return {"Authorization": f"Bearer {token}"}


def refusal(answer: Response, status: int = 401) -> dict[str, Any]:
    """The one error body, which says nothing of the token; 401 says how to do it right."""
    said: dict[str, Any] = answer.json()
    assert (status, BODY, status) == (answer.status_code, set(said), said["statusCode"]), answer.text
    assert (status == 401) == (answer.headers.get("www-authenticate") == "Bearer")
    assert "eyJ" not in answer.text
    assert "secret" not in answer.text
    return said


def session(service: Service, session_id: SessionId) -> Session:
    """As it is kept."""
    with service.database.begin() as work:
        found: Session = work.sessions.find([session_id])[session_id]
    return found


def audited(service: Service, subject: AccountId) -> list[str]:
    """What was noted about an account, the latest first."""
    return [each.action for each in service.application.read_accounts.audit(None, 100, subject_id=str(subject))]


@attrs.frozen
class Forge:
    """Makes tokens that are nearly good: those of a person who is signed in."""

    service: Service
    person: Person

    def claims(self, **other: Any) -> dict[str, Any]:
        """Good ones, but for `other`."""
        now = self.service.clock.now()
        good = {"iss": "quarterturn", "sub": self.person.account_id.hex, "sid": self.person.session_id.hex}
        return {**good, "iat": now, "nbf": now, "exp": now + timedelta(minutes=15), **other}

    def signed(self, key: bytes | None = None, **other: Any) -> str:
        """Signed as we do, or with another key."""
        return jwt.encode(self.claims(**other), key or self.service.tokens.secret, algorithm="HS256")

    def without(self, name: str) -> str:
        """Signed as we do, with one claim less."""
        claims = self.claims()
        del claims[name]
        return jwt.encode(claims, self.service.tokens.secret, algorithm="HS256")

    def headed(self, digest: Callable[[bytes], bytes] | None = None, **header: Any) -> str:
        """With another header; signed with our own key all the same, as whoever confuses algorithms would, unless otherwise."""
        times = {name: int(self.claims()[name].timestamp()) for name in ("iat", "nbf", "exp")}
        said = ".".join(_part(json.dumps(each).encode()) for each in ({"typ": "JWT", **header}, self.claims(**times)))
        sign = digest or (lambda text: hmac.digest(self.service.tokens.secret, text, sha256))
        return f"{said}.{_part(sign(said.encode()))}"

    def turned_to(self, other: Person) -> str:
        """With the signature of a good token and the session of somebody else."""
        head, _, signature = self.signed().split(".")
        return ".".join((head, self.signed(sid=other.session_id.hex).split(".")[1], signature))


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _later(forge: Forge, **by: float) -> Any:  # noqa: ANN401
    return forge.service.clock.now() + timedelta(**by)


FORGED: Final[Mapping[str, Callable[[Forge, Person], str]]] = {
    "expired now": lambda forge, _: forge.signed(exp=_later(forge)),
    "expired long ago": lambda forge, _: forge.signed(iat=0, nbf=0, exp=1),
    "not valid yet": lambda forge, _: forge.signed(nbf=_later(forge, seconds=1)),
    "another key": lambda forge, _: forge.signed(b"another secret of tests, as long"),
    "an empty key": lambda forge, _: forge.headed(lambda text: hmac.digest(b"", text, sha256), alg="HS256"),
    "alg none": lambda forge, _: jwt.encode(forge.claims(), None, algorithm="none"),
    "alg none with our signature": lambda forge, _: forge.headed(alg="none"),
    "alg NONE without a signature": lambda forge, _: forge.headed(lambda _: b"", alg="NONE"),
    "no signature": lambda forge, _: forge.signed().rpartition(".")[0] + ".",
    "no part of a signature": lambda forge, _: forge.signed().rpartition(".")[0],
    "RS256, signed with our secret": lambda forge, _: forge.headed(alg="RS256"),
    "HS512": lambda forge, _: jwt.encode(forge.claims(), forge.service.tokens.secret * 2, algorithm="HS512"),
    "HS512 said, HS256 done": lambda forge, _: forge.headed(alg="HS512"),
    "no algorithm": lambda forge, _: forge.headed(),
    "an algorithm that is no text": lambda forge, _: forge.headed(alg=["HS256"]),
    "a critical header nobody knows": lambda forge, _: forge.headed(alg="HS256", crit=["x"], x=1),
    "a key of its own": lambda forge, _: forge.headed(
        lambda text: hmac.digest(b"k" * 32, text, sha256), alg="HS256", jwk={"kty": "oct", "k": _part(b"k" * 32)}
    ),
    "somebody else's session, our signature of another": lambda forge, other: forge.turned_to(other),
    "another issuer": lambda forge, _: forge.signed(iss="somebody"),
    "a session that is not there": lambda forge, _: forge.signed(sid=uuid4().hex),
    "a session that is no id": lambda forge, _: forge.signed(sid="x"),
    "a session that is a number": lambda forge, _: forge.signed(sid=7),
    "the account as the session": lambda forge, _: forge.signed(sid=forge.person.account_id.hex),
    "an end that is a word": lambda forge, _: forge.signed(exp="soon"),
    "an end beyond all calendars": lambda forge, _: forge.signed(exp=10**30),
    "an end that is no number": lambda forge, _: forge.signed(exp=float("nan")),
    "an end that never comes": lambda forge, _: forge.signed(exp=float("inf")),
    "no end": lambda forge, _: forge.without("exp"),
    "no time of issue": lambda forge, _: forge.without("iat"),
    "no issuer": lambda forge, _: forge.without("iss"),
    "no beginning": lambda forge, _: forge.without("nbf"),
    "no session": lambda forge, _: forge.without("sid"),
    "no account": lambda forge, _: forge.without("sub"),
    "a word": lambda *_: "abc",
    "three words": lambda *_: "a.b.c",
    "five parts": lambda forge, _: f"{forge.signed()}.a.b",
    "a list for claims": lambda forge, _: jwt.api_jws.encode(b"[1]", forge.service.tokens.secret, algorithm="HS256"),
    "no JSON for claims": lambda forge, _: jwt.api_jws.encode(b"\xff{", forge.service.tokens.secret, algorithm="HS256"),
    "very much": lambda *_: "a" * 20_000,
    "two tokens": lambda forge, _: f"{forge.signed()} {forge.signed()}",
    "a refresh token": lambda forge, _: forge.person.refresh_token,
}


@pytest.mark.parametrize("case", FORGED)
def test_a_token_that_is_not_good_is_refused(client: Client, service: Service, people: People, case: str) -> None:
    """Where somebody is needed, and where nobody is; and nothing is done by it."""
    person, other = people.client(), people.client()
    token = FORGED[case](Forge(service, person), other)

    for answer in (
        client.get(ME, headers=bearer(token)),
        client.get("/api/v1/products", headers=bearer(token)),
        client.put(ME, json={"name": "Somebody else"}, headers=bearer(token)),
    ):
        refusal(answer)
    for each in (person, other):
        assert "A client" == client.get(ME, headers=each.headers).json()["name"]
        assert SessionStatus.ACTIVE is session(service, each.session_id).status


def test_what_the_forge_signs_is_good_when_nothing_is_wrong_with_it(client: Client, service: Service, people: People) -> None:
    """So that the cases above are refused for what they say of themselves."""
    forge = Forge(service, people.client())
    for token in (forge.signed(), forge.headed(alg="HS256"), forge.signed(exp=_later(forge, seconds=1), aud=None)):
        assert str(forge.person.account_id) == client.get(ME, headers=bearer(token)).json()["id"]


@pytest.mark.parametrize("given", ["Bearer", "Bearer ", "Basic YTpi", "Token {}", "{}", "Bearer: {}", ""])
def test_a_header_that_shows_no_token_is_refused(client: Client, people: People, given: str) -> None:
    """A good token in a wrong header is no token."""
    person = people.client()
    good = person.headers["Authorization"].removeprefix("Bearer ")

    refusal(client.get(ME, headers={"Authorization": given.format(good)}))
    refusal(client.get(ME))
    refusal(client.get(ME, params={"access_token": good}))


def test_a_token_is_good_for_fifteen_minutes(client: Client, people: People, clock: ManualClock) -> None:
    """To the second, also when it was believed before; its session lives on."""
    person = people.client()
    clock.advance(timedelta(minutes=14, seconds=59))
    assert 200 == client.get(ME, headers=person.headers).status_code
    clock.advance(timedelta(seconds=1))

    assert "the access token has expired" in refusal(client.get(ME, headers=person.headers))["message"]
    assert 200 == client.post(REFRESH, json={"refreshToken": person.refresh_token}).status_code


def _refreshed(client: Client, token: str) -> dict[str, Any]:
    answer = client.post(REFRESH, json={"refreshToken": token})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


@pytest.mark.parametrize("copied", [0, 1, 2])
def test_a_refresh_token_that_is_used_twice_ends_its_family(client: Client, service: Service, people: People, copied: int) -> None:
    """Whichever of the used ones comes back: the newest token dies, too, and every access token; another device goes on."""
    account = people.registered("client")
    person, elsewhere = people.signed_in(account), people.signed_in(account)
    refresh, access = [person.refresh_token], [person.headers["Authorization"].removeprefix("Bearer ")]
    for _ in range(3):
        said = _refreshed(client, refresh[-1])
        refresh.append(said["refreshToken"])
        access.append(said["accessToken"])
    assert 200 == client.get(ME, headers=bearer(access[0])).status_code

    refusal(client.post(REFRESH, json={"refreshToken": refresh[copied]}))

    kept = session(service, person.session_id)
    assert (SessionStatus.REVOKED, "a refresh token was used twice") == (kept.status, kept.reason)
    assert 1 == audited(service, person.account_id).count("session.revoked")
    for token in refresh:
        refusal(client.post(REFRESH, json={"refreshToken": token}))
    for token in access:
        refusal(client.get(ME, headers=bearer(token)))
    assert SessionStatus.ACTIVE is session(service, elsewhere.session_id).status
    assert 200 == client.get(ME, headers=elsewhere.headers).status_code
    _refreshed(client, elsewhere.refresh_token)


def _torn(token: str) -> Iterable[str]:
    kind, key, secret = token.split("_", 2)
    family, own = secret.split(".")
    yield f"{kind}_{key}_{'x' * len(family)}.{own}"
    yield f"{kind}_{key}_{own}.{family}"
    yield f"{kind}_{uuid4().hex}_{secret}"
    yield f"qt_{key}_{secret}"
    yield token.upper()
    yield f"{token}\n"
    yield f" {token}"
    yield "rt_..."


def test_a_refresh_token_that_was_never_one_ends_nothing(client: Client, service: Service, people: People) -> None:
    """Who has seen the id of a session in a log can neither use it nor end it."""
    person = people.client()

    for token in _torn(person.refresh_token):
        refusal(client.post(REFRESH, json={"refreshToken": token}))
        assert 204 == client.post("/api/v1/auth/logout", json={"refreshToken": token}).status_code

    assert SessionStatus.ACTIVE is session(service, person.session_id).status
    _refreshed(client, person.refresh_token)


def test_a_session_is_over_after_thirty_days_without_use_and_after_ninety_at_all(
    client: Client, service: Service, people: People, clock: ManualClock
) -> None:
    """An access token of the last minute is refused, too."""
    idle, busy = people.client(), people.client()
    token = busy.refresh_token
    for _ in range(3):
        clock.advance(timedelta(days=29))
        token = _refreshed(client, token)["refreshToken"]

    for person in (idle, fresh(service, idle)):
        refusal(client.get(ME, headers=person.headers))
    refusal(client.post(REFRESH, json={"refreshToken": idle.refresh_token}))
    clock.advance(timedelta(days=3))
    refusal(client.get(ME, headers=fresh(service, busy).headers))
    refusal(client.post(REFRESH, json={"refreshToken": token}))


def test_a_suspended_account_is_out_at_once_and_for_good(client: Client, service: Service, people: People) -> None:
    """Token, refresh token and key are refused; those of before stay dead when it is reinstated; nobody else notices."""
    account = people.registered("client")
    person, other = people.signed_in(account), people.client()
    key = _key(client, person, "shop")
    now = service.clock.now()
    service.application.govern_accounts(SuspendAccount(account_id=person.account_id, reason="fraud", at=now))

    refusal(client.get(ME, headers=person.headers))
    refusal(client.get(ME, headers=fresh(service, person).headers))
    refusal(client.get(ME, headers=bearer(key)))
    refusal(client.post(REFRESH, json={"refreshToken": person.refresh_token}))
    refusal(client.post("/api/v1/auth/login", json={"email": person.email, "password": PASSWORD}), 403)
    kept = session(service, person.session_id)
    assert (SessionStatus.ENDED, "the account was suspended") == (kept.status, kept.reason)
    service.application.govern_accounts(ReinstateAccount(account_id=person.account_id, at=now))
    refusal(client.get(ME, headers=person.headers))
    refusal(client.post(REFRESH, json={"refreshToken": person.refresh_token}))
    assert 200 == client.get(ME, headers=people.signed_in(account).headers).status_code
    assert 200 == client.get(ME, headers=other.headers).status_code


def _ended(client: Client, person: Person, other: Person) -> None:
    assert 204 == client.delete(f"/api/v1/auth/sessions/{person.session_id}", headers=other.headers).status_code


def _all_others_ended(client: Client, _: Person, other: Person) -> None:
    assert 204 == client.delete("/api/v1/auth/sessions", headers=other.headers).status_code


def _signed_out(client: Client, person: Person, _: Person) -> None:
    assert 204 == client.post("/api/v1/auth/logout", json={"refreshToken": person.refresh_token}).status_code


def _password_changed(client: Client, _: Person, other: Person) -> None:
    asked = {"current": PASSWORD, "password": "another long password of theirs"}
    assert 204 == client.put(f"{ME}/password", json=asked, headers=other.headers).status_code


@pytest.mark.parametrize("end", [_ended, _all_others_ended, _signed_out, _password_changed])
def test_the_token_of_a_session_that_was_ended_is_refused(
    client: Client, service: Service, people: People, end: Callable[[Client, Person, Person], None]
) -> None:
    """From the very next request on; the device that did it goes on."""
    account = people.registered("client")
    person, other = people.signed_in(account), people.signed_in(account)
    assert 200 == client.get(ME, headers=person.headers).status_code
    end(client, person, other)

    refusal(client.get(ME, headers=person.headers))
    refusal(client.post(REFRESH, json={"refreshToken": person.refresh_token}))
    assert SessionStatus.ACTIVE is not session(service, person.session_id).status
    assert 200 == client.get(ME, headers=other.headers).status_code


def _key(client: Client, owner: Person, *scopes: str, **other: str) -> str:
    asked = {"name": "a key", "scopes": list(scopes), **other}
    answer = client.post("/api/v1/auth/api-keys", json=asked, headers=keyed(owner.headers))
    assert answer.status_code == 201, answer.text
    text: str = answer.json()["text"]
    return text


def test_a_key_with_another_ones_secret_is_refused(client: Client, people: People) -> None:
    """Neither one's own other key's, nor somebody else's, nor a part of the right one."""
    person, other = people.client(), people.client()
    key, mine, theirs = _key(client, person, "shop"), _key(client, person, "shop"), _key(client, other, "shop")
    start, secret = key[:36], key[36:]
    assert 200 == client.get(ME, headers=bearer(key)).status_code

    wrong = [
        start + mine[36:],
        start + theirs[36:],
        mine[:36] + secret,
        start + secret[:-1],
        f"{key}x",
        start,
        "qt_",
        f"qt_{uuid4().hex}_{secret}",
    ]
    for text in (*wrong, key.upper(), key.replace("qt_", "rt_")):
        refusal(client.get(ME, headers=bearer(text)))
    assert 200 == client.get(ME, headers=bearer(key)).status_code


def test_a_key_is_good_until_it_expires_or_is_revoked(client: Client, people: People, service: Service, clock: ManualClock) -> None:
    """To the second; and from the very next request on."""
    person = people.client()
    until = (clock.now() + timedelta(minutes=10)).isoformat()
    short, long = _key(client, person, "shop", expiresAt=until), _key(client, person, "shop")
    clock.advance(timedelta(minutes=9, seconds=59))
    assert [200, 200] == [client.get(ME, headers=bearer(each)).status_code for each in (short, long)]
    clock.advance(timedelta(seconds=1))

    refusal(client.get(ME, headers=bearer(short)))
    assert 200 == client.get(ME, headers=bearer(long)).status_code
    for listed in client.get("/api/v1/auth/api-keys", headers=person.headers).json()["items"]:
        assert 204 == client.delete(f"/api/v1/auth/api-keys/{listed['id']}", headers=person.headers).status_code
    refusal(client.get(ME, headers=bearer(long)))
    assert "api_key.revoked" in [each.action for each in service.application.read_accounts.audit(None, 100)]


def test_a_key_out_of_its_scope_is_forbidden(client: Client, people: People) -> None:
    """403, who it is being known: beyond its scopes, for another vendor than its own, and to make further keys."""
    seller, other = people.vendor(), people.vendor()
    key = bearer(_key(client, seller, "vendor.stock", vendorId=str(seller.vendor_id)))
    shop = bearer(_key(client, seller, "shop"))
    assert 200 == client.get("/api/v1/vendor/stock", headers=key).status_code

    for path in (ME, "/api/v1/orders", "/api/v1/cart", "/api/v1/vendor/offers", "/api/v1/vendor/balance", "/api/v1/admin/users"):
        assert "forbidden" == refusal(client.get(path, headers=key), 403)["code"]
    refusal(client.get("/api/v1/vendor/stock", headers=shop), 403)
    refusal(client.get("/api/v1/vendor/stock", headers={**key, "X-Vendor-Id": str(other.vendor_id)}), 404)
    made = client.post("/api/v1/auth/api-keys", json={"name": "b", "scopes": ["shop"]}, headers=keyed(shop))
    refusal(made, 403)


def test_a_key_may_no_more_than_its_owner_may_now(client: Client, people: People, service: Service) -> None:
    """Who works for a vendor no more takes their keys along."""
    seller = people.vendor()
    staff = people.staff(seller.vendor_id)
    key = bearer(_key(client, staff, "vendor.stock"))
    assert 200 == client.get("/api/v1/vendor/stock", headers=key).status_code
    now = service.clock.now()
    service.application.govern_members(RemoveMember(vendor_id=seller.vendor_id, account_id=staff.account_id, at=now))

    refusal(client.get("/api/v1/vendor/stock", headers=key), 403)
    refusal(client.get("/api/v1/vendor/stock", headers={**key, "X-Vendor-Id": str(seller.vendor_id)}), 404)
