"""Watching: alerts and the dashboard ask for figures that the program has, and every alert says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry
from tests.databases import EMBEDDED, running
from tests.operations.written import ROOT, alerts, asked, document, panels

from quarterturn_adapters.databases import opened
from quarterturn_adapters.schedules import Every
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.worker.metrics import WorkerMetrics
from quarterturn_api.app import create_app
from quarterturn_api.assembly import assembled, scheduler

_NAME = re.compile(r"\b(?:quarterturn|process)_[a-z0-9_]+\b")
_LABELLED = re.compile(r"\b(quarterturn_\w+)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_GROUPED = re.compile(r"\b(?:by|on) \(([^)]*)\)")
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
PROMETHEUS_OWN = {"instance", "job", "le"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CollectorRegistry, Mapping[str, Any]]]:
    """The figures of a real service with workers over PostgreSQL, after a request to some routes; and its schedules."""
    server = running(EMBEDDED)
    url = server.migrated()
    own = {"QUARTERTURN_SECRET": "a secret of tests that is long enough", "QUARTERTURN_DATABASE_URL": url}
    settings = Settings.from_environment({**own, "QUARTERTURN_DATA_FOLDER": str(tmp_path_factory.mktemp("data"))})
    with opened(url, settings) as database, assembled(database, settings) as service:
        made = scheduler(service)
        for each in made.schedules.values():
            if not isinstance(each.when, Every):
                made.catch_up(each)
        WorkerMetrics(service.metrics.registry)
        with TestClient(create_app(service)) as client:
            client.post("/api/v1/webhooks/sandbox", content=b"{}")
            client.post("/api/v1/payments/intent", json={})
        yield service.metrics.registry, made.schedules
    server.drop(url)


def names(registry: CollectorRegistry) -> set[str]:
    """What Prometheus calls the figures."""
    return {family.name + suffix for family in registry.collect() for suffix in _SUFFIXES[family.type]}


@pytest.mark.parametrize(("by", "expression"), [pytest.param(by, expression, id=by) for by, expression in asked()])
def test_whoever_asks_asks_for_what_there_is(
    program: tuple[CollectorRegistry, Mapping[str, Any]], by: str, expression: str
) -> None:
    """Every name of a figure in an alert or a panel is one that the program tells."""
    assert set() == set(_NAME.findall(expression)) - names(program[0]), by


def test_every_figure_of_ours_is_watched(program: tuple[CollectorRegistry, Mapping[str, Any]]) -> None:
    """What is told is shown, or can wake somebody: a figure that nobody looks at is not worth telling."""
    looked_at = {name for _, expression in asked() for name in _NAME.findall(expression)}
    unseen = {
        family.name
        for family in program[0].collect()
        if family.name.startswith("quarterturn_") and not {family.name + suffix for suffix in _SUFFIXES[family.type]} & looked_at
    }
    assert set() == unseen


def test_labels_are_those_of_the_figures(program: tuple[CollectorRegistry, Mapping[str, Any]]) -> None:
    """What is matched or grouped by is a label that our figures carry, or one that Prometheus adds."""
    registry = program[0]
    known = {name for collector in registry._collector_to_names for name in getattr(collector, "_labelnames", ())}
    known |= {name for family in registry.collect() for sample in family.samples for name in sample.labels} | PROMETHEUS_OWN
    used = set()
    for _, expression in asked():
        used |= {match[1] for labelled in _LABELLED.finditer(expression) for match in _MATCHER.finditer(labelled[2])}
        used |= {name.strip() for grouped in _GROUPED.findall(expression) for name in grouped.split(",")}
    assert set() == used - known


def test_routes_and_schedules_are_called_by_their_names(program: tuple[CollectorRegistry, Mapping[str, Any]]) -> None:
    """A pattern that matches no route and no schedule of ours would never let anybody know of anything."""
    registry, schedules = program
    routes = {sample.labels["route"] for family in registry.collect() for sample in family.samples if "route" in sample.labels}
    for by, expression in asked():
        for labelled in _LABELLED.finditer(expression):
            for label, operator, pattern in _MATCHER.findall(labelled[2]):
                if label == "route":
                    assert any(re.fullmatch(pattern, route) for route in routes), (by, pattern, routes)
                if label == "schedule":
                    wanted = pattern.split("|") if operator == "=~" else [pattern]
                    assert set() == set(wanted) - set(schedules), by


def test_every_schedule_is_watched(program: tuple[CollectorRegistry, Mapping[str, Any]]) -> None:
    """What is done all the time has an alert by its name; the sandbox's own, which no production has, needs none."""
    silent = next(alert["expr"] for alert in alerts() if alert["alert"] == "QuarterTurnScheduleSilent")
    often = {name for name, each in program[1].items() if isinstance(each.when, Every)} - {"sandbox-webhooks"}
    assert often == set(re.findall(r'schedule=~"([^"]*)"', silent)[0].split("|"))


@pytest.mark.parametrize("alert", [pytest.param(alert, id=alert["alert"]) for alert in alerts()])
def test_every_alert_says_what_to_do_and_is_tested(alert: Mapping[str, Any]) -> None:
    """It has a severity, a sentence, a section of the guide, and a test in which it fires."""
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"]["summary"]
    page, _, anchor = alert["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#{2,3} (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    cases = [case for test in document("ops/prometheus/alerts.test.yaml")["tests"] for case in test["alert_rule_test"]]
    assert any(case.get("exp_alerts") for case in cases if case["alertname"] == alert["alert"])


def test_no_section_of_the_guide_is_for_an_alert_that_is_gone() -> None:
    """What the guide says to do is said for an alert that there is."""
    text = (ROOT / "docs/how-to/watch-it.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(QuarterTurn\w+)`", text))
    assert {alert["alert"] for alert in alerts()} == told


def test_panels_have_a_place_of_their_own() -> None:
    """Each panel has its id, says what it shows, and lies over no other one, within the 24 columns that Grafana has."""
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        assert panel["description"]
        taken |= cells
    ids = [panel["id"] for panel in document("ops/grafana/quarterturn.json")["panels"]]
    assert len(ids) == len(set(ids))


def test_grafana_finds_what_it_shows() -> None:
    """The dashboard asks the source that is set up, by its id."""
    (source,) = document("ops/grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    assert {source["uid"]} == {panel["datasource"]["uid"] for panel in panels()}
    (provider,) = document("ops/grafana/provisioning/dashboards/quarterturn.yaml")["providers"]
    mounted = document("compose.yaml")["services"]["grafana"]["volumes"]
    assert f"./ops/grafana/quarterturn.json:{provider['options']['path']}/quarterturn.json:ro" in mounted
    assert (ROOT / "ops/grafana/quarterturn.json").is_file()
