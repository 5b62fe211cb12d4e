"""`quarterturn worker`: what the buyer need not wait for, in processes of its own, until it is told to stop."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final

from quarterturn_adapters.databases import MEMORY, located, opened
from quarterturn_adapters.garbage import settle
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.unusable import Unusable
from quarterturn_api.commands.screen import complain
from quarterturn_api.commands.serve import refuse_unless_port
from quarterturn_api.commands.statuses import NONSENSE, UNUSABLE
from quarterturn_domain.kernel.errors import Invalid

QUEUES: Final = ("events", "providers")
_THREADS: Final = 8
_HERE: Final = "127.0.0.1"
_AGAIN_SECONDS: Final = 1.0
_GRACE_SECONDS: Final = 30
_HOPELESS: Final = (NONSENSE, UNUSABLE)
"""How a process ends that could not even begin."""


def describe(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Let events reach who hears them, by the broker that QUARTERTURN_BROKER_URL names; without one, by this program alone. On "
        "SIGTERM or Ctrl-C what is under way is finished first; what is not is somebody else's half a minute later."
    )
    parser.add_argument("--queues", default="", metavar="NAMES", help=f"serve these only, of {', '.join(QUEUES)} (default: all)")
    parser.add_argument("--processes", type=int, default=1, help="how many processes work (default: 1)")
    parser.add_argument("--threads", type=int, default=_THREADS, help=f"how many threads each process has (default: {_THREADS})")
    parser.add_argument(
        "--metrics-port", type=int, metavar="PORT", help="serve figures there; further processes at the ports after it"
    )
    parser.add_argument(
        "--metrics-host", default=_HERE, metavar="HOST", help=f"the address of the figures (default: {_HERE}, this machine only)"
    )
    # For the processes that this program begins itself.
    parser.add_argument("--child-of", type=int, help=argparse.SUPPRESS)
    parser.add_argument(
        "--database",
        metavar="WHERE",
        help="`embedded`, `embedded:NAME`, or a URL that begins with postgresql:// (default: QUARTERTURN_DATABASE_URL, "
        "else embedded)",
    )


def run(options: argparse.Namespace) -> int:
    """0 when it was told to stop."""
    over = _told_to_stop()
    settings = Settings.from_environment()
    queues = tuple(name.strip() for name in options.queues.split(",") if name.strip())
    if unknown := sorted(set(queues) - set(QUEUES)):
        raise Invalid(f"the queue {unknown[0]}", f"one of {', '.join(QUEUES)}")
    for name, count in (("processes", options.processes), ("threads", options.threads)):
        if count < 1:
            raise Invalid(f"{count} {name}", "one or more")
    if options.database == MEMORY:
        raise Invalid("the database memory", "one that other processes can reach, too")
    if options.metrics_port is not None:
        refuse_unless_port(options.metrics_port)
        refuse_unless_port(options.metrics_port + options.processes - 1)
    if settings.broker_url is not None:
        from quarterturn_adapters.worker.brokers import refuse_unless_reachable  # noqa: PLC0415 (an extra: help does not need it)

        refuse_unless_reachable(settings.broker_url)
    if options.processes > 1:
        return _many(options, settings, over)
    return _one(options, settings, queues, over)


def _one(options: argparse.Namespace, settings: Settings, queues: Sequence[str], over: threading.Event) -> int:
    import structlog  # noqa: PLC0415 (an extra: who asks for help does not need it)
    from prometheus_client import start_http_server  # noqa: PLC0415

    from quarterturn_adapters.orphans import end_when  # noqa: PLC0415
    from quarterturn_api.assembly import assembled, scheduler, working  # noqa: PLC0415
    from quarterturn_api.edge.logs import configure  # noqa: PLC0415

    configure(settings.log_level)
    if options.child_of is not None:
        end_when(lambda: os.getppid() != options.child_of)
    with ExitStack() as stack:
        database = stack.enter_context(opened(options.database, settings))
        service = stack.enter_context(assembled(database, settings))
        if options.metrics_port is not None:
            try:
                server, thread = start_http_server(options.metrics_port, options.metrics_host, service.metrics.registry)
            except OSError as taken:
                problem = f"Figures cannot be served at port {options.metrics_port} of {options.metrics_host}: {taken.strerror}."
                raise Unusable(problem, "Name another place with --metrics-port and --metrics-host.") from None
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        stack.enter_context(working(service, queues=queues, threads=options.threads))
        stack.enter_context(scheduler(service))
        settle()
        structlog.stdlib.get_logger("quarterturn.worker").info("working", queues=queues or QUEUES, threads=options.threads)
        over.wait()
    return 0


def _many(options: argparse.Namespace, settings: Settings, over: threading.Event) -> int:
    """Let several processes work, and begin one anew that has ended by itself."""
    with ExitStack() as stack:
        # One database server for all: an embedded one belongs to this process, which outlives those that work.
        url = stack.enter_context(located(options.database, settings))
        # What keeps all of them from beginning is said once.
        with opened(url, settings):
            pass
        environment = {**os.environ, "QUARTERTURN_DATABASE_URL": url}
        processes = [_begin(options, number, environment) for number in range(options.processes)]
        first = set(range(options.processes))
        status = 0
        while not status and not over.wait(_AGAIN_SECONDS):
            for number, process in enumerate(processes):
                ended = process.poll()
                if ended in _HOPELESS and number in first:
                    # It has said why, and would say it again.
                    status = ended
                elif ended is not None:
                    complain(f"worker {number + 1} has ended with {ended}; it begins anew")
                    processes[number] = _begin(options, number, environment)
                    first -= {number}
        _end(processes)
    return status


def _end(processes: Sequence[subprocess.Popen[Any]]) -> None:
    """Let each finish what it has in hand."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _begin(options: argparse.Namespace, number: int, environment: dict[str, str]) -> subprocess.Popen[Any]:
    command = [sys.executable, "-m", "quarterturn_api", "worker", "--threads", str(options.threads), "--queues", options.queues]
    command += ["--child-of", str(os.getpid())]
    if options.metrics_port is not None:
        command += ["--metrics-port", str(options.metrics_port + number), "--metrics-host", options.metrics_host]
    return subprocess.Popen(command, env=environment)  # noqa: S603 - this program itself


def _told_to_stop() -> threading.Event:
    over = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: over.set())
    return over
