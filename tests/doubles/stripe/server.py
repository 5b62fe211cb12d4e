"""The server: HTTP on the loopback, one thread for each connection, and connections that break when they are told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, TypeAlias

import attrs


@attrs.frozen
class Reply:
    """What goes over the wire: an answer, or with `broken` none, or with `hangs` none for a long time."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    broken: bool = False
    hangs: bool = False


Answering: TypeAlias = Callable[[str, str, Mapping[str, str], bytes], Reply]
"""Answers a method, a path with its query, headers by their names in small letters, and a body."""


class Server:
    """Listens on a port of the loopback from `start` to `stop`."""

    def __init__(self, answer: Answering) -> None:
        stopped = self._stopped = Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = answer(self.command, self.path, headers, body)
                if reply.hangs:
                    stopped.wait(30)
                if reply.broken or reply.hangs:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self._thread = Thread(target=lambda: self._http.serve_forever(poll_interval=0.01), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Let everything go that is open."""
        self._stopped.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def as_json(thing: object) -> bytes:
    """An answer's body."""
    return json.dumps(thing, indent=2).encode()
