"""How Sphinx builds these pages; a warning is an error."""

from __future__ import annotations

from importlib.metadata import version as version_of
from itertools import groupby

from sphinx.application import Sphinx

project = "QuarterTurn"
author = "The QuarterTurn maintainers"
copyright = "The QuarterTurn maintainers"  # noqa: A001 Sphinx reads this name
release = version_of("quarterturn")
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
    "sphinxcontrib.mermaid",
]
exclude_patterns = ["_build", "reference/api/*/modules.rst"]

html_theme = "furo"
html_title = f"QuarterTurn {release}"

# A fence that says `mermaid` is drawn here as it is on the forges that draw it, so the pages read well in both.
myst_fence_as_directive = ["mermaid"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# The reference is made from docstrings at each build; nothing of it is committed.
apidoc_modules = [
    {
        "path": f"../src/{package}",
        "destination": f"reference/api/{package}",
        # A page for each package: navigation is drawn on every page, so that its cost grows with their square.
        "separate_modules": False,
        "module_first": True,
        "automodule_options": {"members", "show-inheritance"},
        # Strategies are described where users import them from; a strategy may share its name with the file that it is in.
        # So is a picture. What Alembic runs can be imported by Alembic alone.
        "exclude_patterns": ["**/testing/strategies/[!_]*.py", "**/testing/machines/picture.py", "**/postgres/migrations/*"],
    }
    for package in ("quarterturn_domain", "quarterturn_adapters", "quarterturn_api")
]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# Objects are found by search and on their page: in the navigation of every page they would cost most of the build.
toc_object_entries = False
# Sphinx takes the builtin `type` of a signature for one of the fields of that name, and cannot tell which.
suppress_warnings = ["ref.python"]
# A single backtick in a docstring is a name, as everywhere else in the project.
default_role = "code"


def show_trees_as_drawn(_app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Keep a tree that a docstring draws with indented bullets as it is: to Sphinx it would be a list gone wrong."""
    shown: list[str] = []
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        paragraph = list(group)
        is_tree = not blank and paragraph[0].startswith("* ") and any(line.startswith("  + ") for line in paragraph)
        shown += ["::", "", *(f"    {line}" for line in paragraph), ""] if is_tree else paragraph
    lines[:] = shown


def setup(app: Sphinx) -> None:
    """Sphinx calls this once."""
    app.connect("autodoc-process-docstring", show_trees_as_drawn)
