"""The adapter of the guide for adapter authors, which is none of ours, runs the contracts as the guide says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "how-to" / "test-your-adapter.md"
BLOCKS: Final = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _test_classes() -> dict[str, Any]:
    """The test classes of the page: its code, without the examples that are typed at a prompt and without the machine."""
    blocks = [block for block in BLOCKS.findall(PAGE.read_text(encoding="utf-8")) if ">>> " not in block]
    adapter, tests, _ = blocks
    names: dict[str, Any] = {"__name__": __name__}
    exec(compile(adapter + tests, str(PAGE), "exec"), names)  # noqa: S102 - the page is ours, and running it is the test.
    return {name: value for name, value in names.items() if name.startswith("Test")}


globals().update(_test_classes())


def test_the_page_has_contracts() -> None:
    """The guide shows one contract of a repository and one of another port."""
    assert {"TestLocations", "TestInbox"} == set(_test_classes())
