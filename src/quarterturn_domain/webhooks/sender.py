"""The sender: the port by which a webhook leaves, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from quarterturn_domain.kernel.ids import EndpointId


@attrs.frozen(kw_only=True)
class Outgoing:
    """A webhook that is to be sent: a POST of `body`, which is JSON, with these headers, to `url`."""

    endpoint_id: EndpointId
    url: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Answered:
    """What came of one: the status of the answer and how its body begins; or an `error`, and then nobody answered.

    `retry_after_seconds` is how long the receiver asks to be left alone.
    """

    milliseconds: int
    status_code: int | None = None
    error: str = ""
    excerpt: str = ""
    retry_after_seconds: int | None = None


class WebhookSender(Protocol):
    """Sends webhooks: to the address that was looked up and found to be allowed, to nobody else, and in bounded time."""

    def send(self, outgoing: Sequence[Outgoing], /) -> Sequence[Answered | None]:
        """For each what came of it, in order; None where it was not tried, for now.

        Endpoints are called side by side, each by one call at a time. Once one has not answered, or has taken long, the others of
        this endpoint are not tried: a sick endpoint keeps nobody waiting for longer than one call may take. Redirects are not
        followed, and only so much of an answer is read as is kept of it.
        """
        ...
