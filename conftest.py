"""Every Python example in README and in the documentation is a test."""

from __future__ import annotations

from doctest import ELLIPSIS, NORMALIZE_WHITESPACE

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    excludes=["docs/_build/**", "docs/generated/**"],
).pytest()

# Files that are run by Sphinx and by Alembic, inside of them, and the copies that Sphinx makes: no modules to look for doctests in.
collect_ignore = ["docs/_build", "docs/conf.py", "src/quarterturn_adapters/postgres/migrations/env.py"]
