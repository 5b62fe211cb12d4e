"""What every test may ask for: the shared data, the providers' contracts, and how long Hypothesis thinks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
IN_CI = bool(os.environ.get("CI"))

# A slow machine is not a broken law: no profile but `default` looks at the clock.
settings.register_profile("default", deadline=timedelta(seconds=2))
settings.register_profile("fast", max_examples=10, stateful_step_count=15, deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", max_examples=2_000, stateful_step_count=100, deadline=None)
settings.load_profile("ci" if IN_CI else "default")


@pytest.fixture(scope="session", autouse=True)
def own_folder() -> Iterator[None]:
    """No test touches a database that somebody set, or the data of whoever runs the tests."""
    with TemporaryDirectory(prefix="qt-data-") as folder, pytest.MonkeyPatch.context() as patch:
        # Where root runs the tests, the embedded server runs as somebody else, who has to get in.
        Path(folder).chmod(0o755)
        patch.delenv("QUARTERTURN_DATABASE_URL", raising=False)
        patch.setenv("QUARTERTURN_DATA_FOLDER", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_window() -> Iterator[None]:
    """Nobody's terminal is as wide as what tests print; a process that reads lines says otherwise to those that it begins."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COLUMNS", "LINES"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture
def url() -> Iterator[str]:
    """A migrated and empty database of this test, on the embedded server."""
    # Whoever asks for none needs neither a server nor its driver.
    from tests.databases import EMBEDDED, running  # noqa: PLC0415

    server = running(EMBEDDED)
    made = server.migrated()
    yield made
    server.drop(made)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of large public data sets: `QUARTERTURN_DATA`, or `../shared/data` beside the checkout."""
    return _beside("QUARTERTURN_DATA", ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def shared_contracts() -> Path:
    """The folder of providers' published schemas: `QUARTERTURN_CONTRACTS`, or `../shared/contracts` beside the checkout."""
    return _beside("QUARTERTURN_CONTRACTS", ROOT.parent / "shared" / "contracts")


def _beside(variable: str, default: Path) -> Path:
    folder = Path(os.environ.get(variable) or default)
    if folder.is_dir():
        return folder
    reason = f"{folder} is absent; {variable} may name another place"
    if IN_CI and os.environ.get("QUARTERTURN_SHARED") != "absent":
        _fail(f"{reason}. In CI this is a failure: QUARTERTURN_SHARED=absent says that it cannot be there")
    pytest.skip(reason)


def _fail(reason: str) -> NoReturn:
    pytest.fail(reason, pytrace=False)
