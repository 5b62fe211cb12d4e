"""Settings: what the environment says, validated once at the start and never read elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from quarterturn_adapters import variables
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.payments.payment import CaptureMethod

_SETTING: Final = "setting"


@attrs.frozen(kw_only=True)
class Setting:
    """What there is to know of a setting: its `variable`, what its text has to be, what holds without it, and what it means."""

    variable: str
    kind: str
    default: str
    meaning: str
    read: variables.Read = attrs.field(repr=False)


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
                read=variables.database_url,
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
                read=variables.folder,
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
                read=variables.secret,
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
                read=variables.redis_url,
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
                read=variables.broker_url,
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
                read=variables.payout_schedule,
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
                read=variables.time_zone,
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
                read=variables.names,
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
                read=variables.origins,
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
                read=variables.names,
            )
        },
    )
    limits: Mapping[str, int] = attrs.field(
        factory=dict,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_LIMITS",
                kind="such as public=100,signed-in=300; 0 is no limit",
                default=",".join(f"{name}={count}" for name, count in variables.LIMITS.items()),
                meaning="How many requests a minute are answered: to strangers by address, to everybody else by account.",
                read=variables.limits,
            )
        },
    )
    unsafe_webhooks: bool = attrs.field(
        default=False,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_UNSAFE_WEBHOOKS",
                kind="`for-development-only`",
                default="off: webhooks go by https to addresses on the internet and nowhere else",
                meaning="UNSAFE. Lets webhooks go by http, to any port, and to addresses of this machine and its network: "
                "everybody who may register an endpoint can then reach what only this machine can. For development and tests.",
                read=variables.unsafe_webhooks,
            )
        },
    )
    log_level: str = attrs.field(
        default="info",
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_LOG_LEVEL",
                kind=", ".join(variables.LEVELS),
                default="info",
                meaning="From which level on the service logs.",
                read=variables.level,
            )
        },
    )

    smtp_url: str | None = attrs.field(
        default=None,
        repr=False,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_SMTP_URL",
                kind="smtp:// (with STARTTLS where the server has it) or smtps://, user and password, and a host",
                default="none: no letters are posted",
                meaning="The mail server by which people are written to: who is invited, changes an address, or forgot a password.",
                read=variables.smtp_url,
            )
        },
    )
    mail_from: str | None = attrs.field(
        default=None,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_MAIL_FROM",
                kind="an e-mail address",
                default="none, which a mail server needs",
                meaning="From whom they are written to.",
                read=variables.sender,
            )
        },
    )
    letters_url: str | None = attrs.field(
        default=None,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_LETTERS_URL",
                kind="the https:// address of a page",
                default="none: letters have the token itself",
                meaning="The page of the shop where letters are answered: it is opened with `purpose` and `token` in its query.",
                read=variables.page,
            )
        },
    )
    capture: CaptureMethod = attrs.field(
        default=CaptureMethod.AUTOMATIC,
        metadata={
            _SETTING: Setting(
                variable="QUARTERTURN_CAPTURE",
                kind="at-once, first-parcel, per-parcel or manual",
                default="at-once",
                meaning="When the customer's money is taken: at once; or authorised, and captured when the first parcel leaves, "
                "all of it; for each parcel, as far as the provider lets an authorisation be captured in parts, else with the "
                "first; or by hand. A payment that says itself how it is captured keeps to that.",
                read=variables.capture,
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
                read=variables.stripe_key,
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
                read=variables.webhook_secrets,
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
                read=variables.api_base,
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
                read=variables.page,
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
        if read.get("smtp_url") and not read.get("mail_from"):
            raise Invalid("QUARTERTURN_SMTP_URL without QUARTERTURN_MAIL_FROM", "both")
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
