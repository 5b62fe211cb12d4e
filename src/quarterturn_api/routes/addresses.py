"""The addresses of whoever asks."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from quarterturn_api.bodies.accounts import AddressBody
from quarterturn_api.edge.access import needs
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Country, Page
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_domain.identity.address import Address
from quarterturn_domain.identity.addressing import KeepAddress, RemoveAddress
from quarterturn_domain.identity.role import Permission
from quarterturn_domain.kernel.ids import AccountId, AddressId

TAGS: Final = ["users"]

Some = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
Maybe = Annotated[str, msgspec.Meta(max_length=120, pattern=r"^[^\x00]*$")]


class AddressAsked(Asked):
    """Where somebody gets post; of the addresses of an account one is the default."""

    name: Annotated[Some, msgspec.Meta(examples=["Ada Lovelace"])]
    lines: Annotated[tuple[Maybe, ...], msgspec.Meta(min_length=1, max_length=4, examples=[["12 Analytical Row"]])]
    city: Some
    country: Country
    postal_code: Maybe = ""
    region: Maybe = ""
    phone: Maybe = ""
    label: Maybe = ""
    is_default: bool = False

    def address(self, address_id: AddressId, account_id: AccountId) -> Address:
        """As the domain has it."""
        return Address(
            id=address_id,
            account_id=account_id,
            label=self.label,
            name=self.name,
            lines=self.lines,
            city=self.city,
            postal_code=self.postal_code,
            region=self.region,
            country=self.country,
            phone=self.phone,
            is_default=self.is_default,
        )


@get("/users/me/addresses", summary="List my addresses", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def list_addresses(request: Ask) -> Page[AddressBody]:
    """All of them, of which there are few."""
    found = request.service.application.read_accounts.addresses_of(request.account_id)
    return Page(items=[AddressBody.of(address) for address in found])


@post("/users/me/addresses", summary="Add an address", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def add_address(request: Ask, data: JSONBody[AddressAsked], idempotency_key: OptionalKey = None) -> AddressBody:
    """The address; the first one is the default."""
    return _kept(request, AddressId(new_id(request, "address", idempotency_key)), data, fresh=True)


@put("/users/me/addresses/{address_id:uuid}", summary="Change an address", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def change_address(request: Ask, address_id: FromPath[UUID], data: JSONBody[AddressAsked]) -> AddressBody:
    """The address afterwards; 404 for one that is not there."""
    request.service.application.read_accounts.address_of(request.account_id, AddressId(address_id))
    return _kept(request, AddressId(address_id), data, fresh=False)


@delete(
    "/users/me/addresses/{address_id:uuid}", summary="Remove an address", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP)
)
def remove_address(request: Ask, address_id: FromPath[UUID]) -> None:
    """Nothing; orders keep the address that they were sent to."""
    command = RemoveAddress(account_id=request.account_id, address_id=AddressId(address_id), at=request.now)
    request.service.application.keep_addresses(command)


def _kept(request: Ask, address_id: AddressId, asked: AddressAsked, *, fresh: bool) -> AddressBody:
    command = KeepAddress(address=asked.address(address_id, request.account_id), fresh=fresh, at=request.now)
    kept = request.service.application.keep_addresses(command)
    return AddressBody.of(next(each for each in kept if each.id == address_id))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (list_addresses, add_address, change_address, remove_address)
