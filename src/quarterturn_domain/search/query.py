"""What a shopper asks for: filters, words, a place to be near, an order, and where to go on."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import CategoryId, ProductId, VendorId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.texts import written
from quarterturn_domain.search.words import words
from quarterturn_domain.stock.geography import MAX_DISTANCE_METRES, Coordinates

MAX_LIMIT: Final = 100
MAX_TEXT: Final = 200
MAX_WORDS: Final = 16


class Sort(StrEnum):
    """In what order products are listed.

    Prices are compared within a currency; where several currencies are listed, one follows the other by their codes.
    """

    NEWEST = "newest"
    PRICE = "price"
    PRICE_DOWN = "-price"
    TITLE = "title"
    RELEVANCE = "relevance"
    DISTANCE = "distance"


KEY_TYPES: Final[dict[Sort, tuple[type, ...]]] = {
    Sort.NEWEST: (),
    Sort.PRICE: (str, int),
    Sort.PRICE_DOWN: (str, int),
    Sort.TITLE: (str,),
    Sort.RELEVANCE: (int,),
    Sort.DISTANCE: (int,),
}
"""What a product is ordered by before its id."""

DESCENDING: Final = frozenset({Sort.NEWEST, Sort.PRICE_DOWN, Sort.RELEVANCE})
"""The orders that go from the greatest to the least, ids too."""

_WIDEST: Final = 2**63


@attrs.frozen
class Place:
    """Where a list goes on: behind the product that has this key in this order."""

    sort: Sort
    key: tuple[int | str, ...]
    product_id: ProductId


@attrs.frozen
class Near:
    """Around a point: what lies within `radius_metres`."""

    centre: Coordinates
    radius_metres: int


@attrs.frozen(kw_only=True)
class ProductQuery:
    """A list of products that is asked for; every filter narrows it, and `after` is where the page before has ended.

    `category_id` takes in whatever stands below it; `minimum` and `maximum` are of the lowest price, both inclusive. A word of
    `text` is found in title, categories, vendors and description, whole, as a beginning, or misspelled. `country` is a vendor's.
    """

    category_id: CategoryId | None = None
    vendor_id: VendorId | None = None
    currency: Currency | None = None
    minimum: Money | None = None
    maximum: Money | None = None
    country: str | None = None
    in_stock: bool = False
    text: str | None = None
    near: Near | None = None
    sort: Sort | None = None
    limit: int = 20
    after: Place | None = None

    @property
    def order(self) -> Sort:
        """The order that is asked for, or the one that suits the question."""
        if self.sort is not None:
            return self.sort
        if self.text is not None:
            return Sort.RELEVANCE
        return Sort.NEWEST if self.near is None else Sort.DISTANCE

    @property
    def unit(self) -> Currency | None:
        """The currency that prices are asked for in, if one is."""
        named = self.minimum or self.maximum
        return self.currency or (named.currency if named is not None else None)

    @property
    def wanted_words(self) -> tuple[str, ...]:
        """The words of the text, each once, the first `MAX_WORDS`; none of a text that has no letters or digits."""
        return tuple(dict.fromkeys(words(self.text or "")))[:MAX_WORDS]

    def refuse_unless_sound(self) -> None:
        """Raise `Invalid` for what makes no sense."""
        written(text=self.text, country=self.country)
        if not 1 <= self.limit <= MAX_LIMIT:
            raise Invalid(f"a limit of {self.limit}", f"1 to {MAX_LIMIT}")
        if self.text is not None and len(self.text) > MAX_TEXT:
            raise Invalid(f"a text of {len(self.text)} characters", f"at most {MAX_TEXT}")
        for bound in (self.minimum, self.maximum):
            if bound is not None and bound.currency is not self.unit:
                raise Invalid(f"a price in {bound.currency.code}", "one currency")
            if bound is not None and abs(bound.minor) >= _WIDEST:
                raise Invalid(f"a price of {bound}", "an amount that something could cost")
        if self.near is not None:
            self.near.centre.refuse_unless_on_earth()
            if not 1 <= self.near.radius_metres <= MAX_DISTANCE_METRES:
                raise Invalid(f"a radius of {self.near.radius_metres} m", f"1 to {MAX_DISTANCE_METRES} m")
        if self.order is Sort.RELEVANCE and self.text is None:
            raise Invalid("the order of relevance without a text", "a text, or another order")
        if self.order is Sort.DISTANCE and self.near is None:
            raise Invalid("the order of distance without a point to be near", "a point and a radius, or another order")
        if self.after is not None:
            self._refuse_unless_of_this_list(self.after)

    def _refuse_unless_of_this_list(self, place: Place) -> None:
        kinds = KEY_TYPES[self.order]
        fits = place.sort is self.order and tuple(map(type, place.key)) == kinds
        if not fits or any(isinstance(each, int) and abs(each) >= _WIDEST for each in place.key):
            raise Invalid("a place of another list", f"one that a page in the order {self.order} has ended with")
        written(place=" ".join(each for each in place.key if isinstance(each, str)))
