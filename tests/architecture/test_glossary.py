"""The glossary and the code speak the same words: each word is used, and each noun of the domain is explained."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "src" / "quarterturn_domain"
MODULES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "src").rglob("*.py"))}
# Words of the field for which the code has a word of its own.
SAID_OTHERWISE = {
    "chart of accounts": "chart",
    "etag": "tag",
    "lifecycle": "state machine",
    "minor unit": "minor",
    "refusal": "domain error",
}


def _terms() -> list[str]:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    return re.findall(r"^(\S.*)\n  \S", page.partition(":::{glossary}\n")[2], re.MULTILINE)


def _names() -> set[str]:
    """Every word and every pair or triple of words in the names that the code defines, in small letters."""
    found: set[str] = set()
    for path, tree in MODULES.items():
        defined = {path.stem} | {
            node.name if isinstance(node, ast.ClassDef | ast.FunctionDef) else node.arg if isinstance(node, ast.arg) else node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.arg | ast.Name)
        }
        for name in defined:
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_").split("_")
            found |= {" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words))}
    return found


TERMS = _terms()
NAMES = _names()


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    """A reader finds a word where the alphabet has it."""
    assert sorted(set(TERMS), key=str.lower) == TERMS


@pytest.mark.parametrize("term", TERMS)
def test_a_word_of_the_glossary_is_a_word_of_the_code(term: str) -> None:
    """Names in the code use the word, alone or in a compound, in the singular or the plural."""
    word = SAID_OTHERWISE.get(term.lower(), term.lower())
    assert {word, f"{word}s", f"{word[:-1]}ies"} & NAMES, f"nothing in the code is named {term}"


def test_every_noun_is_explained() -> None:
    """Where a module holds the class of its own name, that is a noun of the domain, and the glossary has it."""
    nouns = {
        path.stem.strip("_").replace("_", " ")
        for path, tree in MODULES.items()
        if path.is_relative_to(DOMAIN) and "testing" not in path.parts
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name.lower() == path.stem.replace("_", "")
    }
    assert len(nouns) > 20
    assert set() == nouns - {term.lower() for term in TERMS}
