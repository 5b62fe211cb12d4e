"""Figures: what a benchmark found, as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import attrs


@attrs.frozen
class Figure:
    """One figure: `value` in `unit`, what it is measured against, and the aim in words; nothing here passes or fails."""

    name: str
    value: float
    unit: str
    aim: str = ""


def report(title: str, figures: Sequence[Figure], argv: Sequence[str] = tuple(sys.argv[1:])) -> None:
    """Print the figures as a table; `--json FOLDER` also writes `FOLDER/<title>.json`."""
    width = max(len(figure.name) for figure in figures)
    print(f"\n{title}  (Python {platform.python_version()}, {os.cpu_count()} cores)")
    for figure in figures:
        aim = f"   aim: {figure.aim}" if figure.aim else ""
        print(f"  {figure.name:<{width}}  {figure.value:>12,.2f} {figure.unit}{aim}")
    if "--json" in argv:
        folder = Path(argv[list(argv).index("--json") + 1])
        folder.mkdir(parents=True, exist_ok=True)
        content = {"title": title, "python": platform.python_version(), "figures": [attrs.asdict(figure) for figure in figures]}
        (folder / f"{title.replace(' ', '-')}.json").write_text(json.dumps(content, indent=2) + "\n")


def per_call_microseconds(call: Callable[[], object], *, calls: int, rounds: int = 30) -> tuple[float, float]:
    """The median and the least of `rounds` rounds, in microseconds per call; a round is one `call`, which does `calls` things."""
    took = []
    for _ in range(rounds):
        start = perf_counter()
        call()
        took.append((perf_counter() - start) / calls * 1e6)
    return median(took), min(took)
