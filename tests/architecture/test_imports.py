"""What an import of the domain brings along: the standard library and attrs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
PARTS = [path.relative_to(SRC).with_suffix("").parts for path in sorted(SRC.glob("quarterturn_domain/**/*.py"))]
MODULES = [".".join(parts).removesuffix(".__init__") for parts in PARTS if parts[1] != "testing"]
PACKAGE = "import quarterturn_domain"
EVERY_MODULE = f"import {', '.join(MODULES)}"


@pytest.mark.parametrize("program", [PACKAGE, EVERY_MODULE], ids=["the package", "every module"])
def test_the_domain_loads_the_standard_library_and_attrs(program: str) -> None:
    """A fresh interpreter that imports the domain has loaded nothing from outside but attrs."""
    brought = _brought_by(program)
    assert "quarterturn_domain" in brought
    assert brought <= set(sys.stdlib_module_names) | {"attr", "attrs", "quarterturn_domain"}


def test_the_domain_starts_no_event_loop_and_no_thread_machinery_of_its_own() -> None:
    """Importing every module brings neither asyncio nor a network: nothing that the contracts forbid comes by a detour."""
    assert set() == _brought_by(EVERY_MODULE) & {"asyncio", "http", "multiprocessing", "socket", "sqlite3", "ssl", "urllib3"}


def _brought_by(program: str) -> set[str]:
    """The top-level names of the modules that `program` loads and a bare interpreter here does not."""
    script = f"import sys, json\nbefore = set(sys.modules)\n{program}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(run.stdout)}
