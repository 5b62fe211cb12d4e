"""The sandbox's own pages: what a provider has at its own address, the sandbox has here, and only while it is the provider."""

from __future__ import annotations

import re
from typing import Annotated, Final

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter
from litestar.response import Redirect

from quarterturn_adapters.sandbox.paying import ONBOARDING
from quarterturn_api.edge.access import everybody
from quarterturn_api.edge.asking import Ask
from quarterturn_domain.kernel.errors import NotFound

_PATH: Final = "/sandbox/onboarding/"
_LINK: Final = re.compile(r"[\w-]+", re.ASCII)

Link = Annotated[
    str, PathParameter(min_length=1, max_length=200, description="The last part of the link that the vendor was given.")
]


@get(
    f"{_PATH}{{link:str}}",
    summary="Give the sandbox what it wants of a vendor",
    description=(
        "The page of a real provider asks for a passport and a bank account; this one takes all of it as given, and sends the "
        "visitor on: to `returnUrl`, or to `refreshUrl` when the link was visited before or is too old."
    ),
    tags=["sandbox"],
    status_code=303,
    sync_to_thread=True,
    **everybody(),
)
def visit(request: Ask, link: Link) -> Redirect:
    """Where to go on; 404 for a link that nobody was given."""
    sandbox = request.service.provider.sandbox
    # The sandbox writes down whatever it is asked, in a database that takes no character 0.
    if sandbox is None or not _LINK.fullmatch(link):
        raise NotFound("onboarding link", link)
    return Redirect(sandbox.visit(ONBOARDING + link), status_code=303)


def reachable(request: Ask, url: str) -> str:
    """An onboarding link as it can be visited: that of the sandbox is one of this service's own addresses."""
    if request.service.provider.sandbox is None or not url.startswith(ONBOARDING):
        return url
    return f"{str(request.base_url).rstrip('/')}/api/v1{_PATH}{url.removeprefix(ONBOARDING)}"


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (visit,)
