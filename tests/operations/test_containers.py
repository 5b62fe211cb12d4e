"""Containers: image and `compose.yaml` say nothing that the program does not know, and give it no more than it needs."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from importlib import import_module
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from tests.operations.written import ROOT, compose, document, example, instructions, placeholders

from quarterturn_adapters.settings import Settings, described
from quarterturn_api.command import COMMANDS
from quarterturn_api.routes import ROUTES

SERVICES: Mapping[str, Any] = compose()["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "quarterturn"}
HELD_BACK = [pytest.param(name, service, id=name) for name, service in SERVICES.items()]


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """What the program makes of words; `SystemExit` when it does not know them."""
    name, *rest = words
    assert name in COMMANDS
    parser = argparse.ArgumentParser()
    import_module(f"quarterturn_api.commands.{name.replace('-', '_')}").describe(parser)
    return parser.parse_args(rest)


@pytest.mark.parametrize("name", OURS)
def test_the_program_knows_what_it_is_told(name: str) -> None:
    """Its command, its question for health and its settings are the program's own, and make sense."""
    service = OURS[name]
    parsed(service["command"])
    given = service["environment"]
    assert set() == set(given) - {setting.variable for setting in described()}
    settings = Settings.from_environment({key: str(value or "") for key, value in given.items()})
    assert settings.database_url
    assert settings.secret
    if "test" in (check := service.get("healthcheck", {})):
        kind, program, *words = check["test"]
        assert ("CMD", "quarterturn") == (kind, program)
        parsed(words)


def test_what_has_to_be_said_is_in_the_example() -> None:
    """Every placeholder is in `.env.example`, and nothing else is; git never sees the file that is made of it."""
    assert placeholders() == set(example())
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("name", "service"), HELD_BACK)
def test_nobody_may_more_than_is_needed(name: str, service: Mapping[str, Any]) -> None:
    """A read-only file system, no capability but those named, no way to get others, limits, and a question for health."""
    assert service["read_only"] is True
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory"} == set(limits)
    assert "privileged" not in service
    assert not service["image"].endswith(":latest")
    assert service.get("healthcheck") or name in OURS, "ours have that of the image"


def test_the_world_reaches_the_proxy_alone() -> None:
    """No other port is open to it; Grafana's is open to this machine."""
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert {"proxy", "grafana"} == set(ports)
    assert all(port.startswith("127.0.0.1:") for port in ports["grafana"])
    assert compose()["networks"]["inside"]["internal"] is True
    assert not {"world"} & {network for service in OURS.values() for network in service["networks"]}
    assert all("world" not in SERVICES[name]["networks"] for name in ("database", "redis", "prometheus"))


def test_the_proxy_is_believed_and_nobody_else() -> None:
    """Its address is its own, is the one that is trusted, and reaches the API by a way on which it has that address."""
    proxy = SERVICES["proxy"]["networks"]["inside"]["ipv4_address"]
    (pool,) = compose()["networks"]["inside"]["ipam"]["config"]
    assert ip_address(proxy) in ip_network(pool["subnet"])
    assert ip_address(proxy) not in ip_network(pool["ip_range"]), "somebody else may be given it"
    assert {proxy} == {service["environment"]["QUARTERTURN_TRUSTED_PROXIES"] for service in OURS.values()}
    assert {"inside"} == set(SERVICES["proxy"]["networks"]) & set(SERVICES["api"]["networks"])


def test_the_proxy_passes_what_is_public() -> None:
    """It finds the API at its port, and lets the world have the API's own routes, and neither figures nor health."""
    text = (ROOT / "ops/caddy/Caddyfile").read_text(encoding="utf-8")
    (public,) = re.findall(r"@public path (.+)", text)
    assert all(fnmatch(f"/api/v1{next(iter(handler.paths))}", "/api/v1/*") for handler in ROUTES if handler.paths)
    for path, passed in {"/api/v1/orders": True, "/schema": True, "/metrics": False, "/health/ready": False, "/": False}.items():
        assert passed == any(fnmatch(path, pattern) for pattern in public.split()), path
    assert f"reverse_proxy api:{parsed(SERVICES['api']['command']).port}" in text
    assert "0.0.0.0" == parsed(SERVICES["api"]["command"]).host  # noqa: S104 - inside of its container


