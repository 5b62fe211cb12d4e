"""What happened to the shop window."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.events import Event


@attrs.frozen(kw_only=True)
class WindowOpened(Event, tag="shop_window.opened", about="revision"):
    """There is a shop window from this revision of the schema on, and the catalog that was there before is not in it yet."""

    revision: str
    at: datetime
