"""Becoming a vendor, and how the vendor stands with the platform and the payment provider."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from quarterturn_api.bodies.vendors import VendorBody
from quarterturn_api.edge.access import needs, needs_of_vendor
from quarterturn_api.edge.asking import Ask
from quarterturn_api.edge.bodies import Asked, Body, Country, Line
from quarterturn_api.edge.keys import OptionalKey, new_id
from quarterturn_api.routes.sandbox import reachable
from quarterturn_domain.identity.onboarding import ApplyAsVendor
from quarterturn_domain.identity.role import Permission, VendorRole
from quarterturn_domain.kernel.errors import granted
from quarterturn_domain.kernel.ids import VendorId

TAGS: Final = ["vendor"]

Address = Annotated[
    str, msgspec.Meta(max_length=2_000, pattern=r"^https?://[\x21-\x7e]+$", examples=["https://shop.example/onboarded"])
]


class ApplicationAsked(Asked):
    """Who wants to sell."""

    name: Line
    country: Country


class OnboardingAsked(Asked):
    """Where the provider sends the vendor back to: `refreshUrl` when the link was used or is too old."""

    return_url: Address
    refresh_url: Address


class OnboardingBody(Body):
    """The vendor, and an address, good for one visit, at which it tells the provider what is missing."""

    vendor: VendorBody
    url: str


class MineBody(Body):
    """A vendor that whoever asks is a member of, and as what."""

    role: VendorRole
    vendor: VendorBody


class MineListBody(Body):
    """All of them: somebody works for few."""

    items: list[MineBody]


@post("/vendor/apply", summary="Apply to become a vendor", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def apply(request: Ask, data: JSONBody[ApplicationAsked], idempotency_key: OptionalKey = None) -> VendorBody:
    """The vendor, which whoever asks owns, and which sells once the platform has approved it."""
    command = ApplyAsVendor(
        vendor_id=VendorId(new_id(request, "vendor", idempotency_key)),
        name=data.name,
        country=data.country,
        owner_id=request.account_id,
        at=request.now,
    )
    return VendorBody.of(granted(request.service.application.apply_as_vendors([command])[0]))


@get("/vendor/mine", summary="List the vendors that I work for", tags=TAGS, sync_to_thread=True, **needs(Permission.SHOP))
def list_mine(request: Ask) -> MineListBody:
    """Every vendor of whoever asks, in the order of their ids."""
    read = request.service.application.read_catalog
    mine = sorted(request.asker.vendors.items())
    return MineListBody(items=[MineBody(role=role, vendor=VendorBody.of(read.vendor(vendor_id))) for vendor_id, role in mine])


@get("/vendor", summary="Read my vendor", tags=TAGS, sync_to_thread=True, **needs_of_vendor(Permission.VENDOR_READ))
def read_profile(request: Ask) -> VendorBody:
    """How the vendor stands, and what keeps money from going out to it."""
    return VendorBody.of(request.service.application.read_catalog.vendor(request.vendor_id))


@post(
    "/vendor/onboarding",
    summary="Go on with my account at the payment provider",
    description="Opens the account when there is none yet, reads how it stands, and says where to go on. Again, it only reads.",
    tags=TAGS,
    status_code=200,
    **needs_of_vendor(Permission.VENDOR_STAFF),
)
async def onboard(request: Ask, data: JSONBody[OnboardingAsked]) -> OnboardingBody:
    """The vendor afterwards, and the address."""
    return await request.service.elsewhere.ask(_onboarded, request, data)


def _onboarded(request: Ask, data: OnboardingAsked) -> OnboardingBody:
    vendor = granted(request.service.application.enrol_vendors([request.vendor_id])[0])
    assert vendor.payout_account is not None
    url = request.service.provider.transfers.onboarding_link(
        vendor.payout_account.reference, return_url=data.return_url, refresh_url=data.refresh_url
    )
    return OnboardingBody(vendor=VendorBody.of(vendor), url=reachable(request, url))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (apply, list_mine, read_profile, onboard)
