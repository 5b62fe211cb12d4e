"""Listening: the port that a server takes, or why it cannot have it, and what is said once it listens there."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

from quarterturn_adapters.databases import EMBEDDED, MEMORY
from quarterturn_adapters.settings import Settings
from quarterturn_adapters.unusable import Unusable, in_words
from quarterturn_api.commands.screen import complain

_LOOK_SECONDS: Final = 0.1
_ABSENT: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_ANYWHERE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what it is called, to be asked elsewhere


@contextmanager
def bound(host: str, port: int, family: int = socket.AF_UNSPEC) -> Iterator[list[socket.socket]]:
    """Sockets that listen at the port, one for each address of the host; `Unusable` says in words why there are none."""
    with ExitStack() as stack:
        found = []
        absent: OSError | None = None
        for of, kind, protocol, _, address in _addresses(host, port, family):
            try:
                each = stack.enter_context(socket.socket(of, kind, protocol))
                _listen(each, address)
                found.append(each)
            except OSError as failed:
                # A name may stand for an IPv6 address on a machine that has none.
                if failed.errno not in _ABSENT:
                    raise _unusable(host, port, failed) from None
                absent = failed
        if absent is not None and not found:
            raise _unusable(host, port, absent)
        yield found


def free_port(host: str, port: int) -> int:
    """The port, or for 0 one that is free; `Unusable` when uvicorn could not bind it for several processes."""
    # It takes one address for all of them.
    with bound(host, port, socket.AF_INET6 if ":" in host else socket.AF_INET) as sockets:
        return url_port(sockets)


def url_port(sockets: Sequence[socket.socket]) -> int:
    """The port that sockets listen at."""
    port: int = sockets[0].getsockname()[1]
    return port


def url_of(host: str, port: int) -> str:
    """How a browser is told to go there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def once_listening(host: str, port: int, tell: Callable[[], None]) -> Iterator[None]:
    """Meanwhile `tell` is called when somebody listens there for the first time."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            with suppress(OSError):
                socket.create_connection((_ANYWHERE.get(host, host), port), timeout=1).close()
                tell()
                return

    thread = threading.Thread(target=look, name="listening", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def announce(url: str, database: str, *, sandbox: bool) -> None:
    """Say where it serves, over which database, and whether money moves: to a terminal in a line of words, else in the log."""
    if sys.stderr.isatty():
        pays = "The sandbox takes the payments: no money moves." if sandbox else "Stripe takes the payments."
        complain(f"The API listens at {url}, described at {url}/schema; its database is {database}. {pays} Ctrl-C ends it.")
        return
    import structlog  # noqa: PLC0415 (an extra: who asks for help does not need it)

    log = structlog.stdlib.get_logger("quarterturn.serve")
    log.info("serving", url=url, database=database, provider="sandbox" if sandbox else "stripe", money_moves=not sandbox)


def database_in_words(choice: str | None, settings: Settings) -> str:
    """Which database a choice, or without one the settings, come to: for people, without its password."""
    where = choice or settings.database_url or EMBEDDED
    if where == MEMORY:
        return "memory, which is gone when it stops"
    if where.partition(":")[0] == EMBEDDED:
        return f"{where} in {settings.data_folder}"
    # Who keeps everything in memory needs no driver.
    from quarterturn_adapters.postgres.database import libpq_url, place  # noqa: PLC0415

    return place(libpq_url(where))


def _addresses(host: str, port: int, family: int) -> Sequence[tuple[int, int, int, str, Any]]:
    try:
        found = socket.getaddrinfo(host or None, port, family, socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise Unusable(f"The host {host} is not known here.", "Name an address of this machine with --host.") from None
    return list(dict.fromkeys(found))


def _listen(made: socket.socket, address: Any) -> None:  # noqa: ANN401 - each family has a shape of its own
    """As asyncio does it by itself."""
    if os.name == "posix":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind(address)
    made.listen()


def _unusable(host: str, port: int, failed: OSError) -> Unusable:
    """What keeps a port from being listened at, and what to do about it."""
    if failed.errno == errno.EADDRINUSE:
        return Unusable(f"The port {port} of {host} is taken by another program.", "Choose another one with --port.")
    if failed.errno == errno.EACCES:
        return Unusable(f"The port {port} of {host} is not for this user.", "Choose one above 1023 with --port.")
    if failed.errno in _ABSENT:
        return Unusable(f"This machine has no address {host}.", "Choose one that it has with --host.")
    return Unusable(
        f"Nobody can listen at the port {port} of {host}: {in_words(failed)}.", "Choose another place with --host and --port."
    )
