"""What is shipped: the wheel holds three typed packages, their licence, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the tree as it is, built without reaching out for anything."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    """Every file of `src` that is code or data of a package is in the wheel, `py.typed` included, and no test or page is."""
    there = {path.relative_to(SRC).as_posix() for path in SRC.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert there == shipped
    assert {f"quarterturn_{name}/py.typed" for name in ("adapters", "api", "domain")} <= shipped


def test_the_wheel_carries_licence_and_command(wheel: Path) -> None:
    """The Apache licence is shipped with the code, and the command `quarterturn` is installed with it."""
    with zipfile.ZipFile(wheel) as archive:
        by_name = {name.partition(".dist-info/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
        licence = archive.read(by_name["licenses/LICENSE"]).decode()
        scripts = archive.read(by_name["entry_points.txt"]).decode()
    assert "Apache License" in licence
    assert "quarterturn = quarterturn_api.command:main" in scripts
