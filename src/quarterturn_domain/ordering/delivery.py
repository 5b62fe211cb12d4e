"""A delivery: where an order goes, as it was told when it was placed; no later change of an address reaches it."""

from __future__ import annotations

import re
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.texts import short
from quarterturn_domain.pricing.tax import Destination

_LONGEST: Final = 120
_MOST_LINES: Final = 4
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


@attrs.frozen(kw_only=True)
class Delivery:
    """Who gets the goods and where: `lines` are the street and what else stands above the city; `country` is of ISO 3166-1."""

    name: str
    lines: tuple[str, ...]
    city: str
    postal_code: str = ""
    region: str = ""
    country: str
    phone: str = ""

    def refuse_unless_reachable(self, destination: Destination | None) -> None:
        """Raise `Invalid` for what no parcel would reach, or where the `destination` of taxes is another country."""
        texts = {name: getattr(self, name) for name in ("name", "city", "postal_code", "region", "phone")}
        short(_LONGEST, **{name.replace("_", " "): text for name, text in texts.items()})
        for line in self.lines:
            short(_LONGEST, line=line)
        if not 1 <= len(self.lines) <= _MOST_LINES or not all(line.strip() for line in self.lines):
            raise Invalid(f"a delivery to {len(self.lines)} lines", f"1 to {_MOST_LINES}, such as the street with its number")
        if not self.name.strip() or not self.city.strip():
            raise Invalid("a delivery without a name or a city", "both")
        if not _COUNTRY.fullmatch(self.country):
            raise Invalid("a country that is none", 'an ISO 3166-1 code such as "DE"')
        if destination is not None and destination.country != self.country:
            raise Invalid(f"a delivery to {self.country} that is taxed as one to {destination.country}", "one country")
