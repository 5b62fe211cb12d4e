"""The wire: what one step of the application says goes to the socket in one piece.

A server gets an answer in two messages, its head and its body, and uvicorn sends each at once: two system calls for an answer, two
packets, and two readings at the other end. Here they wait for the end of the step of the event loop, and leave together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Bytes = bytes | bytearray | memoryview


class InOnePiece(HttpToolsProtocol):
    """HTTP as uvicorn speaks it; chosen by `uvicorn.Config(http=...)`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with a connection."""
        super().connection_made(cast("asyncio.Transport", _Gathered(transport, self.loop)))


class _Gathered:
    """A transport that writes at the end of a step, and before anything that has to come after what was written."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[Bytes] = []

    def write(self, data: Bytes) -> None:
        """Keep `data` for the end of this step."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def writelines(self, parts: Iterable[Bytes]) -> None:
        """Keep all of `parts`."""
        for part in parts:
            self.write(part)

    def close(self) -> None:
        """Write what is left, and close."""
        self._flush()
        self._transport.close()

    def write_eof(self) -> None:
        """Write what is left, and say that there is no more."""
        self._flush()
        self._transport.write_eof()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Leave the connection to another protocol, after what this one has said."""
        self._flush()
        self._transport.set_protocol(protocol)

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a transport can
        return getattr(self._transport, name)
