"""Calling: one POST to one address, in bounded time, of whose answer only the beginning is read.

No redirect is followed, no proxy of the environment is asked, nothing is tried again. The address is called as it is; the name is
said in TLS and in the header Host, and the certificate has to be of the name.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.client import HTTPException
from threading import Lock, Timer
from time import monotonic
from typing import Final, Self

import attrs
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.response import HTTPResponse

from quarterturn_adapters.webhooks.resolving import NotReached
from quarterturn_domain.webhooks.receiver import Address, Receiver

EXCERPT_BYTES: Final = 1_000
"""How much of an answer is read; some more may have arrived meanwhile."""

_CONNECT_SECONDS: Final = 5.0
_LONGEST_WAIT: Final = 7
_MOST_ADDRESSES: Final = 3

_NOBODY: Final = "nobody accepts connections there"
_FAILURES: Final = (HTTPError, HTTPException, OSError, ValueError)


@attrs.frozen
class Reply:
    """What a receiver answered."""

    status_code: int
    excerpt: str
    retry_after_seconds: int | None


def call(
    receiver: Receiver,
    addresses: Sequence[Address],
    headers: Mapping[str, str],
    body: bytes,
    *,
    tls: ssl.SSLContext,
    seconds: float,
) -> Reply:
    """Post `body` to the first of `addresses` that accepts a connection; `NotReached` without an answer within `seconds`."""
    until = monotonic() + seconds
    refused = NotReached(_NOBODY)
    for address in addresses[:_MOST_ADDRESSES]:
        left = until - monotonic()
        if left <= 0:
            break
        connection = _connection(receiver, address, tls, min(_CONNECT_SECONDS, left))
        with _Deadline(connection, left) as deadline:
            try:
                connection.connect()
            except _FAILURES as failure:
                refused = NotReached(deadline.why(failure))
                connection.close()
                continue
            try:
                return _posted(connection, receiver, headers, body, deadline)
            except _FAILURES as failure:
                raise NotReached(deadline.why(failure)) from None
            finally:
                connection.close()
    raise refused


def _connection(receiver: Receiver, address: Address, tls: ssl.SSLContext, seconds: float) -> HTTPConnection:
    if receiver.secure:
        return HTTPSConnection(
            str(address), receiver.port, timeout=seconds, ssl_context=tls, server_hostname=receiver.host.rstrip(".")
        )
    return HTTPConnection(str(address), receiver.port, timeout=seconds)


def _posted(connection: HTTPConnection, receiver: Receiver, headers: Mapping[str, str], body: bytes, deadline: _Deadline) -> Reply:
    assert connection.sock is not None
    connection.sock.settimeout(deadline.seconds)
    connection.request(
        "POST",
        receiver.target,
        body,
        {"Host": receiver.authority, "Accept-Encoding": "identity", "Connection": "close", **headers},
        preload_content=False,
        decode_content=False,
    )
    with connection.getresponse() as response:
        if deadline.over:
            # What was cut off by us looks like an answer whose header has ended.
            raise TimeoutError
        asked = response.headers.get("Retry-After", "")
        wait = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= _LONGEST_WAIT else None
        return Reply(response.status, _excerpt(response), wait)


def _excerpt(response: HTTPResponse) -> str:
    """How the body begins; whoever answered with a status has answered, whatever becomes of the rest."""
    with suppress(*_FAILURES):
        return response.read(EXCERPT_BYTES, decode_content=False).decode("utf-8", "replace")
    return ""


class _Deadline:
    """Ends a connection when its time is over: a timeout of a socket is for each byte anew, and bytes may come one by one."""

    def __init__(self, connection: HTTPConnection, seconds: float) -> None:
        self.seconds = seconds
        self._connection = connection
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True
        self._lock = Lock()
        self.over = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._timer.cancel()

    def why(self, failure: Exception) -> str:
        """What a failure means to the owner of the endpoint."""
        if isinstance(failure, NewConnectionError):
            return _NOBODY
        if self.over or isinstance(failure, TimeoutError | ConnectTimeoutError):
            return "no answer in time"
        cause = failure.args[0] if failure.args and isinstance(failure.args[0], Exception) else failure
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is refused: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "no secure connection is possible"
        return "the connection failed, or was ended without an answer"

    def _end(self) -> None:
        with self._lock:
            self.over = True
            sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):
                # Of the socket below TLS, which somebody else is reading from at this moment.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
