"""Settings: what the environment says, validated once at the start and never read elsewhere."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from quarterturn_domain.kernel.errors import Invalid

Read: TypeAlias = Callable[[str, str], Any]
"""Makes a value of a variable's name and text; raises `Invalid` naming the variable when the text makes no sense."""

_SETTING: Final = "setting"


@attrs.frozen(kw_only=True)
class Setting:
    """What there is to know of a setting: its `variable`, what its text has to be, what holds without it, and what it means."""

    variable: str
    kind: str
    default: str
    meaning: str
    read: Read = attrs.field(repr=False)


def _database_url(variable: str, text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise Invalid(variable, "a URL such as postgresql://user:password@host:5432/name")
    return text


def _folder(variable: str, text: str) -> Path:
    folder = Path(text).expanduser()
    if folder.exists() and not folder.is_dir():
        raise Invalid(f"{variable}, {folder}", "a folder, or a place where one can be made")
    return folder


_SHORTEST_SECRET: Final = 32


def _secret(variable: str, text: str) -> str:
    if len(text.encode()) < _SHORTEST_SECRET:
        raise Invalid(variable, f"at least {_SHORTEST_SECRET} bytes that nobody can guess")
    return text


def _redis_url(variable: str, text: str) -> str:
    if not text.startswith(("redis://", "rediss://")):
        raise Invalid(variable, "a URL such as redis://host:6379/0")
    return text


def _broker_url(variable: str, text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "amqp://", "amqps://")):
        raise Invalid(variable, "a URL such as redis://host:6379/0 or amqp://user:password@host:5672")
    return text


def _payout_schedule(variable: str, text: str) -> str | None:
    if text == "never":
        return None
    if len(text.split()) != _FIELDS_OF_CRON:
        raise Invalid(f"{variable}, {text}", "five fields of cron such as 0 6 * * *, or never")
    return text


def _time_zone(variable: str, text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"{variable}, {text}", "the name of a zone such as Europe/Berlin") from None


