"""Data that is not in the repository: absent, it is a skip with a reason, and in CI a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
ASKS = '''"""Ask for both folders."""


def test_data(shared_data):
    """Asks for the data."""
    assert (shared_data / "here").is_file()


def test_contracts(shared_contracts):
    """Asks for the contracts."""
    assert (shared_contracts / "here").is_file()
'''


@pytest.mark.parametrize(
    ("case", "environment", "there", "expected"),
    [
        ("beside the checkout", {}, "shared", "2 passed"),
        ("beside the checkout, in CI", {"CI": "true"}, "shared", "2 passed"),
        (
            "where the variables point",
            {"QUARTERTURN_DATA": "elsewhere/data", "QUARTERTURN_CONTRACTS": "elsewhere/contracts"},
            "elsewhere",
            "2 passed",
        ),
        ("absent", {}, "", "2 skipped"),
        ("absent in CI", {"CI": "true"}, "", "2 errors"),
        ("absent in CI, and said so", {"CI": "true", "QUARTERTURN_SHARED": "absent"}, "", "2 skipped"),
    ],
)
def test_shared_folders(case: str, environment: dict[str, str], there: str, expected: str, tmp_path: Path) -> None:
    """A test that needs a shared folder gets it, or is skipped; where CI is set it fails, unless the absence was announced."""
    tests = tmp_path / "checkout" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(CONFTEST, tests)
    (tests / "test_asks.py").write_text(ASKS, encoding="utf-8")
    for name in ("data", "contracts") if there else ():
        (tmp_path / there / name).mkdir(parents=True)
        (tmp_path / there / name / "here").touch()
    inherited = {
        name: value for name, value in os.environ.items() if name != "CI" and not name.startswith(("QUARTERTURN_", "PYTEST_"))
    }
    pointed = {name: str(tmp_path / value) if "/" in value else value for name, value in environment.items()}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        cwd=tmp_path,
        env=inherited | pointed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert expected in run.stdout, f"{case}: {run.stdout}"
