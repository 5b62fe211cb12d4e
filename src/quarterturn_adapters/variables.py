"""Variables: what the text of each variable of the environment has to be, and the value that is made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quarterturn_domain.identity.account import email_address
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.payments.payment import CaptureMethod

Read: TypeAlias = Callable[[str, str], Any]
"""Makes a value of a variable's name and text; raises `Invalid` naming the variable when the text makes no sense."""


def database_url(variable: str, text: str) -> str:
    """A URL of PostgreSQL."""
    if not text.startswith(("postgresql://", "postgres://")):
        raise Invalid(variable, "a URL such as postgresql://user:password@host:5432/name")
    return text


def folder(variable: str, text: str) -> Path:
    """A folder, or a place where one can be made."""
    folder = Path(text).expanduser()
    if folder.exists() and not folder.is_dir():
        raise Invalid(f"{variable}, {folder}", "a folder, or a place where one can be made")
    return folder


_SHORTEST_SECRET: Final = 32


def secret(variable: str, text: str) -> str:
    """Something that nobody can guess."""
    if len(text.encode()) < _SHORTEST_SECRET:
        raise Invalid(variable, f"at least {_SHORTEST_SECRET} bytes that nobody can guess")
    return text


def redis_url(variable: str, text: str) -> str:
    """A URL of Redis."""
    if not text.startswith(("redis://", "rediss://")):
        raise Invalid(variable, "a URL such as redis://host:6379/0")
    return text


def broker_url(variable: str, text: str) -> str:
    """A URL of a broker."""
    if not text.startswith(("redis://", "rediss://", "amqp://", "amqps://")):
        raise Invalid(variable, "a URL such as redis://host:6379/0 or amqp://user:password@host:5672")
    return text


def payout_schedule(variable: str, text: str) -> str | None:
    """Five fields of cron, or None for `never`."""
    if text == "never":
        return None
    if len(text.split()) != _FIELDS_OF_CRON:
        raise Invalid(f"{variable}, {text}", "five fields of cron such as 0 6 * * *, or never")
    return text


def time_zone(variable: str, text: str) -> ZoneInfo:
    """The name of a zone."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"{variable}, {text}", "the name of a zone such as Europe/Berlin") from None


def capture(variable: str, text: str) -> CaptureMethod:
    """How payments are captured."""
    if text not in CAPTURES:
        raise Invalid(f"{variable}, {text}", f"one of {', '.join(CAPTURES)}")
    return CAPTURES[text]


def unsafe_webhooks(variable: str, text: str) -> bool:
    """Words that nobody writes by mistake."""
    if text != _UNSAFE:
        raise Invalid(f"{variable}, {text}", f"{_UNSAFE}, in exactly these words, or nothing")
    return True


def names(_: str, text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def stripe_key(variable: str, text: str) -> str:
    """A key of Stripe's."""
    if not re.fullmatch(r"[sr]k_\w+", text):
        raise Invalid(variable, "a secret key of Stripe's that begins with sk_, or a restricted one that begins with rk_")
    return text


def webhook_secrets(variable: str, text: str) -> tuple[str, ...]:
    """Secrets of webhooks, with commas between them."""
    secrets = names(variable, text)
    if not all(secret.startswith("whsec_") for secret in secrets):
        raise Invalid(variable, "secrets that begin with whsec_, with commas between them")
    return secrets


def api_base(variable: str, text: str) -> str:
    """Where an API is reached."""
    if not re.fullmatch(r"https://[^/\s@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", text):
        raise Invalid(variable, "https:// and a host, without a path; http:// only for this machine itself")
    return text


def page(variable: str, text: str) -> str:
    """The address of a page."""
    if not re.fullmatch(r"https://[^/\s@]+(/\S*)?", text):
        raise Invalid(variable, "an address such as https://shop.example/paid")
    return text


def smtp_url(variable: str, text: str) -> str:
    """A URL of a mail server."""
    parts = urlsplit(text)
    try:
        known = parts.scheme in {"smtp", "smtps"} and parts.hostname and (parts.port or 1) and parts.path in {"", "/"}
    except ValueError:
        known = False
    if not known:
        # What was given may have a password in it.
        raise Invalid(variable, "a URL such as smtps://user:password@mail.example or smtp://user:password@mail.example:587")
    return text


def sender(variable: str, text: str) -> str:
    """An e-mail address."""
    try:
        return email_address(text)
    except Invalid:
        raise Invalid(variable, "an e-mail address such as shop@example.org") from None


def origins(variable: str, text: str) -> tuple[str, ...]:
    """Origins of pages, with commas between them."""
    origins = names(variable, text)
    for origin in origins:
        if not re.fullmatch(r"https?://[^/*\s]+", origin):
            raise Invalid(f"{variable}, {origin}", "origins such as https://shop.example, without a path and without *")
    return origins


def limits(variable: str, text: str) -> Mapping[str, int]:
    """Names of limits and how often one may ask."""
    found = {}
    for part in names(variable, text):
        name, equals, count = part.partition("=")
        if name not in LIMITS or not equals or not count.isdecimal():
            raise Invalid(f"{variable}, {part}", f"such as {','.join(f'{each}={LIMITS[each]}' for each in LIMITS)}; 0 is no limit")
        found[name] = int(count)
    return found


def level(variable: str, text: str) -> str:
    """A level of the log."""
    level = text.lower()
    if level not in LEVELS:
        raise Invalid(f"{variable}, {text}", f"one of {', '.join(LEVELS)}")
    return level


_FIELDS_OF_CRON: Final = 5
_UNSAFE: Final = "for-development-only"

CAPTURES: Final[Mapping[str, CaptureMethod]] = {
    "at-once": CaptureMethod.AUTOMATIC,
    "first-parcel": CaptureMethod.FIRST_PARCEL,
    "per-parcel": CaptureMethod.PER_PARCEL,
    "manual": CaptureMethod.MANUAL,
}
"""When money is taken, by the words of the setting."""

LIMITS: Final[Mapping[str, int]] = {"public": 100, "signed-in": 300, "payments": 10, "admin": 1_000}
"""How often one may ask in a minute, unless the settings say otherwise: strangers by address, everybody else by account."""

LEVELS: Final = ("debug", "info", "warning", "error")
