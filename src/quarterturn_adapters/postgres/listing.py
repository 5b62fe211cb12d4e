"""Listing: the one statement that a page of products is, put together from what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from quarterturn_domain.catalog.offer import OfferStatus
from quarterturn_domain.identity.vendor import VendorStatus
from quarterturn_domain.search.query import DESCENDING, Near, ProductQuery, Sort
from quarterturn_domain.search.ranking import Term, Tier, tiers
from quarterturn_domain.stock.geography import EARTH_RADIUS_METRES, MICRODEGREES, box_around

AVAILABLE: Final = """coalesce(
    (SELECT min(coalesce((SELECT sum(i.on_hand - i.reserved) FROM stock_items i WHERE i.sku = k.part), 0) / k.quantity)
        FROM kit_parts k WHERE k.kit = {sku}),
    (SELECT sum(i.on_hand - i.reserved) FROM stock_items i WHERE i.sku = {sku}), 0)"""
"""How many units of a SKU are available; of a kit, as many as its components make. No sum of them reaches 2**63."""

_EVERYTHING: Final = UUID(int=0)
"""The facet that every exhibit has."""

_IN_STOCK: Final = f"EXISTS (SELECT FROM unnest(w.skus) AS s (sku) WHERE {AVAILABLE.format(sku='s.sku')} > 0)"

_CARD: Final = f"""w.product_id, w.title, w.category_path, w.price, w.currency, cardinality(w.skus), w.vendor_ids,
    {_IN_STOCK} AS in_stock, w.changed_at"""

_KEYS: Final[dict[Sort, tuple[str, ...]]] = {
    Sort.NEWEST: ("{keyed}.product_id",),
    Sort.PRICE: ("{keyed}.currency", "{keyed}.price", "{keyed}.product_id"),
    Sort.PRICE_DOWN: ("{keyed}.currency", "{keyed}.price", "{keyed}.product_id"),
    Sort.TITLE: ("{keyed}.title_key", "{keyed}.product_id"),
    Sort.RELEVANCE: ("p.points", "w.product_id"),
    Sort.DISTANCE: ("n.metres", "w.product_id"),
}

_TYPES: Final = {
    "product_id": "uuid",
    "currency": "bpchar",
    "price": "bigint",
    "title_key": "text",
    "points": "bigint",
    "metres": "bigint",
}

# The haversine formula, in the same steps as the domain's, so that both round to the same metre.
_METRES: Final = f"""round(2 * {EARTH_RADIUS_METRES}::float8 * asin(least(1, sqrt(
    sin(radians((l.latitude - q.latitude) / {2 * MICRODEGREES}::float8)) ^ 2
    + cos(radians(q.latitude / {MICRODEGREES}::float8)) * cos(radians(l.latitude / {MICRODEGREES}::float8))
    * sin(radians((l.longitude - q.longitude) / {2 * MICRODEGREES}::float8)) ^ 2))))::integer"""

# A vendor keeps its own offers at its own locations: what may be sold is known without looking at the window.
_NEAR: Final = f"""(SELECT o.product_id, o.currency, min(d.metres) AS metres
    FROM (SELECT %s::integer AS latitude, %s::integer AS longitude, %s::integer AS south, %s::integer AS north,
            %s::integer AS west, %s::integer AS east, %s::integer AS radius) q
    JOIN locations l ON l.latitude BETWEEN q.south AND q.north AND CASE WHEN q.west <= q.east
        THEN l.longitude BETWEEN q.west AND q.east ELSE l.longitude >= q.west OR l.longitude <= q.east END
    JOIN vendors v ON v.id = l.vendor_id AND v.status = '{VendorStatus.APPROVED.value}'
    CROSS JOIN LATERAL (SELECT {_METRES} AS metres) d
    JOIN stock_items i ON i.location_id = l.id AND i.on_hand > i.reserved
    JOIN offers o ON o.sku = i.sku AND o.vendor_id = v.id AND o.status = '{OfferStatus.LIVE.value}'
    WHERE d.metres <= q.radius AND NOT EXISTS (SELECT FROM kit_parts k WHERE k.kit = o.sku)
    GROUP BY o.product_id, o.currency) n
