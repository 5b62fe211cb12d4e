"""Identities: who and what a thing is, given by the asker and never made up inside the domain.

Every id is a UUID (production makes UUIDv7, so that keys grow with time); a SKU is the vendor's own word for what it sells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NewType, Protocol
from uuid import UUID

from quarterturn_domain.kernel.errors import Invalid

AccountId = NewType("AccountId", UUID)
SessionId = NewType("SessionId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)
LetterId = NewType("LetterId", UUID)
VendorId = NewType("VendorId", UUID)
CategoryId = NewType("CategoryId", UUID)
ProductId = NewType("ProductId", UUID)
VariantId = NewType("VariantId", UUID)
LocationId = NewType("LocationId", UUID)
CartId = NewType("CartId", UUID)
OrderId = NewType("OrderId", UUID)
ShipmentId = NewType("ShipmentId", UUID)
ReturnId = NewType("ReturnId", UUID)
PaymentId = NewType("PaymentId", UUID)
RefundId = NewType("RefundId", UUID)
DisputeId = NewType("DisputeId", UUID)
PayoutId = NewType("PayoutId", UUID)
RuleId = NewType("RuleId", UUID)
DiscountId = NewType("DiscountId", UUID)
AddressId = NewType("AddressId", UUID)
EndpointId = NewType("EndpointId", UUID)
DeliveryId = NewType("DeliveryId", UUID)

Sku = NewType("Sku", str)

_SKU: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,63}")


class Ids(Protocol):
    """Makes identities for askers that have none."""

    def new(self) -> UUID:
        """A UUID that was never given before."""
        ...


def sku(text: str) -> Sku:
    """`text` as a SKU, or `Invalid`: 1 to 64 letters, digits and `. _ / + -`, the first a letter or digit."""
    if not isinstance(text, str) or not _SKU.fullmatch(text):
        raise Invalid(f"the SKU {text!r}", "1 to 64 letters, digits and . _ / + -, the first a letter or digit")
    return Sku(text)


def possible(texts: Iterable[str]) -> list[Sku]:
    """Those of `texts` that could be SKUs, sorted, each once: nothing else was ever kept, so nothing else is looked for."""
    return [Sku(text) for text in sorted(set(texts)) if _SKU.fullmatch(text)]
