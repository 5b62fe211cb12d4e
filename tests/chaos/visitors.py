"""Visitors of a shop over HTTP: they order, pay, and some of them cancel; who gets no answer asks again with the same key."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

_AGAIN_SECONDS: Final = 0.1
_TIMEOUT_SECONDS: Final = 30
_PAUSE_SECONDS: Final = 0.1
_UNAVAILABLE: Final = 503


class Visitors:
    """Some of them at a time, until they are told that the shop closes; then each finishes what was begun."""

    def __init__(self, port: int, headers: Mapping[str, str], sku: str, *, threads: int, seed: int) -> None:
        self._port = port
        self._headers = headers
        self._sku = sku
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.came_to: Counter[str] = Counter()
        self.unexpected: list[str] = []
        self._threads = [threading.Thread(target=self._come, args=(random.Random(f"{seed}/{n}"),)) for n in range(threads)]

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def wait(self, what: str, more: int, *, seconds: float) -> None:
        """Wait until so many more came to that."""
        until, wanted = time.monotonic() + seconds, self.came_to[what] + more
        while self.came_to[what] < wanted:
            assert time.monotonic() < until, f"it did not come to pass: {dict(self.came_to)}; {self.unexpected[:3]}"
            time.sleep(0.01)

    def _come(self, chance: random.Random) -> None:
        while not self._over.wait(chance.uniform(0, _PAUSE_SECONDS)):
            self._buy(UUID(int=chance.getrandbits(128)).hex, chance.random())

    def _buy(self, key: str, mood: float) -> None:
        order = self._ask("/orders", {"lines": [{"sku": self._sku, "quantity": 1}]}, f"{key}-order", 201)
        if order is None:
            return
        self._note("ordered")
        intent = self._ask("/payments/intent", {"orderId": order["id"]}, f"{key}-intent", 201)
        if intent is None:
            return
        path = f"/payments/{intent['payment']['id']}/confirm"
        paid = self._ask(path, {"method": "card_approved"}, f"{key}-pay", 200)
        if paid is None:
            return
        self._note("paid")
        if mood < 0.4 and self._ask(f"/orders/{order['id']}/cancel", {"reason": "regret"}, f"{key}-cancel", 200):
            self._note("cancelled")

    def _ask(self, path: str, body: object, key: str, expected: int) -> Any:  # noqa: ANN401 - what JSON says
        """The answer, asked for until there is one; None for one that nobody expects, which is kept for the test to show."""
        while True:
            try:
                status, answer = self._answer(path, body, key)
            except (OSError, http.client.HTTPException):
                self._note("no answer")
            else:
                if status == expected:
                    return answer
                if status != _UNAVAILABLE:
                    with self._lock:
                        self.unexpected.append(f"{status} to {path}: {answer}")
                    return None
                self._note("unavailable")
            time.sleep(_AGAIN_SECONDS)

    def _answer(self, path: str, body: object, key: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_SECONDS)
        try:
            headers = {**self._headers, "Content-Type": "application/json", "Idempotency-Key": key}
            connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def _note(self, what: str) -> None:
        with self._lock:
            self.came_to[what] += 1
