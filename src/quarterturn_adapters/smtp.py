"""SMTP: letters as plain e-mail, by a mail server that takes them from us (RFC 6409)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import make_msgid
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlencode, urlsplit

import attrs
import structlog

from quarterturn_domain.identity.letter import LetterPurpose, LetterStatus
from quarterturn_domain.identity.lettering import Posted
from quarterturn_domain.kernel.errors import Unavailable

_PATIENCE_SECONDS: Final = 10
_SUBMISSION: Final = 587
_SUBMISSIONS: Final = 465
_PERMANENT: Final = 500
_SERVER: Final = "the mail server"

_log = structlog.stdlib.get_logger("quarterturn.letters")

_SUBJECTS: Final[Mapping[LetterPurpose, str]] = MappingProxyType(
    {
        LetterPurpose.JOIN_VENDOR: "{about} asks you to work for it",
        LetterPurpose.CHANGE_EMAIL: "Confirm your e-mail address",
        LetterPurpose.RESET_PASSWORD: "Choose another password",
    }
)
_TEXTS: Final[Mapping[LetterPurpose, str]] = MappingProxyType(
    {
        LetterPurpose.JOIN_VENDOR: "{about} asks you to work for it. Sign in, or sign up, with this e-mail address, and say yes:",
        LetterPurpose.CHANGE_EMAIL: "Somebody wants to use this e-mail address for an account. If that was you, confirm it:",
        LetterPurpose.RESET_PASSWORD: "Somebody forgot the password of your account. If that was you, choose another one:",
    }
)
_ENDS: Final = "This is good once, until {until}. If you know nothing of it, do nothing."
_CHANGED: Final = (
    "The e-mail address of your account was changed, and this one is not its address any more. If that was not you, write to us."
)


@attrs.frozen
class SmtpPostman:
    """Posts letters by the server at `url` (`smtp://` with STARTTLS, `smtps://`), from `sender`.

    `page` is where people answer, with `purpose` and `token` in its query; without one they are sent the token itself.
    """

    url: str = attrs.field(repr=False)
    sender: str
    page: str | None = None

    def post(self, posted: Posted, /) -> None:
        """Send a letter; raises `Unavailable` when it should be tried again. What nobody will ever take is given up, and logged."""
        message = self.message(posted)
        try:
            with self._server() as server:
                codes = _refused(server, message)
        # A sender or a password that is refused is wrong in the settings, and no fault of the letter.
        except (OSError, smtplib.SMTPException) as away:
            _log.warning("mail server away", error=type(away).__name__)
            raise Unavailable(_SERVER) from None
        if codes and min(codes) < _PERMANENT:
            raise Unavailable(_SERVER)
        if codes:
            _log.warning("letter given up", letter_id=str(posted.letter.id), purpose=posted.letter.purpose.value, codes=codes)

    def message(self, posted: Posted) -> EmailMessage:
        """A letter as an e-mail."""
        letter = posted.letter
        message = EmailMessage()
        message["From"] = self.sender
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        if letter.status is LetterStatus.USED and letter.former is not None:
            message["To"] = letter.former
            message["Subject"] = "Your e-mail address was changed"
            message.set_content(f"{_CHANGED}\n")
            return message
        message["To"] = letter.email
        # A name that would be a header of its own is none.
        about = " ".join(posted.about.split()) or "A vendor"
        message["Subject"] = _SUBJECTS[letter.purpose].format(about=about)
        ends = _ENDS.format(until=f"{letter.expires_at:%Y-%m-%d %H:%M} UTC")
        message.set_content(f"{_TEXTS[letter.purpose].format(about=about)}\n\n{self._answer(posted)}\n\n{ends}\n")
        return message

    def _answer(self, posted: Posted) -> str:
        if self.page is None:
            return posted.token
        joint = "&" if "?" in self.page else "?"
        return f"{self.page}{joint}{urlencode({'purpose': posted.letter.purpose.value, 'token': posted.token})}"

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        trusted = ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                parts.hostname, parts.port or _SUBMISSIONS, timeout=_PATIENCE_SECONDS, context=trusted
            )
        else:
            server = smtplib.SMTP(parts.hostname, parts.port or _SUBMISSION, timeout=_PATIENCE_SECONDS)
        with server:
            if parts.scheme == "smtp":
                server.ehlo_or_helo_if_needed()
                # A password goes to nobody unless they are who they say: without STARTTLS this fails.
                if server.has_extn("starttls") or parts.username is not None:
                    server.starttls(context=trusted)
            if parts.username is not None:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            yield server


def _refused(server: smtplib.SMTP, message: EmailMessage) -> list[int]:
    """The codes by which a server refuses a message because of its recipient or of what is in it; none when it takes it."""
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        return [code for code, _ in refused.recipients.values()]
    except smtplib.SMTPDataError as refused:
        return [refused.smtp_code]
    except smtplib.SMTPNotSupportedError:
        # The address is not ASCII, and this server takes no other.
        return [_PERMANENT]
    return []