def test_prometheus_finds_everybody() -> None:
    """At the ports that they were told, and by a name that the API answers to."""
    jobs = {job["job_name"]: job for job in document("ops/prometheus/prometheus.yml")["scrape_configs"]}
    (target,) = jobs["api"]["static_configs"][0]["targets"]
    name, port = target.split(":")
    assert parsed(SERVICES[name]["command"]).port == int(port)
    assert name in SERVICES[name]["environment"]["QUARTERTURN_ALLOWED_HOSTS"].split(",")
    (found,) = jobs["worker"]["dns_sd_configs"]
    worker = SERVICES[found["names"][0]]
    asked = parsed(worker["healthcheck"]["test"][2:])
    assert {found["port"]} == {parsed(worker["command"]).metrics_port, asked.port}
    assert asked.worker
    assert "0.0.0.0" == parsed(worker["command"]).metrics_host  # noqa: S104 - what a container has to say


def test_what_is_mounted_is_there() -> None:
    """Files and folders of the project, which nobody in a container may change, and volumes that are declared."""
    declared = set(compose()["volumes"])
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source, _, how = volume.partition(":")
            if source.startswith("./"):
                assert (ROOT / source).exists(), (name, source)
                assert how.endswith(":ro"), (name, source)
            else:
                assert source in declared, (name, source)


def test_what_is_started_first_is_there() -> None:
    """The order is by health, and by the end of the migration."""
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            ends = other == "migrate"
            assert ("service_completed_successfully" if ends else "service_healthy") == how["condition"]
            assert ends or other in OURS or SERVICES[other]["healthcheck"]


def test_the_image_is_made_of_locks() -> None:
    """Every pip command installs what is pinned by its hash, or the project itself; and no file names an index."""
    runs = " && ".join(instructions()["RUN"])
    commands = [re.sub(r"\s+", " ", part) for part in runs.split("&&") if " install " in part or " wheel " in part]
    assert commands
    for each in commands:
        locked = "--require-hashes" in each and re.search(r"--requirement (requirements/\w+\.txt)", each)
        if locked:
            assert "--hash=" in (ROOT / locked[1]).read_text(encoding="utf-8")
        else:
            assert "--no-deps" in each
    for name in ("Dockerfile", "compose.yaml"):
        assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host", (ROOT / name).read_text(encoding="utf-8"))


def test_the_image_gets_what_it_is_made_of() -> None:
    """What is copied into it exists, and `.dockerignore` lets it through and nothing else that is at the root."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = {source for line in instructions()["COPY"] if not line.startswith("--from") for source in line.split()[:-1]}
    assert all((ROOT / source).exists() for source in copied)
    assert let_in == {source.split("/")[0] for source in copied}


def test_the_image_starts_as_nobody() -> None:
    """With a number for a user, so that whoever forbids root can see that it is none; with a command that there is."""
    said = instructions()
    user, group = said["USER"][-1].split(":")
    assert int(user) > 1_000
    assert int(group) > 1_000
    assert ["quarterturn"] == json.loads(said["ENTRYPOINT"][0])
    serve = parsed(json.loads(said["CMD"][0]))
    assert [str(serve.port)] == said["EXPOSE"]
    health = json.loads(said["HEALTHCHECK"][0].partition(" CMD ")[2])
    assert "quarterturn" == health[0]
    assert serve.port == parsed(health[1:]).port


def test_the_image_has_a_python_that_is_tested() -> None:
    """The version of its base is one of those that the project promises."""
    versions = {match[1] for line in instructions()["FROM"] if (match := re.match(r"python:(\d+\.\d+)-slim\b", line))}
    assert 1 == len(versions)
    assert versions <= {"3.11", "3.12", "3.13"}
