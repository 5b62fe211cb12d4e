"""The sender of webhooks against receivers that mean harm, are slow, or say too much; nothing leaves this machine."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from tests.integration.webhooks.receiving import HUGE, TLS, Receiver, receiver

from quarterturn_adapters.webhooks import PinnedSender
from quarterturn_domain.kernel.ids import EndpointId
from quarterturn_domain.testing import samples
from quarterturn_domain.webhooks.receiver import Receivers
from quarterturn_domain.webhooks.sender import Answered, Outgoing
from quarterturn_domain.webhooks.signing import SigningSecret, headers

ANYWHERE = Receivers(anywhere=True)
SECRET = SigningSecret.made(samples.numbered(1, 1), "a secret of thirty-two characters")
OTHER = SigningSecret.made(samples.numbered(1, 2), "another one of 32 characters, too")
BODY = '{"type":"order.paid","data":{"sku":"Ä-1"}}'


def outgoing(url: str, endpoint: int = 1, secrets: Sequence[SigningSecret] = (SECRET,)) -> Outgoing:
    """A webhook for a URL."""
    signed = headers(secrets, "msg_1", datetime.now(UTC), BODY)
    return Outgoing(endpoint_id=EndpointId(samples.endpoint_id(endpoint)), url=url, headers=signed, body=BODY)


Sending = Callable[..., PinnedSender]


@pytest.fixture
def sending() -> Iterator[Sending]:
    """Makes senders, and ends them."""
    made: list[PinnedSender] = []

    def make(receivers: Receivers = ANYWHERE, **how: Any) -> PinnedSender:
        made.append(PinnedSender(receivers, **{"seconds": 0.6, "patience_seconds": 0.3, **how}))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    """Somebody who receives."""
    with receiver() as made:
        yield made


def one(sender: PinnedSender, url: str) -> Answered:
    """What came of one webhook."""
    (answer,) = sender.send([outgoing(url)])
    assert answer is not None
    return answer


def unused() -> str:
    """A URL at which nobody listens."""
    with receiver() as gone:
        return gone.url()


def test_a_receiver_can_verify_it(sending: Sending, hooks: Receiver) -> None:
    """What arrives is what was signed, by each secret that is good, as the library of Standard Webhooks checks it."""
    (answer,) = sending().send([outgoing(hooks.url("/in?token=1"), secrets=(SECRET, OTHER))])

    assert answer is not None
    assert (204, "") == (answer.status_code, answer.error)
    (got,) = hooks.received
    assert ("/in?token=1", BODY, "application/json") == (got.path, got.body, got.headers["content-type"])
    for secret in (SECRET, OTHER):
        assert json.loads(BODY) == Webhook(secret.text).verify(got.body, dict(got.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET.text).verify(got.body + " ", dict(got.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(SigningSecret.made(SECRET.id, "somebody else's secret, 32 bytes").text).verify(got.body, dict(got.headers))


@pytest.mark.parametrize(
    ("case", "path", "status", "error"),
    [
        ("an error of its own", "/status/500", 500, "answered with 500"),
        ("a refusal", "/status/404", 404, "answered with 404"),
        ("it is gone", "/status/410", 410, "answered with 410"),
        ("silence", "/silent", None, "no answer in time"),
        ("a header that never ends, byte by byte", "/drip", None, "no answer in time"),
        ("one promise after the other", "/again-and-again", None, "no answer in time"),
        ("nobody there", "nobody", None, "nobody accepts connections there"),
        ("hung up", "/hang-up", None, "the connection failed, or was ended without an answer"),
        ("another protocol", "/nonsense", None, "the connection failed, or was ended without an answer"),
    ],
)
def test_failures_are_told_and_take_bounded_time(
    sending: Sending, hooks: Receiver, case: str, path: str, status: int | None, error: str
) -> None:
    """Whatever a receiver does, there is an outcome, and in the time that one call may take."""
    began = monotonic()

    answer = one(sending(), hooks.url(path) if path.startswith("/") else unused())

    assert (status, error) == (answer.status_code, answer.error), case
    assert monotonic() - began < 3


def test_a_body_that_never_ends_is_not_waited_for(sending: Sending, hooks: Receiver) -> None:
    """The status has come, so that it has arrived, whatever becomes of the rest."""
    answer = one(sending(), hooks.url("/drip-body"))

    assert (200, "") == (answer.status_code, answer.error)


def test_of_a_huge_answer_the_beginning_is_read(sending: Sending, hooks: Receiver) -> None:
    """A receiver cannot fill our memory, nor our log."""
    answer = one(sending(seconds=10), hooks.url("/huge"))

    assert (200, "x" * 1_000) == (answer.status_code, answer.excerpt)
    hooks.close()
    assert [] == [sent for sent in hooks.answers if sent >= HUGE], "it was cut off"


def test_an_excerpt_is_text(sending: Sending, hooks: Receiver) -> None:
    """What is no text is replaced."""
    assert "a body of \N{REPLACEMENT CHARACTER}mine" == one(sending(), hooks.url("/status/500")).excerpt


@pytest.mark.parametrize(("asked", "expected"), [("120", 120), ("soon", None), ("-1", None), ("9" * 30, None)])
def test_who_asks_to_be_left_alone_is_heard(sending: Sending, hooks: Receiver, asked: str, expected: int | None) -> None:
    """Retry-After in seconds is told; what is none is nothing."""
    answer = one(sending(), hooks.url(f"/later/{asked}"))

    assert (429, expected) == (answer.status_code, answer.retry_after_seconds)


def test_redirects_are_not_followed(sending: Sending, hooks: Receiver) -> None:
    """Wherever one leads: who answers there was not checked."""
    with receiver() as elsewhere:
        answer = one(sending(), hooks.url(f"/redirect/{elsewhere.port}"))

        assert (307, "redirects are not followed") == (answer.status_code, answer.error)
        assert 0 == elsewhere.connections


def test_no_proxy_of_the_environment_is_asked(sending: Sending, hooks: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look the name up once more."""
    with receiver() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())

        assert 204 == one(sending(), hooks.url()).status_code
        assert 0 == proxy.connections


