"""Settings: what the environment says, validated once at the start and never read elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

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

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of this process, or of `environment`; raises `Invalid` naming the variable that makes no sense."""
        given = os.environ if environment is None else environment
        without = {"data_folder": str(_data_folder(given))}
        read: dict[str, Any] = {}
        for field in attrs.fields(cls):
            setting: Setting = field.metadata[_SETTING]
            text = given.get(setting.variable) or without.get(field.name)
            read[field.name] = None if text is None else setting.read(setting.variable, text)
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
