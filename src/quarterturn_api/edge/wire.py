"""The wire: what one step of the application says goes to the socket in one piece.

A server gets an answer in two messages, its head and its body, and uvicorn sends each at once: two system calls for an answer, two
packets, and two readings at the other end. Here they wait for the end of the step of the event loop, and leave together.

Whoever asks has the head of a request told within a time and a size, and its body within a time: what is not told holds a
connection, and memory, for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Bytes = bytes | bytearray | memoryview


class InOnePiece(HttpToolsProtocol):
    """HTTP as uvicorn speaks it; chosen by `uvicorn.Config(http=...)`."""

    head_seconds: float = 30.0
    """How long the head of a request may take to arrive."""
    head_bytes: int = 65_536
    """How much of a head is kept before its end is there, what came with its first packet aside."""

    body_seconds: float = 60.0
    """How long the body may take to arrive after its head."""

    _waiting: asyncio.TimerHandle | None = None
    _within_head = False
    _within_body = False
    _kept = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with a connection."""
        super().connection_made(cast("asyncio.Transport", _Gathered(transport, self.loop)))
        self._waiting = self.loop.call_later(self.head_seconds, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """End with it."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        before = self._within_head
        super().data_received(data)
        if not self._within_head:
            self._kept = 0
            if self._within_body and self._waiting is None:
                self._waiting = self.loop.call_later(self.body_seconds, self._give_up_body)
        else:
            self._kept += len(data) if before else 0
            if self._kept > self.head_bytes:
                self._refuse(b"431 Request Header Fields Too Large")
            elif self._waiting is None:
                self._waiting = self.loop.call_later(self.head_seconds, self._give_up)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._within_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is there, as a whole in most packets."""
        self._within_head = False
        self._within_body = True
        if self._waiting is not None:
            self._wait_no_more()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Nothing more is to come of this request; most have no body, or one that comes with the head."""
        self._within_body = False
        if self._waiting is not None:
            self._wait_no_more()
        super().on_message_complete()

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        if self._answering:
            # Whoever asked before has told all of it, and is answered.
            self._waiting = self.loop.call_later(self.head_seconds, self._give_up)
        else:
            self._refuse(b"408 Request Timeout")

    def _give_up_body(self) -> None:
        if self.flow.read_paused:
            # It is we who do not listen.
            self._waiting = self.loop.call_later(self.body_seconds, self._give_up_body)
            return
        if not self.cycle.response_started:
            self._hang_up(b"408 Request Timeout")
        self.transport.close()

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, status: bytes) -> None:
        """Say why, unless nothing was asked yet or an answer is under way, and hang up."""
        if self._within_head and not self._answering:
            self._hang_up(status)
        self.transport.close()

    def _hang_up(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")


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
