"""The program's own processes, as somebody who runs it starts them: `serve` and `worker`, with their figures and their health."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

SECRET = "a secret of tests that is long enough"  # noqa: S105
PATIENCE_SECONDS = 40


def environment(url: str, folder: Path, **settings: str) -> Mapping[str, str]:
    """What a process of the program finds about its database and itself."""
    own = {"QUARTERTURN_DATABASE_URL": url, "QUARTERTURN_DATA_FOLDER": str(folder), "QUARTERTURN_SECRET": SECRET}
    return {**os.environ, **own, **settings}


def command(*words: str, given: Mapping[str, str]) -> int:
    """The exit status of a command that ends by itself."""
    # What it says is of no interest here.
    return subprocess.run([sys.executable, "-m", "quarterturn_api", *words], env=given, capture_output=True, check=False).returncode


@contextmanager
def begun(*words: str, given: Mapping[str, str], log: Path, well: Callable[[], bool]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the program, once it is `well`; told to stop in the end, which it does with 0."""
    with (
        log.open("wb") as file,
        subprocess.Popen([sys.executable, "-m", "quarterturn_api", *words], env=given, stdout=file, stderr=file) as process,
    ):
        try:
            end = time.monotonic() + PATIENCE_SECONDS
            while not well():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.1)
            yield process
            process.terminate()
            assert 0 == process.wait(PATIENCE_SECONDS), log.read_text()
        finally:
            process.kill()


def figures(port: int, host: str = "127.0.0.1") -> Mapping[str, Metric]:
    """What a process tells Prometheus, by the name of the figure."""
    asked = Request(f"http://127.0.0.1:{port}/metrics", headers={"Host": host})
    with urlopen(asked, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
        return {family.name: family for family in text_string_to_metric_families(answer.read().decode())}


def total(figure: Metric) -> float:
    """All samples of a figure together."""
    return sum(sample.value for sample in figure.samples)
