"""Letters as e-mail: what is in them, to whom they go, and what becomes of them when the mail server will not have them."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Thread

import attrs
import pytest

from quarterturn_adapters.settings import Settings
from quarterturn_adapters.smtp import SmtpPostman
from quarterturn_domain.identity.letter import Letter
from quarterturn_domain.identity.lettering import Posted
from quarterturn_domain.identity.role import VendorRole
from quarterturn_domain.kernel.errors import Invalid, Unavailable
from quarterturn_domain.testing import samples

AT = samples.START
TO = "ada@example.org"
INVITATION = Letter.invitation(
    samples.letter_id(1), vendor_id=samples.vendor_id(1), email=TO, role=VendorRole.STAFF, by=samples.account_id(1), at=AT
)[0]
CHANGE = Letter.change_of_email(
    samples.letter_id(2), account_id=samples.account_id(1), email=TO, former="before@example.org", at=AT
)[0]
RESET = Letter.password_reset(samples.letter_id(3), account_id=samples.account_id(1), email=TO, at=AT)[0]
PAGE = "https://shop.example/letters"


@attrs.define(eq=False)
class Server:
    """A mail server of a few lines: what it was given, and what it answers to whom."""

    port: int = 0
    answers: dict[str, str] = attrs.field(factory=dict)
    said: list[str] = attrs.field(factory=list)
    taken: list[bytes] = attrs.field(factory=list)


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """The URL of `server` while it listens."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                said = line.decode().strip()
                word = said.partition(" ")[0].upper()
                server.said.append(said)
                answer = server.answers.get(word, {"DATA": "354 go on", "QUIT": "221 bye"}.get(word, "250 well"))
                self.wfile.write(f"{answer}\r\n".encode())
                if word == "DATA" and answer.startswith("354"):
                    lines = []
                    while (more := self.rfile.readline()) != b".\r\n":
                        lines.append(more)
                    server.taken.append(b"".join(lines))
                    self.wfile.write(f"{server.answers.get('.', '250 taken')}\r\n".encode())
                if word == "QUIT":
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"smtp://127.0.0.1:{listening.server_address[1]}"
        finally:
            listening.shutdown()
            thread.join()


def _posted(server: Server, *letters: Posted) -> list[EmailMessage]:
    with serving(server) as url:
        for each in letters:
            SmtpPostman(url, "shop@example.org", PAGE).post(each)
    return [message_from_bytes(each, EmailMessage, policy=default) for each in server.taken]


def test_letters_go_to_their_address_with_a_link() -> None:
    """Each says what it is for, until when it is good, and has the token in a link to the page of the shop."""
    token = "lt_0_a-b"  # noqa: S105 - of nobody
    letters = [Posted(each, token, "Iron & Sons" if each is INVITATION else "") for each in (INVITATION, CHANGE, RESET)]

    found = _posted(Server(), *letters)

    assert [(TO, "shop@example.org")] * 3 == [(each["To"], each["From"]) for each in found]
    subjects = ["Iron & Sons asks you to work for it", "Confirm your e-mail address", "Choose another password"]
    assert subjects == [each["Subject"] for each in found]
    for message, letter in zip(found, letters, strict=True):
        text = " ".join(message.get_content().split())
        assert f"{PAGE}?purpose={letter.letter.purpose.value}&token={token}" in text
        assert f"{letter.letter.expires_at:%Y-%m-%d %H:%M} UTC" in text


def test_the_address_until_now_is_told_of_the_change() -> None:
    """Without a token, since there is nothing to answer."""
    (message,) = _posted(Server(), Posted(CHANGE.move("use"), "lt_0_secret"))
    assert ("before@example.org", "Your e-mail address was changed") == (message["To"], message["Subject"])
    assert "lt_0_secret" not in message.as_string()


def test_without_a_page_the_token_itself_is_sent() -> None:
    """For whoever has no page for it yet."""
    message = SmtpPostman("smtp://127.0.0.1", "shop@example.org").message(Posted(RESET, "lt_0_secret"))
    assert "\nlt_0_secret\n" in message.get_content()


