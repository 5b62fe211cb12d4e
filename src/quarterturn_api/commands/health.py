"""`quarterturn health`: whether a service or a worker on this machine is well, for whoever has to know it by an exit status."""

from __future__ import annotations

import argparse
import sys
from http.client import HTTPConnection, HTTPException
from typing import Final

from quarterturn_adapters.settings import Settings
from quarterturn_domain.kernel.errors import Invalid

_WELL: Final = 200
_SICK: Final = 1
_HIGHEST_PORT: Final = 65_535
_READ_FROM_THE_DATABASE: Final = b"\nquarterturn_outbox_waiting "


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Ask the service at --port whether requests can be served; with --worker, the worker whose figures are there whether it "
        "reaches its database. For containers: it needs no other program, and calls the service by a name that it is known by."
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to ask (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="the port to ask (default: 8000)")
    parser.add_argument("--worker", action="store_true", help="ask a worker, at its --metrics-port")
    parser.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help="how long to wait (default: 5)")


def run(options: argparse.Namespace) -> int:
    """0 when it is well, 1 when it is not, or does not answer in time."""
    if not 0 < options.port <= _HIGHEST_PORT:
        raise Invalid(f"the port {options.port}", f"a number from 1 to {_HIGHEST_PORT}")
    # A service that was told its names answers to no other.
    names = [name for name in Settings.from_environment().allowed_hosts if name != "*"]
    path = "/metrics" if options.worker else "/health/ready"
    connection = HTTPConnection(options.host, options.port, timeout=options.timeout)
    try:
        connection.request("GET", path, headers={"Host": names[0]} if names else {})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException) as failure:
        sys.stderr.write(f"quarterturn health: {type(failure).__name__}: {failure}\n")
        return _SICK
    finally:
        connection.close()
    if answer.status != _WELL:
        sys.stderr.write(f"quarterturn health: {answer.status} {answer.reason}\n")
        return _SICK
    if options.worker and _READ_FROM_THE_DATABASE not in body:
        sys.stderr.write("quarterturn health: the worker does not reach its database\n")
        return _SICK
    return 0
