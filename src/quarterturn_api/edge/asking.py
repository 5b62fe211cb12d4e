"""Asking: a request as the routes see it: who asks, of which vendor it is about, and the service that answers."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import ClientException, HTTPException, InternalServerException, NotAuthorizedException, ValidationException
from litestar.types import Empty, Scope

from quarterturn_api.edge.complaints import NEEDED, of_body
from quarterturn_domain.identity.asker import Asker
from quarterturn_domain.kernel.ids import AccountId, VendorId

if TYPE_CHECKING:
    from quarterturn_api.edge.answering import Service


def header(scope: Scope, name: bytes) -> str | None:
    """What a header says, the last time that it is there; `name` in lower case."""
    found = None
    for each, value in scope["headers"]:
        if each == name:
            found = value
    return None if found is None else found.decode("latin-1")


def _is_json(content_type: str | None) -> bool:
    return content_type is not None and content_type.partition(";")[0].strip().lower() == "application/json"


class Ask(Request[Asker | None, str | None, State]):
    """A request; what a handler needs of it without asking for it by name."""

    @property
    def service(self) -> Service:
        """What answers: every use case, the desk, the provider."""
        return cast("Service", self.scope["litestar_app"].state.service)

    @property
    def asker(self) -> Asker:
        """Who asks; 401 when nobody says so, which a route that needs somebody has refused before."""
        asker: Asker | None = self.scope.get("user")
        if asker is None:
            raise NotAuthorizedException
        return asker

    @property
    def known(self) -> Asker | None:
        """Who asks, or None for a stranger."""
        return cast("Asker | None", self.scope.get("user"))

    @property
    def account_id(self) -> AccountId:
        """The account that asks."""
        return self.asker.account_id

    @property
    def vendor_id(self) -> VendorId:
        """The vendor that the request is about, which the asker may act for: see `access.guard`."""
        return cast("VendorId", self.scope["state"]["vendor_id"])

    @property
    def correlation_id(self) -> str:
        """What ties this request to its log lines."""
        return cast("str", self.scope["state"].get("correlation_id", ""))

    @property
    def now(self) -> datetime:
        """The instant, by the clock of the service."""
        return self.service.clock.now()

    async def body(self) -> bytes:
        """The body as it was sent; who leaves before its end is told of as their mistake, and not as ours, as Litestar does."""
        try:
            return await super().body()
        except InternalServerException:
            raise ClientException("The connection ended before the body did") from None

    async def json(self) -> Any:  # noqa: ANN401
        """The body as the handler's `data` wants it, read in one pass and strictly: `"3"` is no number.

        Litestar reads JSON first and converts leniently afterwards, which is right for queries and wrong for bodies.
        """
        if self._json is Empty:
            body = await self.body()
            # A page of another origin may send text without asking anybody, so text that looks like JSON is refused.
            if body and not _is_json(header(self.scope, b"content-type")):
                raise HTTPException("The body has to be application/json", status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            wanted = self.route_handler.parsed_fn_signature.parameters.get("data")
            kind = wanted.annotation if wanted else Any
            try:
                self._json = msgspec.json.decode(body or b"null", type=kind)
            except msgspec.ValidationError as wrong:
                raise ValidationException(extra=[of_body(wrong, kind)]) from None
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as malformed:
                why = f"The body is not JSON: {malformed}" if body.strip() else f"{NEEDED}, and there are only blanks"
                raise ClientException(why) from None
        return self._json
