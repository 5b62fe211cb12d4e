"""What is written for those who run the program: read as data, with the placeholders of `.env.example` filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]

_PLACEHOLDER = re.compile(r"\$\{(\w+)(?::[-?][^}]*)?\}")


def document(path: str) -> Any:  # noqa: ANN401
    """A YAML or JSON file of the project."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return json.loads(text) if path.endswith(".json") else yaml.safe_load(text)


def example() -> Mapping[str, str]:
    """What `.env.example` says."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def compose() -> Mapping[str, Any]:
    """`compose.yaml`, as it is with `.env.example`."""
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    given = example()
    found: Mapping[str, Any] = yaml.safe_load(_PLACEHOLDER.sub(lambda match: given[match[1]], text))
    return found


def placeholders() -> set[str]:
    """What `compose.yaml` has to be told."""
    return {match[1] for match in _PLACEHOLDER.finditer((ROOT / "compose.yaml").read_text(encoding="utf-8"))}


def alerts() -> Iterator[Mapping[str, Any]]:
    """Every alert."""
    for group in document("ops/prometheus/alerts.yaml")["groups"]:
        yield from group["rules"]


def panels() -> Iterator[Mapping[str, Any]]:
    """Every panel of the dashboard that shows figures."""
    yield from (panel for panel in document("ops/grafana/quarterturn.json")["panels"] if panel["type"] != "row")


def asked() -> Iterator[tuple[str, str]]:
    """Every question to Prometheus, and who asks it."""
    for alert in alerts():
        yield alert["alert"], alert["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def instructions() -> Mapping[str, list[str]]:
    """The instructions of the Dockerfile by their name, each on one line."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name.isupper():
            found.setdefault(name, []).append(rest)
    return found