JOIN shop_window w ON w.product_id = n.product_id AND w.currency = n.currency"""  # noqa: S608


def listing(query: ProductQuery, terms: Sequence[Term]) -> tuple[str, list[Any]]:
    """The statement and its parameters, the limit last; rows are cards and what they are ordered by, one more than the limit."""
    source, parameters, by_facet = _source(query, terms)
    conditions: list[str] = []
    narrow = _filters(query, conditions, by_facet=by_facet)
    if terms:
        conditions.append("w.words @@ %s::tsquery")
        narrow.append(" & ".join(_any(term) for term in terms))
    # A facet has columns of its own for what lists are ordered by, and their index.
    keyed = "f" if by_facet else "w"
    columns = [column.format(keyed=keyed) for column in _KEYS[query.order]]
    down = query.order in DESCENDING
    if query.after is not None:
        values = ", ".join([f"%s::{_TYPES[column.partition('.')[2]]}" for column in columns])
        conditions.append(f"({', '.join(columns)}) {'<' if down else '>'} ({values})")
        narrow += [*query.after.key, query.after.product_id]
    order = ", ".join(f"{column}{' DESC' if down else ''}" for column in columns)
    metres = "NULL::integer" if query.near is None else "n.metres"
    keys = ", ".join(f"{column} AS key{i}" for i, column in enumerate(columns[:-1]))
    rows = f"""SELECT {_CARD}, {metres} AS metres{", " + keys if keys else ""}
FROM {source} WHERE {" AND ".join(conditions)} ORDER BY {order} LIMIT %s"""  # noqa: S608
    return rows, [*parameters, *narrow, query.limit + 1]


def _source(query: ProductQuery, terms: Sequence[Term]) -> tuple[str, list[Any], bool]:
    """Where the rows come from, its parameters, and whether that is a facet: the smallest part that is known beforehand."""
    parameters: list[Any] = []
    if query.near is not None:
        source = _NEAR
        parameters += _circle(query.near)
    elif terms:
        source = "shop_window w"
    else:
        return "window_facets f JOIN shop_window w ON w.product_id = f.product_id AND w.currency = f.currency", [], True
    if query.order is Sort.RELEVANCE:
        ways = [list(tiers(term)) for term in terms]
        source += f" CROSS JOIN LATERAL (SELECT {' + '.join(map(_counted, ways))} AS points) p"
        parameters += [
            " | ".join(_lexeme(word, tier.weight, beginning=tier.beginning) for word in tier.words) for way in ways for tier in way
        ]
    return source, parameters, False


def _filters(query: ProductQuery, conditions: list[str], *, by_facet: bool) -> list[Any]:
    """Add the filters to `conditions`; returns their parameters."""
    parameters: list[Any] = []
    keyed = "f" if by_facet else "w"

    def narrow(condition: str, value: UUID | str | int) -> None:
        conditions.append(condition)
        parameters.append(value)

    if by_facet:
        narrow("f.facet = %s", query.vendor_id or query.category_id or _EVERYTHING)
    if query.unit is None:
        conditions.append(f"{keyed}.main")
    else:
        narrow(f"{keyed}.currency = %s::bpchar", query.unit.code)
    if query.minimum is not None:
        narrow(f"{keyed}.price >= %s", query.minimum.minor)
    if query.maximum is not None:
        narrow(f"{keyed}.price <= %s", query.maximum.minor)
    # Ids are given by those who ask: one of a vendor may be that of a category, so that a facet alone proves nothing.
    if query.category_id is not None:
        narrow("%s = ANY(w.category_path)", query.category_id)
    if query.vendor_id is not None:
        narrow("%s = ANY(w.vendor_ids)", query.vendor_id)
    if query.country is not None:
        narrow("%s::text = ANY(w.countries)", query.country)
    if query.in_stock:
        conditions.append(_IN_STOCK)
    return parameters


def _circle(near: Near) -> list[Any]:
    box, centre = box_around(near.centre, near.radius_metres), near.centre
    return [centre.latitude, centre.longitude, box.south, box.north, box.west, box.east, near.radius_metres]


def _counted(ways: Sequence[Tier]) -> str:
    """What a term counts for: the best way in which it is found."""
    return f"CASE {' '.join(f'WHEN w.words @@ %s::tsquery THEN {tier.points}' for tier in ways)} ELSE 0 END"


def _any(term: Term) -> str:
    """The term in any field, as a text that PostgreSQL reads as a `tsquery`."""
    if term.meant:
        return f"({' | '.join(_lexeme(word, '') for word in term.meant)})"
    return _lexeme(term.word, "", beginning=any(tier.beginning for tier in tiers(term)))


def _lexeme(word: str, weight: str, *, beginning: bool = False) -> str:
    # A word is letters and digits: nothing in it can be read as an operator.
    return f"'{word}':{'*' if beginning else ''}{weight}" if beginning or weight else f"'{word}'"
