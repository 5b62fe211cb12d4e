"""A receiver of webhooks on this machine: it keeps what it was told, and misbehaves as its paths say."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import attrs

TLS: Final = Path(__file__).parents[2] / "data" / "tls"
"""A certificate of `hooks.example`, and who vouches for it: made for tests, and for nothing else."""

HUGE: Final = 200_000_000


@attrs.frozen
class Received:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: str


class Receiver:
    """Answers until it is closed; `received` is what came, in order."""

    def __init__(self, *, secure: bool = False, host: str = "127.0.0.1") -> None:
        self.received: list[Received] = []
        self.answers: list[int] = []
        """Statuses of the next answers at `/`; then 204."""
        self.connections = 0
        self.over = threading.Event()
        self._server = _Server((host, 0), _Handler, self)
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "hooks.example.pem")
            self._server.tls = context
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        """The URL of a path."""
        return f"{scheme}://{host}:{self.port}{path}"

    def close(self) -> None:
        """Answer no more."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextlib.contextmanager
def receiver(**how: Any) -> Iterator[Receiver]:
    """A receiver, and its end."""
    made = Receiver(**how)
    try:
        yield made
    finally:
        made.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], mine: Receiver) -> None:
        self.mine = mine
        super().__init__(address, handler)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        self.mine.connections += 1
        if self.tls is not None:
            with contextlib.suppress(OSError):
                secured = self.tls.wrap_socket(request, server_side=True)
                super().finish_request(secured, client_address)
                with contextlib.suppress(OSError):
                    secured.unwrap()
                secured.close()
            return
        super().finish_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up does no harm."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        mine = self.server.mine
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        mine.received.append(Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        kind, _, value = self.path.partition("?")[0].strip("/").partition("/")
        getattr(self, f"_{kind.replace('-', '_')}", self._root)(value)
        self.close_connection = True

    def _root(self, _: str) -> None:
        answers = self.server.mine.answers
        self._answer(answers.pop(0) if answers else 204)

    def _status(self, value: str) -> None:
        self._answer(int(value), b"a body of \xffmine")

    def _later(self, value: str) -> None:
        self._answer(429, headers={"Retry-After": value})

    def _redirect(self, value: str) -> None:
        self._answer(307, headers={"Location": f"http://127.0.0.1:{value}/ok"})

    def _silent(self, _: str) -> None:
        self.server.mine.over.wait(30)

    def _silent_once(self, _: str) -> None:
        """The first one gets no answer."""
        if len(self.server.mine.received) == 1:
            self._silent("")
        else:
            self._answer(204)

    def _hang_up(self, _: str) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def _drip(self, _: str) -> None:
        """One byte of a header at a time, each well within the timeout of a socket."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        self._drips()

    def _drip_body(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        self._drips()

    def _again_and_again(self, _: str) -> None:
        """Never more than a promise."""
        with contextlib.suppress(OSError):
            while not self.server.mine.over.wait(0.02):
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _huge(self, _: str) -> None:
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {HUGE}\r\n\r\n".encode())
        sent = 0
        with contextlib.suppress(OSError):
            while sent < HUGE:
                self.wfile.write(b"x" * 65_536)
                sent += 65_536
        self.server.mine.answers.append(sent)

    def _nonsense(self, _: str) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")

    def _drips(self) -> None:
        with contextlib.suppress(OSError):
            while not self.server.mine.over.wait(0.05):
                self.wfile.write(b"x")

    def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""
