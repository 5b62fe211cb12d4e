"""The wire: an answer leaves in one piece, and nothing that was written is lost or changes its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from quarterturn_api.edge.door import FrontDoor
from quarterturn_api.edge.metrics import Metrics
from quarterturn_api.edge.wire import InOnePiece

REQUEST = b"GET / HTTP/1.1\r\nHost: shop.local\r\n\r\n"
LAST_REQUEST = b"GET / HTTP/1.1\r\nHost: shop.local\r\nConnection: close\r\n\r\n"


class Told(asyncio.Transport):
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[object] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep the data."""
        assert not self.is_closing(), "nothing is written after the end"
        self.told.append(bytes(data))

    def close(self) -> None:
        """Keep that it was closed."""
        if not self.is_closing():
            self.told.append("closed")

    def pause_reading(self) -> None:
        """Nothing is read here."""

    def resume_reading(self) -> None:
        """Nothing is read here."""

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return "closed" in self.told

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - what asyncio says
        """Nothing is known of it."""
        return default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Keep that another one speaks now."""
        self.told.append(protocol)


async def answer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
    """The head, and a body in two parts, the second of which takes a moment."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
    await send({"type": "http.response.body", "body": b"one,", "more_body": True})
    await asyncio.sleep(0.01)
    await send({"type": "http.response.body", "body": b"two.", "more_body": False})


async def echo(_: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
    """The body, once all of it is there; nothing to who has gone."""
    body, message = b"", await receive()
    while message["type"] == "http.request" and message["more_body"]:
        body += message["body"]
        message = await receive()
    if message["type"] == "http.request":
        body += message["body"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def told_of(act: Callable[[InOnePiece], None], app: Any = answer) -> list[object]:  # noqa: ANN401 - ASGI
    """What a connection's transport is told when `act` is done to its protocol."""

    async def live() -> list[object]:
        config = Config(app, lifespan="off", date_header=False, server_header=False)
        config.load()
        protocol = InOnePiece(config=config, server_state=ServerState(), app_state={})
        transport = Told()
        protocol.connection_made(transport)
        act(protocol)
        await asyncio.sleep(0.05)
        told = [*transport.told]
        protocol.connection_lost(None)
        await asyncio.gather(*protocol.tasks)
        return told

    return asyncio.run(live())


def test_head_and_body_leave_together() -> None:
    """What one step says is one writing; what comes later is another."""
    head, rest = told_of(lambda protocol: protocol.data_received(REQUEST))
    assert isinstance(head, bytes)
    assert head.endswith(b"\r\n\r\none,")
    assert b"two." == rest


def test_an_answer_to_head_ends_with_its_head() -> None:
    """It says how long the body would be, and the next answer on the connection begins where that would."""
    told = told_of(
        lambda protocol: protocol.data_received(REQUEST.replace(b"GET", b"HEAD") + LAST_REQUEST), app=FrontDoor(answer, Metrics())
    )
    first, second, rest = b"".join(each for each in told if isinstance(each, bytes)).split(b"\r\n\r\n")
    assert b"content-length: 8" in first
    assert second.startswith(b"HTTP/1.1 200 ")
    assert b"one,two." == rest


def test_the_end_of_a_connection_comes_after_the_answer() -> None:
    """Whoever asks for one answer only gets all of it."""
    *answers, end = told_of(lambda protocol: protocol.data_received(LAST_REQUEST))
    assert b"".join(each for each in answers if isinstance(each, bytes)).endswith(b"one,two.")
    assert "closed" == end


@pytest.mark.parametrize("end", ["close", "set_protocol"])
def test_what_was_written_goes_first(end: str) -> None:
    """Closing, and leaving the connection to another protocol, wait for what was said before."""
    other = asyncio.Protocol()

    def act(protocol: InOnePiece) -> None:
        protocol.transport.write(b"before")
        protocol.transport.writelines([b", and", b" this"])
        getattr(protocol.transport, end)(*([other] if end == "set_protocol" else []))

    assert [b"before, and this", other if end == "set_protocol" else "closed"] == told_of(act)


def test_a_head_without_an_end_is_not_kept() -> None:
    """Neither one header that never ends, nor headers without end: 431, and the connection is closed."""

    def act(protocol: InOnePiece) -> None:
        protocol.head_bytes = 1_000
        protocol.data_received(b"GET / HTTP/1.1\r\nX-Long: ")
        for _ in range(11):
            if not protocol.transport.is_closing():
                protocol.data_received(b"x" * 100)

    said, end = told_of(act)
    assert isinstance(said, bytes)
    assert said.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert "closed" == end


def test_a_large_head_is_answered() -> None:
    """In as many packets as it takes, as long as it ends."""

    def act(protocol: InOnePiece) -> None:
        for part in (REQUEST[:-2], b"X-Long: ", b"x" * 60_000, b"\r\n\r\n"):
            protocol.data_received(part)

    assert told_of(act)[0].startswith(b"HTTP/1.1 200 ")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([], []),
        ([b"GET / HT"], [b"HTTP/1.1 408 Request Timeout"]),
        ([REQUEST, b"GET / HT"], [b"HTTP/1.1 200 OK", b"two.", b"HTTP/1.1 408 Request Timeout"]),
        ([b"GET / HTTP/1.1\r\n", b"Host: shop.local\r\nX-Slow: "], [b"HTTP/1.1 408 Request Timeout"]),
    ],
    ids=["nothing", "half a line", "half of the second request", "no last header"],
)
def test_who_does_not_tell_what_they_ask_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, told: list[bytes], said: list[bytes]
) -> None:
    """After a while: many such connections would leave none for others. An answer that is under way is not cut."""
    monkeypatch.setattr(InOnePiece, "head_seconds", 0.03)

    def act(protocol: InOnePiece) -> None:
        for part in told:
            protocol.data_received(part)

    *answers, end = told_of(act)
    assert said == [bytes(each).partition(b"\r\n")[0] for each in answers]  # type: ignore[call-overload]
    assert "closed" == end


