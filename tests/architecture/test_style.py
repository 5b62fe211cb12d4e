"""House rules that no linter knows: chapters, names, and no floats where there is money."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
MODULES = sorted(SRC.rglob("*.py"))
LONGEST = 400
# A name that would fit any module says nothing about this one.
EMPTY_NAMES = {"common", "base", "core", "helper", "helpers", "lib", "manager", "managers", "misc", "service", "services", "shared"}
EMPTY_NAMES |= {"stuff", "tools", "types", "util", "utils"}


def _name(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_is_a_chapter(path: Path) -> None:
    """A module opens with one sentence that could be its line in a table of contents, and is not two chapters."""
    text = path.read_text(encoding="utf-8")
    title = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    assert title.endswith("."), "the first line of a module's docstring is a sentence"
    assert len(text.splitlines()) <= LONGEST


def test_names_say_something() -> None:
    """No module or folder has a name that would fit any other."""
    named = {part for path in MODULES for part in path.relative_to(SRC).with_suffix("").parts}
    assert set() == named & EMPTY_NAMES


@pytest.mark.parametrize("path", sorted(SRC.glob("quarterturn_domain/**/*.py")), ids=_name)
def test_the_domain_has_no_floats(path: Path) -> None:
    """The domain writes no float, names no float and divides nothing into one."""
    assert [] == floats_in(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("case", "source", "expected"),
    [
        ("a literal", "rate = 0.1", [1]),
        ("a literal in scientific notation", "rate = 1e3", [1]),
        ("a conversion", "\nfloat(price)", [2]),
        ("an annotation", "def of(price: float): ...", [1]),
        ("a true division", "share = amount / 3", [1]),
        ("a true division in place", "amount /= 3", [1]),
        ("a floor division is exact", "share = amount // 3", []),
        ("a version in a string", "version = '0.1'", []),
    ],
)
def test_a_float_is_found(case: str, source: str, expected: list[int]) -> None:
    """The rule finds each way to write a float, on its line, and nothing else."""
    assert expected == floats_in(source), case


def floats_in(source: str) -> list[int]:
    """The lines of `source` where a float is written, named or made by a true division."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
    ]
