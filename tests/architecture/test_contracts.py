"""Who may import whom: every contract holds, and every contract can fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[2]
CONFIG = ".importlinter"


@attrs.frozen
class Contract:
    """A section of `.importlinter`, as far as a violation must know it."""

    key: str
    name: str
    kind: str
    containers: tuple[str, ...]
    layers: tuple[str, ...]
    exhaustive: bool

    def planted(self, src: Path) -> None:
        """Append the import that this contract is there to refuse to a file below `src`."""
        if self.kind == "closed":
            _append(src, self.containers[0], "import rich")
        elif self.kind == "forbidden":
            _append(src, "quarterturn_domain.kernel.money", "import time")
        else:
            existing = [module for layer in self.layers for module in self._modules(layer) if _file(src, module).is_file()]
            highest, lowest = existing[0], existing[-1]
            _append(src, lowest, f"import {highest}")

    def _modules(self, layer: str) -> list[str]:
        prefix = f"{self.containers[0]}." if self.containers else ""
        return [prefix + name for name in re.findall(r"\w+", layer)]


def _contracts() -> list[Contract]:
    config = ConfigParser()
    config.read(ROOT / CONFIG, encoding="utf-8")
    found = []
    for section in config.sections():
        if section.startswith("importlinter:contract:"):
            options = config[section]
            found.append(
                Contract(
                    key=section.rpartition(":")[2],
                    name=options["name"],
                    kind=options["type"],
                    containers=tuple(options.get("containers", "").split()),
                    layers=tuple(options.get("layers", "").strip().splitlines()),
                    exhaustive=options.getboolean("exhaustive", fallback=False),
                )
            )
    return found


CONTRACTS = _contracts()
EXHAUSTIVE = [contract for contract in CONTRACTS if contract.exhaustive]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what the contracts speak of, to plant violations in."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests" / "architecture").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "architecture" / "closed.py", tmp_path / "tests" / "architecture")
    shutil.copy(ROOT / CONFIG, tmp_path)
    return tmp_path


def test_every_contract_holds(copied: Path) -> None:
    """The tree as it is keeps every contract: nothing below fails for a reason that was there before."""
    run = _lint(copied)
    assert run.returncode == 0, run.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in run.stdout


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.key)
def test_a_planted_import_breaks_the_contract(contract: Contract, copied: Path) -> None:
    """One import that a contract refuses breaks that contract, by its name."""
    contract.planted(copied / "src")
    run = _lint(copied, "--contract", contract.key)
    assert run.returncode == 1, run.stdout
    assert f"{contract.name} BROKEN" in run.stdout


@pytest.mark.parametrize("contract", EXHAUSTIVE, ids=lambda contract: contract.key)
def test_a_file_that_nobody_placed_breaks_the_contract(contract: Contract, copied: Path) -> None:
    """A new file breaks the contract of the folder that it lies in until somebody has placed it."""
    (container,) = contract.containers
    planted = copied / "src" / Path(*container.split(".")) / "planted.py"
    planted.write_text('"""Nobody placed this."""\n', encoding="utf-8")
    run = _lint(copied, "--contract", contract.key)
    assert run.returncode == 1, run.stdout
    assert f"- {container}.planted" in run.stdout


def test_every_context_has_an_exhaustive_contract() -> None:
    """No context of the domain is left without an order of its own, once it has files to order."""
    domain = ROOT / "src" / "quarterturn_domain"
    expected = {f"quarterturn_domain.{path.name}" for path in domain.iterdir() if len(list(path.glob("*.py"))) > 1}
    ordered = {container for contract in EXHAUSTIVE for container in contract.containers}
    assert expected - {"quarterturn_domain.testing"} <= ordered


def _lint(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    # Ahead of everything installed: the copy is what must be read. A wide terminal keeps each sentence on its line.
    environment = os.environ | {"PYTHONPATH": str(root / "src"), "COLUMNS": "200", "NO_COLOR": "1"}
    environment.pop("FORCE_COLOR", None)
    return subprocess.run(
        [*command, "--no-cache", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def _append(src: Path, module: str, line: str) -> None:
    with _file(src, module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def _file(src: Path, module: str) -> Path:
    path = src.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