def test_who_has_told_it_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is that of requests: an answer may take longer."""
    monkeypatch.setattr(InOnePiece, "head_seconds", 0.001)
    monkeypatch.setattr(InOnePiece, "body_seconds", 0.001)

    def act(protocol: InOnePiece) -> None:
        protocol.data_received(REQUEST)
        protocol.data_received(b"GET / HT")

    assert [b"two.", "closed"] == [each for each in told_of(act) if each in {b"two.", "closed"}]


@pytest.mark.parametrize(
    ("app", "said"),
    [(echo, [b"HTTP/1.1 408 Request Timeout"]), (answer, [b"HTTP/1.1 200 OK", b"two."])],
    ids=["which is waited for", "which nobody needs"],
)
def test_a_body_without_an_end_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, app: Any, said: list[bytes]) -> None:  # noqa: ANN401
    """After a while, whether or not some of it came meanwhile."""
    monkeypatch.setattr(InOnePiece, "body_seconds", 0.03)

    def act(protocol: InOnePiece) -> None:
        protocol.data_received(b"POST / HTTP/1.1\r\nHost: shop.local\r\nContent-Length: 9\r\n\r\nsome")
        protocol.loop.call_later(0.02, lambda: protocol.data_received(b"more"))

    *answers, end = told_of(act, app)
    assert said == [bytes(each).partition(b"\r\n")[0] for each in answers]  # type: ignore[call-overload]
    assert "closed" == end


def test_a_body_in_parts_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it ends in time; the next body has a time of its own."""
    monkeypatch.setattr(InOnePiece, "body_seconds", 0.03)
    head = b"POST / HTTP/1.1\r\nHost: shop.local\r\nContent-Length: 8\r\n\r\n"

    def act(protocol: InOnePiece) -> None:
        protocol.data_received(head + b"some")
        protocol.loop.call_later(0.02, lambda: protocol.data_received(b"more" + head))
        protocol.loop.call_later(0.04, lambda: protocol.data_received(b"thingnew"))

    assert [b"somemore", b"thingnew"] == [bytes(each)[-8:] for each in told_of(act, echo)]  # type: ignore[call-overload]


def test_what_we_do_not_listen_to_is_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends more than is read for the moment has to wait for us."""
    monkeypatch.setattr(InOnePiece, "body_seconds", 0.01)

    def act(protocol: InOnePiece) -> None:
        protocol.data_received(b"POST / HTTP/1.1\r\nHost: shop.local\r\nContent-Length: 8\r\n\r\nsome")
        protocol.loop.call_later(0.005, protocol.flow.pause_reading)
        protocol.loop.call_later(0.035, lambda: protocol.data_received(b"more"))

    (answered,) = told_of(act, echo)
    assert isinstance(answered, bytes)
    assert answered.endswith(b"somemore")
