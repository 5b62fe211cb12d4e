"""README's first minutes with the HTTP service, typed as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.databases import EMBEDDED, running
from tests.stories.test_serve import serving

README = Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.slow


@pytest.fixture
def url() -> Iterator[str]:
    """A migrated database of this test, with what `quarterturn seed` puts there."""
    server = running(EMBEDDED)
    made = server.migrated()
    command = [sys.executable, "-m", "quarterturn_api", "seed", "--database", made]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    yield made
    server.drop(made)


@pytest.mark.skipif(shutil.which("curl") is None, reason="README asks with curl, which is not on this machine")
def test_what_readme_asks_is_answered_as_it_tells(url: str, tmp_path: Path) -> None:
    """Every line of the shell succeeds; the first answer and the last are, letter for letter, those in the text below it."""
    text = README.read_text(encoding="utf-8")
    (script,) = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    told = re.search(r"The first answers `(.+?)`, the last\s+`(.+?)`\.", text)
    assert told is not None
    with serving(url, tmp_path) as served:
        # curl says nothing of where one answer ends; here each stands on a line.
        asked = script.replace(":8000", f":{served.port}").replace("curl -s", 'curl -s -w "\\n" --fail-with-body')
        done = subprocess.run(["/bin/sh", "-e"], input=asked, capture_output=True, text=True, timeout=60, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    found, paid, order = done.stdout.splitlines()
    assert [told[1], told[2]] == [found, order]
    assert "captured" == json.loads(paid)["payment"]["status"]
