"""A postal address of an account: where its orders may go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import attrs

from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import AccountId, AddressId
from quarterturn_domain.kernel.texts import short

MAX_ADDRESSES: Final = 50
"""How many addresses an account has at most."""

_LONGEST: Final = 120
_MOST_LINES: Final = 4
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


@attrs.frozen(kw_only=True)
class Address:
    """Where somebody gets post: `lines` are the street and what else stands above the city; `country` is of ISO 3166-1 alpha-2."""

    id: AddressId
    account_id: AccountId
    label: str = ""
    name: str
    lines: tuple[str, ...]
    city: str
    postal_code: str = ""
    region: str = ""
    country: str
    phone: str = ""
    is_default: bool = False

    def checked(self) -> Address:
        """The address without blanks around its texts, or `Invalid` for one that no letter would reach."""
        texts = {name: getattr(self, name) for name in ("label", "name", "city", "postal_code", "region", "phone")}
        short(_LONGEST, **{name.replace("_", " "): text for name, text in texts.items()})
        for line in self.lines:
            short(_LONGEST, line=line)
        lines = tuple(line.strip() for line in self.lines if line.strip())
        if not 1 <= len(lines) <= _MOST_LINES:
            raise Invalid(f"an address of {len(lines)} lines", f"1 to {_MOST_LINES}, such as the street with its number")
        if not self.name.strip() or not self.city.strip():
            raise Invalid("an address without a name or a city", "both")
        if not _COUNTRY.fullmatch(self.country):
            raise Invalid("a country that is none", 'an ISO 3166-1 code such as "DE"')
        return attrs.evolve(self, lines=lines, **{name: text.strip() for name, text in texts.items()})


def one_default(addresses: Iterable[Address], wanted: AddressId | None = None) -> list[Address]:
    """The addresses of one account, of which one is the default: the one that is `wanted`, or that was it before, or the first."""
    known = list(addresses)
    candidates = [each.id for each in known if each.id == wanted] + [each.id for each in known if each.is_default]
    default = next(iter(candidates or [each.id for each in known]), None)
    return [attrs.evolve(each, is_default=each.id == default) for each in known]