def test_the_name_of_a_vendor_is_no_header() -> None:
    """Whatever a vendor is called, it stays within the subject."""
    message = SmtpPostman("smtp://127.0.0.1", "s@example.org").message(Posted(INVITATION, "lt_0_s", "A\r\nBcc: all@example.org"))
    assert message["Bcc"] is None
    assert "A Bcc: all@example.org asks you to work for it" == message["Subject"]


@pytest.mark.parametrize(
    ("case", "answers", "again"),
    [
        ("a mailbox that is busy", {"RCPT": "450 busy"}, True),
        ("a mailbox that is not there", {"RCPT": "550 nobody"}, False),
        ("a server that is full", {".": "452 full"}, True),
        ("a message that it will not have", {".": "554 spam"}, False),
        ("a sender that it will not have", {"MAIL": "550 who"}, True),
        ("a server that is going down", {"EHLO": "421 later", "HELO": "421 later"}, True),
    ],
)
def test_what_a_server_refuses(case: str, answers: dict[str, str], again: bool) -> None:
    """What is refused for now, or because of our settings, is tried again; what is refused for good is given up."""
    server = Server(answers=answers)
    if again:
        with pytest.raises(Unavailable, match="the mail server is not available"):
            _posted(server, Posted(RESET, "lt_0_s"))
    else:
        _posted(server, Posted(RESET, "lt_0_s"))
    assert server.said, case


def test_a_password_goes_to_nobody_without_tls() -> None:
    """A server without STARTTLS is not told who we are; one that is away is tried again."""
    server = Server()
    with serving(server) as url, pytest.raises(Unavailable):
        SmtpPostman(url.replace("//", "//me:secret@"), "s@example.org").post(Posted(RESET, "lt_0_s"))
    assert not [each for each in server.said if each.startswith("AUTH")]
    with pytest.raises(Unavailable):
        SmtpPostman("smtp://127.0.0.1:1", "s@example.org").post(Posted(RESET, "lt_0_s"))
    assert AT + timedelta(hours=1) == RESET.expires_at


@pytest.mark.parametrize(
    ("case", "environment", "names"),
    [
        ("another scheme", {"QUARTERTURN_SMTP_URL": "https://mail.example"}, "QUARTERTURN_SMTP_URL"),
        ("no host", {"QUARTERTURN_SMTP_URL": "smtp://"}, "QUARTERTURN_SMTP_URL"),
        ("a port that is none", {"QUARTERTURN_SMTP_URL": "smtp://mail.example:x"}, "QUARTERTURN_SMTP_URL"),
        ("no sender", {"QUARTERTURN_SMTP_URL": "smtp://mail.example"}, "QUARTERTURN_MAIL_FROM"),
        ("a sender that is none", {"QUARTERTURN_MAIL_FROM": "Shop"}, "QUARTERTURN_MAIL_FROM"),
        ("a page that is none", {"QUARTERTURN_LETTERS_URL": "http://shop.example"}, "QUARTERTURN_LETTERS_URL"),
    ],
)
def test_settings_of_mail_that_make_no_sense(case: str, environment: dict[str, str], names: str) -> None:
    """They are refused at the start, by the name of the variable, and a password is not repeated."""
    with pytest.raises(Invalid) as refused:
        Settings.from_environment(environment)
    assert names in refused.value.message, case


def test_a_url_with_a_password_is_in_no_repr() -> None:
    """Neither of the settings nor of the postman."""
    given = {"QUARTERTURN_SMTP_URL": "smtps://me:swordfish@mail.example", "QUARTERTURN_MAIL_FROM": "shop@example.org"}
    settings = Settings.from_environment(given)
    assert settings.smtp_url is not None
    assert "swordfish" not in repr(settings) + repr(SmtpPostman(settings.smtp_url, "shop@example.org"))
