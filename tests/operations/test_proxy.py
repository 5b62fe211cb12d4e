"""The proxy: limits count by who asks, whatever that one says of itself, and the world gets what is the world's."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.databases import unused_port
from tests.operations.programs import PATIENCE_SECONDS, begun, command, environment
from tests.operations.written import ROOT

pytestmark = pytest.mark.slow

CADDY = os.environ.get("QUARTERTURN_TEST_CADDY", "")
"""The program of the proxy in `compose.yaml`; `nox -s ops` sets it."""

WAYS = ("direct", *(("caddy",) if CADDY else ()))
"""How a request reaches the service here."""


def ask(port: int, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> int:
    """The status of an answer; 0 where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET" if body is None else "POST", path, body, {"Host": f"localhost:{port}", **(headers or {})})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@contextmanager
def reached(url: str, folder: Path, way: str, trusted: str) -> Iterator[int]:
    """The port at which a service is reached that answers three strangers' requests a minute, and trusts a proxy."""
    port = unused_port()
    given = environment(
        url,
        folder,
        QUARTERTURN_ALLOWED_HOSTS="localhost",
        QUARTERTURN_LIMITS="public=3",
        QUARTERTURN_TRUSTED_PROXIES=trusted,
    )
    well = ("health", "--port", str(port))
    with begun("serve", "--port", str(port), given=given, log=folder / "log", well=lambda: command(*well, given=given) == 0):
        if way == "direct":
            yield port
        else:
            with proxied(folder, port) as front:
                yield front


@contextmanager
def proxied(folder: Path, port: int) -> Iterator[int]:
    """The port of Caddy, as it is configured for production, but for addresses and TLS."""
    front, own = unused_port(), unused_port()
    text = (ROOT / "ops/caddy/Caddyfile").read_text(encoding="utf-8")
    for there, here in (
        ("\n{$SHOP_HOST} {", f"\nhttp://localhost:{front} {{"),
        ("Host {$SHOP_HOST}", "Host localhost"),
        ("api:8000", f"127.0.0.1:{port}"),
        ("127.0.0.1:2020", f"127.0.0.1:{own}"),
    ):
        assert there in text
        text = text.replace(there, here)
    (folder / "Caddyfile").write_text(text, encoding="utf-8")
    words = [CADDY, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    log = folder / "caddy.log"
    own_home = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with log.open("wb") as file, subprocess.Popen(words, stdout=file, stderr=file, env=own_home) as process:
        try:
            end = time.monotonic() + PATIENCE_SECONDS
            # /schema is counted for nobody.
            while (ask(own, "/healthy"), ask(front, "/schema/openapi.json")) != (200, 200):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.1)
            yield front
        finally:
            process.terminate()
            process.wait()


@pytest.mark.parametrize(
    ("way", "trusted"), [pytest.param(way, "10.9.8.7" if way == "direct" else "127.0.0.1", id=way) for way in WAYS]
)
def test_nobody_is_somebody_else_by_saying_so(url: str, tmp_path: Path, way: str, trusted: str) -> None:
    """Who invents addresses for itself, in any of the headers that proxies use, is counted as one, and told to wait at last."""
    with reached(url, tmp_path, way, trusted) as port:
        statuses = [
            ask(port, "/api/v1/products", {"X-Forwarded-For": f"192.0.2.{number}", "X-Real-IP": f"192.0.2.{number}"})
            for number in range(1, 6)
        ]
    assert [200, 200, 200, 429, 429] == statuses


def test_a_trusted_proxy_is_believed(url: str, tmp_path: Path) -> None:
    """Whom it names is counted, and not the proxy itself; it is believed about the last address alone, which it has seen."""
    with reached(url, tmp_path, "direct", "127.0.0.1") as port:
        assert [200] * 5 == [ask(port, "/api/v1/products", {"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(1, 6)]
        invented = [
            ask(port, "/api/v1/products", {"X-Forwarded-For": f"198.51.100.{number}, 192.0.2.77"}) for number in range(1, 5)
        ]
        assert [200, 200, 200, 429] == invented


@pytest.mark.parametrize("way", WAYS)
def test_the_world_gets_what_is_the_worlds(url: str, tmp_path: Path, way: str) -> None:
    """Routes and their description; neither figures nor health, which are for those inside; and nothing that is too large."""
    with reached(url, tmp_path, way, "127.0.0.1") as port:
        assert [200, 200] == [ask(port, path) for path in ("/api/v1/products", "/schema/openapi.json")]
        inside = {ask(port, path) for path in ("/metrics", "/health/ready", "/health/live")}
        assert {"direct": {200}, "caddy": {404}}[way] == inside
        assert 404 == ask(port, "/")
        # Older versions of Caddy say 502 where they should say 413.
        large = ask(port, "/api/v1/auth/login", {"Content-Type": "application/json"}, b" " * 1_100_000)
        assert large in {413, *((502,) if way == "caddy" else ())}
