"""`quarterturn health`: whether a service or a worker on this machine is well, for whoever has to know it by an exit status."""

from __future__ import annotations

import argparse
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from socket import gaierror
from typing import Final

from quarterturn_adapters.settings import Settings
from quarterturn_adapters.unusable import in_words
from quarterturn_api.commands.screen import complain
from quarterturn_domain.kernel.errors import Invalid

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
    sick = _sick(options)
    if sick is not None:
        complain(f"quarterturn health: {sick}")
        return _SICK
    return 0


def _sick(options: argparse.Namespace) -> str | None:
    """Why it is not well, and what to do; None when it is."""
    # A service that was told its names answers to no other.
    names = [name for name in Settings.from_environment().allowed_hosts if name != "*"]
    where = f"[{options.host}]:{options.port}" if ":" in options.host else f"{options.host}:{options.port}"
    connection = HTTPConnection(options.host, options.port, timeout=options.timeout)
    try:
        connection.request("GET", "/metrics" if options.worker else "/health/ready", headers={"Host": names[0]} if names else {})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException) as failure:
        return _unanswered(failure, where, options)
    finally:
        connection.close()
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and not options.worker:
        return f"The service at {where} cannot use its database (503). Check that it runs; the log of the service says more."
    if answer.status != HTTPStatus.OK:
        return f"{where} has answered {answer.status} {answer.reason}. Check --host, --port and QUARTERTURN_ALLOWED_HOSTS."
    if options.worker and _READ_FROM_THE_DATABASE not in body:
        return f"The worker at {where} does not reach its database. Check that it runs; the log of the worker says more."
    return None


def _unanswered(failure: OSError | HTTPException, where: str, options: argparse.Namespace) -> str:
    """What it means that nobody has answered, and what to do."""
    program = "quarterturn worker --metrics-port" if options.worker else "quarterturn serve --port"
    if isinstance(failure, ConnectionRefusedError):
        return f"Nobody listens at {where}. Start `{program} {options.port}`, or name another place with --host and --port."
    if isinstance(failure, TimeoutError):
        return f"{where} has not answered within {options.timeout:g} s. Look at its log, or wait longer with --timeout."
    if isinstance(failure, gaierror):
        return f"The host {options.host} is not known here. Name another one with --host."
    if isinstance(failure, HTTPException):
        return f"What listens at {where} has hung up, or does not speak HTTP. Look at its log, or name another port with --port."
    return f"{where} cannot be reached: {in_words(failure)}. Check --host and --port."
