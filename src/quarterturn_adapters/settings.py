"""Settings: what the environment says, validated once at the start and never read elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs

from quarterturn_domain.kernel.errors import Invalid


@attrs.frozen(kw_only=True)
class Settings:
    """Every setting of the program; each comes from a variable `QUARTERTURN_<NAME>` of the environment.

    `database_url` names a PostgreSQL database; without it the program starts one of its own in `data_folder`. The URL may hold a
    password, so it is not in the representation.
    """

    database_url: str | None = attrs.field(default=None, repr=False)
    data_folder: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of this process, or of `environment`; raises `Invalid` naming the variable that makes no sense."""
        given = os.environ if environment is None else environment
        url = given.get("QUARTERTURN_DATABASE_URL") or None
        if url is not None and not url.startswith(("postgresql://", "postgres://")):
            raise Invalid("QUARTERTURN_DATABASE_URL", "a URL such as postgresql://user:password@host:5432/name")
        folder = Path(given.get("QUARTERTURN_DATA_FOLDER") or _data_folder(given)).expanduser()
        if folder.exists() and not folder.is_dir():
            raise Invalid(f"QUARTERTURN_DATA_FOLDER, {folder}", "a folder, or a place where one can be made")
        return cls(database_url=url, data_folder=folder)


def _data_folder(environment: Mapping[str, str]) -> Path:
    """Where programs of this user keep their data, by the custom of the system."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "quarterturn"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "quarterturn"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "quarterturn"