def _names(_: str, text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _stripe_key(variable: str, text: str) -> str:
    if not re.fullmatch(r"[sr]k_\w+", text):
        raise Invalid(variable, "a secret key of Stripe's that begins with sk_, or a restricted one that begins with rk_")
    return text


def _webhook_secrets(variable: str, text: str) -> tuple[str, ...]:
    secrets = _names(variable, text)
    if not all(secret.startswith("whsec_") for secret in secrets):
        raise Invalid(variable, "secrets that begin with whsec_, with commas between them")
    return secrets


def _api_base(variable: str, text: str) -> str:
    if not re.fullmatch(r"https://[^/\s@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", text):
        raise Invalid(variable, "https:// and a host, without a path; http:// only for this machine itself")
    return text


def _page(variable: str, text: str) -> str:
    if not re.fullmatch(r"https://[^/\s@]+(/\S*)?", text):
        raise Invalid(variable, "an address such as https://shop.example/paid")
    return text


def _origins(variable: str, text: str) -> tuple[str, ...]:
    origins = _names(variable, text)
    for origin in origins:
        if not re.fullmatch(r"https?://[^/*\s]+", origin):
            raise Invalid(f"{variable}, {origin}", "origins such as https://shop.example, without a path and without *")
    return origins


def _limits(variable: str, text: str) -> Mapping[str, int]:
    found = {}
    for part in _names(variable, text):
        name, equals, count = part.partition("=")
        if name not in LIMITS or not equals or not count.isdecimal():
            raise Invalid(f"{variable}, {part}", f"such as {','.join(f'{each}={LIMITS[each]}' for each in LIMITS)}; 0 is no limit")
        found[name] = int(count)
    return found


def _level(variable: str, text: str) -> str:
    level = text.lower()
    if level not in _LEVELS:
        raise Invalid(f"{variable}, {text}", f"one of {', '.join(_LEVELS)}")
    return level


_FIELDS_OF_CRON: Final = 5

LIMITS: Final[Mapping[str, int]] = {"public": 100, "signed-in": 300, "payments": 10, "admin": 1_000}
"""How often one may ask in a minute, unless the settings say otherwise: strangers by address, everybody else by account."""

_LEVELS: Final = ("debug", "info", "warning", "error")


@attrs.frozen(kw_only=True)
class Settings:
    """Every setting of the program; each comes from a variable of the environment, and an empty one is as good as none.

    The URL of a database may hold a password, so it is not in the representation.
    """

    database_url: str | None = attrs.field(
        repr=False,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_DATABASE_URL",
                kind="a URL that begins with postgresql:// or postgres://",
                default="none: the program starts a PostgreSQL of its own, where the extra `embedded` is installed",
                meaning="The PostgreSQL database that everything is kept in.",
                read=_database_url,
            )
        },
    )
    data_folder: Path = attrs.field(
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_DATA_FOLDER",
                kind="a folder, or a place where one can be made; ~ is the user's home",
                default="`quarterturn` where the system keeps programs' data: `$XDG_DATA_HOME` or `~/.local/share`; on macOS "
                "`~/Library/Application Support`; on Windows `%LOCALAPPDATA%`",
                meaning="Where an embedded PostgreSQL keeps its data, in `postgres` below it.",
                read=_folder,
            )
        },
    )
    secret: str | None = attrs.field(
        default=None,
        repr=False,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_SECRET",
                kind="at least 32 bytes that nobody can guess",
                default="one is made up at the first start and kept in the data folder, for this machine alone",
                meaning="What access tokens are signed with; the same on all machines.",
                read=_secret,
            )
        },
    )
    redis_url: str | None = attrs.field(
        default=None,
        repr=False,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_REDIS_URL",
                kind="a URL that begins with redis:// or rediss://",
                default="none: limits are counted by each process for itself",
                meaning="The Redis that machines share.",
                read=_redis_url,
            )
        },
    )
    broker_url: str | None = attrs.field(
        default=None,
        repr=False,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_BROKER_URL",
                kind="a URL that begins with redis://, rediss://, amqp:// or amqps://",
                default="none: `quarterturn serve` does itself, in threads, what need not be waited for",
                meaning="The broker by which `quarterturn serve` and `quarterturn worker` share work. It may lose everything: what "
                "is to be done stands in the database.",
                read=_broker_url,
            )
        },
    )
    payout_schedule: str | None = attrs.field(
        default="0 6 * * *",
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_PAYOUT_SCHEDULE",
                kind="five fields of cron, or `never`",
                default="0 6 * * *: every day at six",
                meaning="When vendors are paid by themselves; who is due then, each vendor's own terms say.",
                read=_payout_schedule,
            )
        },
    )
    time_zone: ZoneInfo = attrs.field(
        factory=lambda: ZoneInfo("UTC"),
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_TIME_ZONE",
                kind="a name such as Europe/Berlin",
                default="UTC",
                meaning="On whose clocks schedules are read.",
                read=_time_zone,
            )
        },
    )
    allowed_hosts: tuple[str, ...] = attrs.field(
        default=("*",),
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_ALLOWED_HOSTS",
                kind="names of hosts, with commas between them",
                default="any",
                meaning="By which names the service may be called; in production, name them.",
                read=_names,
            )
        },
    )
    allowed_origins: tuple[str, ...] = attrs.field(
        default=(),
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_ALLOWED_ORIGINS",
                kind="origins such as https://shop.example, with commas between them",
                default="none: pages of other origins cannot call the service",
                meaning="Whose pages may call the service from a browser.",
                read=_origins,
            )
        },
    )
    trusted_proxies: tuple[str, ...] = attrs.field(
        default=("127.0.0.1",),
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_TRUSTED_PROXIES",
                kind="addresses or networks, with commas between them",
                default="127.0.0.1",
                meaning="Whose word is taken for the address of a caller (X-Forwarded-For).",
                read=_names,
            )
        },
    )
    limits: Mapping[str, int] = attrs.field(
        factory=dict,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_LIMITS",
                kind="such as public=100,signed-in=300; 0 is no limit",
                default=",".join(f"{name}={count}" for name, count in LIMITS.items()),
                meaning="How many requests a minute are answered: to strangers by address, to everybody else by account.",
                read=_limits,
            )
        },
    )
    log_level: str = attrs.field(
        default="info",
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_LOG_LEVEL",
                kind=", ".join(_LEVELS),
                default="info",
                meaning="From which level on the service logs.",
                read=_level,
            )
        },
    )

    stripe_secret_key: str | None = attrs.field(
        default=None,
        repr=False,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_STRIPE_SECRET_KEY",
                kind="a key that begins with sk_ or rk_",
                default="none: the sandbox takes the payments, and no money moves",
                meaning="The key by which Stripe knows the platform; with it, Stripe takes the payments and pays the vendors.",
                read=_stripe_key,
            )
        },
    )
    stripe_webhook_secrets: tuple[str, ...] = attrs.field(
        default=(),
        repr=False,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_STRIPE_WEBHOOK_SECRETS",
                kind="secrets that begin with whsec_, with commas between them",
                default="none: no webhook of Stripe's is believed",
                meaning="What Stripe signs its webhooks with: one of each endpoint there, two while one is rolled.",
                read=_webhook_secrets,
            )
        },
    )
    stripe_api_base: str | None = attrs.field(
        default=None,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_STRIPE_API_BASE",
                kind="https:// and a host, without a path; http:// only for this machine itself",
                default="Stripe's own",
                meaning="Where Stripe is reached, should it be by a proxy, or a double of it.",
                read=_api_base,
            )
        },
    )
    stripe_return_url: str | None = attrs.field(
        default=None,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_STRIPE_RETURN_URL",
                kind="the https:// address of a page",
                default="none: only means of payment are offered that need no visit to a bank's own pages",
                meaning="Where customers come back to from the pages of their bank.",
                read=_page,
            )
        },
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of this process, or of `environment`; raises `Invalid` naming the variable that makes no sense."""
        given = os.environ if environment is None else environment
        without = {"data_folder": str(_data_folder(given))}
        read: dict[str, Any] = {}
        for field in attrs.fields(cls):
            setting: Setting = field.metadata[_SETTING]
            text = given.get(setting.variable) or without.get(field.name)
            if text is not None:
                read[field.name] = setting.read(setting.variable, text)
            elif field.default is attrs.NOTHING:
                read[field.name] = None
        return cls(**read)


def described() -> Sequence[Setting]:
    """Every setting that there is, in the order of their fields."""
    return [field.metadata[_SETTING] for field in attrs.fields(Settings)]


def _data_folder(environment: Mapping[str, str]) -> Path:
    """Where programs of this user keep their data, by the custom of the system."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "quarterturn"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "quarterturn"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "quarterturn"
