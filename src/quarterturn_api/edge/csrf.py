"""Cross-site requests: a browser sends its cookies along whoever makes it ask, so a cookie alone authorises no page of others.

It is told by what browsers say of a request themselves and pages cannot forge (Fetch Metadata, `Sec-Fetch-Site`), else by `Origin`.
What has neither is no browser, and whoever can make that ask has the cookie anyway. Bearer tokens need none of this: no browser
sends them by itself. The order of the questions is that of Go's `net/http.CrossOriginProtection`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from litestar.exceptions import PermissionDeniedException

from quarterturn_api.edge.asking import Ask

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

_OWN: Final = frozenset({"same-origin", "none"})


def refuse_cross_site(request: Ask) -> None:
    """403 when an unsafe request, which a cookie authorises, was caused by a page of an origin that is not allowed."""
    if request.method in SAFE:
        return
    headers = request.headers
    if not _ours(
        headers.get("sec-fetch-site"), headers.get("origin"), headers.get("host"), request.service.settings.allowed_origins
    ):
        raise PermissionDeniedException("A page of another site asks with a cookie of this one; send the token in a header instead")


def _ours(site: str | None, origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    if origin is not None and origin in allowed:
        return True
    if site is not None:
        return site in _OWN
    return origin is None or (host is not None and urlsplit(origin).netloc.lower() == host.lower())