class Names:
    """A name server that says something else each time, and counts how often it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        """The next answer, and the last one again and again."""
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


PUBLIC = "93.184.215.14"
REFUSED = "the name leads to an address that is not on the internet"


@pytest.mark.parametrize(
    ("case", "addresses"),
    [
        ("this machine", ["127.0.0.1"]),
        ("another name of this machine", ["127.255.255.254"]),
        ("this machine, by IPv6", ["::1"]),
        ("this machine, as IPv4 in IPv6", ["::ffff:127.0.0.1"]),
        ("nothing", ["0.0.0.0"]),  # noqa: S104
        ("the metadata of a cloud", ["169.254.169.254"]),
        ("the metadata of a cloud, as IPv4 in IPv6", ["::ffff:a9fe:a9fe"]),
        ("a private network", ["10.0.0.7"]),
        ("another private network", ["172.31.255.255"]),
        ("a home", ["192.168.1.1"]),
        ("behind a provider's NAT", ["100.64.0.1"]),
        ("a link", ["fe80::1%eth0"]),
        ("a unique local address", ["fd00:ec2::254"]),
        ("by NAT64", ["64:ff9b::a9fe:a9fe"]),
        ("by a local NAT64", ["64:ff9b:1::a00:7"]),
        ("by 6to4", ["2002:7f00:1::"]),
        ("by Teredo", ["2001:0:4136:e378:8000:63bf:3fff:fdd2"]),
        ("many", ["224.0.0.1"]),
        ("many, by IPv6", ["ff02::1"]),
        ("everybody", ["255.255.255.255"]),
        ("reserved", ["240.0.0.1"]),
        ("documentation", ["2001:db8::1"]),
        ("one that is public, and one that is not", [PUBLIC, "127.0.0.1"]),
    ],
)
def test_addresses_that_are_not_on_the_internet_are_not_called(sending: Sending, case: str, addresses: Sequence[str]) -> None:
    """Whatever a name leads to, nobody is reached by it who can only be reached from here."""
    answer = one(sending(Receivers(), resolve=Names(addresses)), "https://hooks.example/in")

    assert (None, REFUSED) == (answer.status_code, answer.error), case


def test_a_name_that_changes_after_the_check_gains_nothing(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is looked up once; what it would be at a second time is never asked, and the checked address is called."""
    called: list[Any] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    names = Names([PUBLIC], ["127.0.0.1"])

    answer = one(sending(Receivers(), resolve=names), "https://hooks.example/in")

    assert [(PUBLIC, 443)] == called
    assert 1 == names.asked
    assert "nobody accepts connections there" == answer.error


