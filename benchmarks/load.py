"""A load of requests over HTTP/1.1: so many connections, each asking again as soon as it was answered.

It writes prepared bytes and reads only what it must, so that what is measured is the server and not its client.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import attrs
import uvloop


@attrs.frozen
class Load:
    """What a load came to: answers a second, and how long they took, in milliseconds."""

    rate: float
    median_ms: float
    p99_ms: float
    answers: int


def request(method: str, path: str, *, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def load(url: str, make: Callable[[int], bytes], *, connections: int, seconds: float, status: int) -> Load:
    """Ask `url` what `make` makes of ever new numbers; every answer has to have `status`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(url, make, connections, seconds, status))


async def _load(url: str, make: Callable[[int], bytes], connections: int, seconds: float, status: int) -> Load:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    numbers = iter(range(10**9))
    waits: list[float] = []
    began = time.perf_counter()
    until = began + seconds

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            while (asked := time.perf_counter()) < until:
                writer.write(make(next(numbers)))
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
                body = await reader.readexactly(length)
                waits.append(time.perf_counter() - asked)
                assert int(head[9:12]) == status, head.decode() + body.decode()
        finally:
            writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(ask())
    took = time.perf_counter() - began
    ordered = sorted(waits)
    return Load(len(waits) / took, ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.99)] * 1000, len(ordered))
