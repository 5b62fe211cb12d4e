"""Bundling: a vendor makes a kit of its own SKUs."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.kernel.errors import Conflict, Invalid, NotFound
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import Sku, VendorId, possible
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.stock.kit import Kit
from quarterturn_domain.stock.ports import StockWork


@attrs.frozen(kw_only=True)
class DefineKit:
    """Sell `sku` as so many of other SKUs; all of them are offers of the same vendor."""

    sku: Sku
    vendor_id: VendorId
    components: tuple[tuple[Sku, int], ...]
    at: datetime = attrs.field(metadata=TIMING)


class DefineKits:
    """Defines kits; a kit stays as it was defined, so that what orders hold of it stays true."""

    def __init__(self, work: Begin[StockWork]) -> None:
        self._work = work

    def __call__(self, command: DefineKit) -> Kit:
        """The kit; raises `Invalid`, `NotFound`, or `Conflict` when the SKU has stock of its own or is another kit."""
        kit, fact = Kit.define(Kit(command.sku, command.components), at=command.at)
        parts = [part for part, _ in kit.components]
        with self._work() as work:
            # Whoever moves stock of one of these SKUs locks its offer, too: no unit arrives at what becomes a kit meanwhile.
            offers = work.offers.lock(possible([kit.sku, *parts]))
            known = work.kits.lock(offers)
            for each in (kit.sku, *parts):
                if required(offers, each, "offer").vendor_id != command.vendor_id:
                    raise NotFound("offer", each)
            if known.get(kit.sku) == kit:
                return kit
            if kit.sku in known:
                raise Conflict("kit", kit.sku, "it was defined with other components")
            if any(part in known for part in parts):
                raise Invalid(f"the kit {kit.sku} contains a kit", "components that lie on a shelf")
            if work.stock.levels([kit.sku]):
                raise Conflict("kit", kit.sku, "the SKU has stock of its own")
            work.kits.add([kit])
            work.outbox.append([fact])
        return kit
