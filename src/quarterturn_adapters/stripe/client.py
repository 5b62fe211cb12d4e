"""The client: one place that knows Stripe's address, the version of its API, how long to wait, and how often to ask.

A change is sent once. Whoever wants it repeated looks it up first and repeats it under its key, for which Stripe gives the first
answer again. A read is asked twice when the connection was lost, because reading changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

import attrs
import requests
import stripe
from stripe import APIConnectionError, RequestsClient, StripeClient, StripeError

from quarterturn_adapters.stripe.errors import refusal

T = TypeVar("T")

API_VERSION: Final = "2026-10-28.endive"
"""The version that requests are written for and answers are read in; whoever changes it reads Stripe's changelog first."""

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 40
"""How long an answer may take; longer than Stripe takes to give a bank up, so that a slow decline is not an unknown outcome."""

_READ_TRIES: Final = 2


@attrs.frozen(kw_only=True)
class Access:
    """What it takes to speak to Stripe; neither the key nor the secrets of the webhooks are in its representation.

    Several `webhook_secrets` are valid at once while one is rolled, and every endpoint has its own. Where `return_url` is set,
    customers may be sent to pages of their bank and come back to it; without it only methods that need no such visit are offered.
    """

    secret_key: str = attrs.field(repr=False)
    webhook_secrets: tuple[str, ...] = attrs.field(default=(), repr=False)
    api_base: str | None = None
    return_url: str | None = None
    connect_seconds: float = CONNECT_SECONDS
    answer_seconds: float = ANSWER_SECONDS


class Client:
    """Stripe's own client, and what its answers mean; safe to share among threads."""

    def __init__(self, access: Access) -> None:
        # The library would write an id of this machine into the user's home, and send it along with every request.
        stripe.enable_telemetry = False
        logging.getLogger("stripe").addFilter(_harmless)
        self.access = access
        self._session = requests.Session()
        http = RequestsClient(timeout=(access.connect_seconds, access.answer_seconds), session=self._session)
        asked = StripeClient(
            access.secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": access.api_base} if access.api_base else {},
            max_network_retries=0,
            http_client=http,
        )
        self.v1 = asked.v1
        self.v2 = asked.v2

    def change(self, kind: str, key: str, ask: Callable[[], T]) -> T:
        """The answer to what changes the `kind` with this `key`; `OutcomeUnknown` when Stripe may have done it all the same."""
        try:
            return ask()
        except StripeError as error:
            raise refusal(error, kind, key, changes=True) from error

    def read(self, kind: str, key: str, ask: Callable[[], T]) -> T:
        """The answer to a question about the `kind` with this `key`; `Unavailable` when there is none, even at the second try."""
        for left in reversed(range(_READ_TRIES)):
            try:
                return ask()
            except StripeError as error:
                if left and isinstance(error, APIConnectionError) and error.should_retry:
                    continue
                raise refusal(error, kind, key, changes=False) from error
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Let the connections go."""
        self._session.close()


def _harmless(record: logging.LogRecord) -> bool:
    """Whether the library may log this: at the level DEBUG it would log whole bodies, and clients' secrets are in them."""
    return record.levelno > logging.DEBUG