def test_a_name_is_looked_up_for_each_call(sending: Sending) -> None:
    """What was allowed the last time is no excuse: a name that leads to this machine now is refused now."""
    with receiver() as hooks:
        names = Names([PUBLIC], ["127.0.0.1"])
        sender = sending(Receivers(), resolve=names, seconds=0.2)

        one(sender, "https://hooks.example:8443/in")
        answer = one(sender, "https://hooks.example:8443/in")

        assert REFUSED == answer.error
        assert (2, 0) == (names.asked, hooks.connections)


@pytest.mark.parametrize(
    ("case", "failure", "error"),
    [
        ("unknown", OSError("no such name"), "the name is not known"),
        ("no addresses", None, "the name is not known"),
        ("no sense", UnicodeError("label too long"), "the name is not known"),
    ],
)
def test_names_that_lead_nowhere(sending: Sending, case: str, failure: Exception | None, error: str) -> None:
    """They are told of in a word, without what our name servers said."""

    def resolve(_: str, __: int) -> Sequence[str]:
        if failure is not None:
            raise failure
        return []

    assert error == one(sending(Receivers(), resolve=resolve), "https://hooks.example/in").error, case


def trusting() -> ssl.SSLContext:
    """TLS as it is used, which believes those who vouch for the receiver of the tests."""
    return ssl.create_default_context(cafile=str(TLS / "authority.pem"))


@pytest.mark.parametrize(
    ("case", "host", "trusted", "status", "error"),
    [
        ("of its name", "hooks.example", True, 204, ""),
        ("of another name", "other.example", True, None, "the certificate is refused: Hostname mismatch"),
        (
            "nobody vouches for it",
            "hooks.example",
            False,
            None,
            "the certificate is refused: unable to get local issuer certificate",
        ),
    ],
)
def test_the_certificate_has_to_be_of_the_name(
    sending: Sending, case: str, host: str, trusted: bool, status: int | None, error: str
) -> None:
    """An address is called; the name is said in TLS and in the header Host, and the certificate is checked against it."""
    with receiver(secure=True) as hooks:
        tls = trusting() if trusted else ssl.create_default_context()
        sender = sending(resolve=Names(["127.0.0.1"]), tls=tls, seconds=5)

        answer = one(sender, hooks.url("/in", host, "https"))

        assert status == answer.status_code, case
        assert answer.error.startswith(error) if error else not answer.error, answer.error
        assert ([f"{host}:{hooks.port}"] if status else []) == [got.headers["host"] for got in hooks.received]


def test_a_sick_endpoint_keeps_nobody_waiting(sending: Sending, hooks: Receiver) -> None:
    """Once one has not answered, the rest of what it is told is put off; all others get theirs, meanwhile."""
    sick = [outgoing(hooks.url("/silent"), endpoint=1)] * 20
    well = [outgoing(hooks.url(f"/ok/{n}"), endpoint=n) for n in range(2, 7)]
    counted: list[str] = []
    sender = sending(told=lambda outcome, _: counted.append(outcome))
    began = monotonic()

    answers = sender.send([*sick, *well])

    assert monotonic() - began < 3
    assert [None] * 19 == list(answers[1:20])
    assert [204] * 5 == [answer.status_code if answer else None for answer in answers[20:]]
    assert ["unanswered", *["put_off"] * 19, *["delivered"] * 5] == counted


def test_an_endpoint_is_called_by_one_call_at_a_time(sending: Sending, hooks: Receiver) -> None:
    """What comes while it is being called is put off, and does not wait for it."""
    sender = sending()
    found: list[Answered | None] = []

    def resolve(_: str, __: int) -> Sequence[str]:
        # While this call is under way, another thread would come with the same endpoint.
        found.extend(sender.send([outgoing(hooks.url())]))
        return ["127.0.0.1"]

    outer = sending(resolve=resolve)
    outer._busy = sender._busy
    answer = one(outer, hooks.url(host="hooks.example"))

    assert [None] == found
    assert 204 == answer.status_code


def test_a_slow_endpoint_gets_what_its_patience_allows(sending: Sending, hooks: Receiver) -> None:
    """One that answers but takes long is not called again and again in one batch."""
    sender = sending(patience_seconds=0.0)

    answers = sender.send([outgoing(hooks.url())] * 5)

    assert [204, None, None, None, None] == [answer and answer.status_code for answer in answers]
