"""A kit: a SKU that has no stock of its own and is made of others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import Sku
from quarterturn_domain.stock.events import KitDefined

MAX_COMPONENTS: Final = 100
MAX_COUNT: Final = 10_000


@attrs.frozen
class Kit:
    """One unit of `sku` is `components`: pairs of a SKU and how many of it."""

    sku: Sku
    components: tuple[tuple[Sku, int], ...]

    @classmethod
    def define(cls, kit: Kit, *, at: datetime) -> tuple[Kit, KitDefined]:
        """A kit that makes sense, or `Invalid`."""
        parts = [part for part, _ in kit.components]
        if not parts or min(count for _, count in kit.components) < 1:
            raise Invalid(f"the kit {kit.sku} of {len(parts)} components", "one or more components, each one or more times")
        if len(parts) > MAX_COMPONENTS or max(count for _, count in kit.components) > MAX_COUNT:
            most = f"at most {MAX_COMPONENTS}, each at most {MAX_COUNT} times"
            raise Invalid(f"the kit {kit.sku} of {len(parts)} components", most)
        if len(set(parts)) < len(parts) or kit.sku in parts:
            raise Invalid(f"the kit {kit.sku} names a component twice or itself", "each component once")
        return kit, KitDefined(sku=kit.sku, components=kit.components, at=at)


def exploded(wanted: Mapping[Sku, int], kits: Mapping[Sku, Kit]) -> dict[Sku, int]:
    """`wanted` in units that lie on shelves: each kit replaced by its components."""
    units: dict[Sku, int] = {}
    for sku, count in wanted.items():
        kit = kits.get(sku)
        if kit is None:
            units[sku] = units.get(sku, 0) + count
        else:
            for part, each in kit.components:
                units[part] = units.get(part, 0) + each * count
    return units
