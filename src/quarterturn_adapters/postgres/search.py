"""The shop window, kept in PostgreSQL: a list is one statement that reads a range of an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from quarterturn_adapters.postgres.arrays import booleans, instants, integers, texts, uuids
from quarterturn_adapters.postgres.catalog import TREE_LOCK, PostgresProducts
from quarterturn_adapters.postgres.listing import AVAILABLE, listing
from quarterturn_adapters.postgres.statements import Statements
from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import OfferStatus
from quarterturn_domain.catalog.product import ProductStatus
from quarterturn_domain.identity.vendor import VendorStatus
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import CategoryId, ProductId
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.search.card import ENOUGH, OfferOnShow, ProductCard, ProductDetail, ProductPage
from quarterturn_domain.search.exhibit import Exhibit
from quarterturn_domain.search.ports import CANDIDATES, Touched
from quarterturn_domain.search.query import KEY_TYPES, Place, ProductQuery
from quarterturn_domain.search.ranking import WEIGHTS, Term
from quarterturn_domain.search.spelling import MAX_SLIPS, tolerance
from quarterturn_domain.search.words import trigrams

# Whoever moves the tree or a vendor meets here whoever describes what is on show by them.
_STAND_STILL: Final = f"SELECT pg_advisory_xact_lock_shared({TREE_LOCK})"

_TOUCHED: Final = """WITH touched AS MATERIALIZED (
    SELECT unnest(%s::uuid[]) AS id
    UNION SELECT product_id FROM offers WHERE sku = ANY(%s::text[])
    UNION SELECT product_id FROM offers WHERE vendor_id = ANY(%s::uuid[])
    UNION SELECT product_id FROM window_facets WHERE facet = ANY(%s::uuid[]))"""

_LOCK_VENDORS: Final = f"""{_TOUCHED}
SELECT id FROM vendors WHERE id = ANY(ARRAY(SELECT o.vendor_id FROM touched t JOIN offers o ON o.product_id = t.id))
ORDER BY id FOR SHARE"""  # noqa: S608

_LOCK: Final = f"""{_TOUCHED}
SELECT id FROM products WHERE id = ANY(ARRAY(SELECT id FROM touched)) ORDER BY id FOR NO KEY UPDATE"""  # noqa: S608

_FACETS: Final = """shop_window w
    CROSS JOIN LATERAL unnest(w.category_path || w.vendor_ids || '00000000-0000-0000-0000-000000000000'::uuid) AS f (facet)"""

_REMOVE_EXHIBITS: Final = "DELETE FROM shop_window WHERE product_id = ANY(%s::uuid[])"
_REMOVE_FACETS: Final = f"""DELETE FROM window_facets x USING
    (SELECT DISTINCT f.facet, w.product_id FROM {_FACETS} WHERE w.product_id = ANY(%s::uuid[])) AS old
WHERE x.facet = old.facet AND x.product_id = old.product_id"""  # noqa: S608

_ADD_EXHIBITS: Final = """INSERT INTO shop_window (product_id, currency, main, title, title_key, category_id, category_path, price,
    vendor_ids, countries, skus, words, changed_at)
SELECT v.product_id, v.currency, v.main, v.title, v.title_key, (v.category_path::uuid[])[1], v.category_path::uuid[], v.price,
    v.vendor_ids::uuid[], v.countries::text[], v.skus::text[], v.words::tsvector, v.changed_at
FROM unnest(%s::uuid[], %s::bpchar[], %s::boolean[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::timestamptz[])
    AS v (product_id, currency, main, title, title_key, category_path, price, vendor_ids, countries, skus, words, changed_at)"""

_ADD_FACETS: Final = f"""INSERT INTO window_facets (facet, product_id, currency, main, price, title_key)
SELECT DISTINCT f.facet, w.product_id, w.currency, w.main, w.price, w.title_key
FROM {_FACETS} WHERE w.product_id = ANY(%s::uuid[])"""  # noqa: S608

_ADD_WORDS: Final = """INSERT INTO search_words (word, trigrams)
SELECT v.word, v.trigrams::text[] FROM unnest(%s::text[], %s::text[]) AS v (word, trigrams)
WHERE NOT EXISTS (SELECT FROM search_words k WHERE k.word = v.word)
ORDER BY v.word COLLATE "C" ON CONFLICT DO NOTHING"""

_OFFERS: Final = f"""SELECT o.product_id, o.sku, o.variant_id, v.id, v.name, v.country, o.price, o.shipping, o.currency,
    least({AVAILABLE.format(sku="o.sku")}, {ENOUGH})::integer
FROM offers o JOIN vendors v ON v.id = o.vendor_id JOIN variants x ON x.product_id = o.product_id AND x.id = o.variant_id
WHERE o.product_id = ANY(%s::uuid[]) AND o.status = '{OfferStatus.LIVE.value}' AND v.status = '{VendorStatus.APPROVED.value}'
ORDER BY o.sku"""  # noqa: S608

_PATHS: Final = """SELECT c.id, a.id, a.name, a.parent_id, a.position
FROM categories c CROSS JOIN LATERAL unnest(c.path) WITH ORDINALITY AS up (id, step) JOIN categories a ON a.id = up.id
WHERE c.id = ANY(%s::uuid[]) ORDER BY c.id, up.step"""

_ALIKE: Final = f"""SELECT q.word, near.word
FROM unnest(%s::text[], %s::text[]) AS q (word, trigrams) LEFT JOIN LATERAL (
    SELECT k.word, (SELECT count(*) FROM unnest(k.trigrams) AS t WHERE t = ANY(q.trigrams::text[])) AS shared
    FROM search_words k WHERE k.trigrams && q.trigrams::text[] AND abs(length(k.word) - length(q.word)) <= {MAX_SLIPS}
    ORDER BY shared DESC, abs(length(k.word) - length(q.word)), k.word LIMIT {CANDIDATES}) AS near ON true
WHERE NOT EXISTS (SELECT FROM search_words k WHERE k.word >= q.word AND k.word < q.word || chr(1114111))
ORDER BY near.shared DESC, abs(length(near.word) - length(q.word)), near.word"""  # noqa: S608

_COUNTED: Final = """SELECT c.id, c.name, c.parent_id, c.position,
    (SELECT count(*) FROM shop_window w WHERE w.category_id = c.id AND w.main)
FROM categories c ORDER BY c.id"""


class PostgresShopWindow:
    """The products that shoppers see."""

    def __init__(self, statements: Statements, products: PostgresProducts) -> None:
        self._statements = statements
        self._products = products

    def lock(self, touched: Touched, /) -> Sequence[ProductId]:
        """The products that the changes may show in another light, in the order of their ids, locked until the transaction ends.

        Their vendors are locked for sharing before them, and the tree: what the window is written from stays as it is read.
        """
        parameters = (
            uuids(touched.product_ids),
            texts(sorted(touched.skus)),
            uuids(touched.vendor_ids),
            uuids(touched.category_ids),
        )
        self._statements.rows(_STAND_STILL)
        self._statements.rows(_LOCK_VENDORS, *parameters)
        return [product_id for (product_id,) in self._statements.rows(_LOCK, *parameters)]

    def replace(self, product_ids: Iterable[ProductId], exhibits: Iterable[Exhibit], /) -> None:
        """Keep `exhibits` instead of whatever was kept of `product_ids`."""
        ids, fresh = uuids(product_ids), list(exhibits)
        self._statements.later(_REMOVE_FACETS, ids)
        self._statements.later(_REMOVE_EXHIBITS, ids)
        if not fresh:
            return
        self._statements.later(
            _ADD_EXHIBITS,
            uuids([each.product_id for each in fresh]),
            texts([each.price.currency.code for each in fresh]),
            booleans([each.main for each in fresh]),
            texts([each.title for each in fresh]),
            texts([each.title_key for each in fresh]),
            texts([uuids(each.categories) for each in fresh]),
            integers([each.price.minor for each in fresh]),
            texts([uuids(each.vendor_ids) for each in fresh]),
            texts([texts(each.countries) for each in fresh]),
            texts([texts(each.skus) for each in fresh]),
            texts([_vector(each.words) for each in fresh]),
            instants([each.changed_at for each in fresh]),
        )
        self._statements.later(_ADD_FACETS, ids)
        said = sorted({word for each in fresh for word, _ in each.words})
        if said:
            self._statements.later(_ADD_WORDS, texts(said), texts([texts(sorted(trigrams(word))) for word in said]))

    def details(self, product_ids: Iterable[ProductId], /) -> Mapping[ProductId, ProductDetail]:
        """Those of the products that are published, with their live offers of vendors that may sell."""
        found = self._products.find(product_ids)
        products = [product for product in found.values() if product.status is ProductStatus.PUBLISHED]
        if not products:
            return {}
        offers: dict[ProductId, list[OfferOnShow]] = {}
        for row in self._statements.rows(_OFFERS, uuids([product.id for product in products])):
            product_id, sku, variant_id, vendor_id, name, country, price, shipping, code, available = row
            unit = Currency.of(code)
            offer = OfferOnShow(sku, variant_id, vendor_id, name, country, Money(price, unit), Money(shipping, unit), available)
            offers.setdefault(product_id, []).append(offer)
        paths: dict[CategoryId, list[Category]] = {}
        for category_id, *ancestor in self._statements.rows(_PATHS, uuids({each.category_id for each in products})):
            paths.setdefault(category_id, []).append(Category(*ancestor))
        return {
            each.id: ProductDetail(
                each, tuple(paths.get(each.category_id, ()) if each.category_id else ()), tuple(offers.get(each.id, ()))
            )
            for each in products
        }

    def page(self, query: ProductQuery, terms: Sequence[Term], /) -> ProductPage:
        """A page of the list that `query` asks for: one statement."""
        sql, parameters = listing(query, terms)
        rows = self._statements.rows(sql, *parameters)
        cards, width = [], len(KEY_TYPES[query.order])
        for product_id, title, path, price, code, offers, vendor_ids, in_stock, changed_at, metres, *_ in rows[: query.limit]:
            unit = Currency.of(code)
            nearest = path[0] if path else None
            cards.append(
                ProductCard(product_id, title, nearest, Money(price, unit), offers, tuple(vendor_ids), in_stock, changed_at, metres)
            )
        if len(rows) <= query.limit:
            return ProductPage(tuple(cards))
        last = rows[query.limit - 1]
        return ProductPage(tuple(cards), Place(query.order, tuple(last[10 : 10 + width]), last[0]))

    def alike(self, words: Iterable[str], /) -> Mapping[str, Sequence[str]]:
        """Those of `words` that nothing known begins with, and for each the known words that share most trigrams with it."""
        wanted = list(dict.fromkeys(words))
        if not wanted:
            return {}
        shared = [texts(sorted(trigrams(word))) if tolerance(word) else "{}" for word in wanted]
        found: dict[str, list[str]] = {}
        for word, near in self._statements.rows(_ALIKE, texts(wanted), texts(shared)):
            alike = found.setdefault(word, [])
            if near is not None:
                alike.append(near)
        return found

    def categories(self) -> Sequence[tuple[Category, int]]:
        """Every category, and how many products are on show directly in it."""
        return [(Category(*row[:4]), row[4]) for row in self._statements.rows(_COUNTED)]


def _vector(words: Iterable[tuple[str, str]]) -> str:
    """Words as a text that PostgreSQL reads as a `tsvector`: words are letters and digits, so that nothing in it can mislead."""
    return " ".join(f"'{word}':{','.join(f'{WEIGHTS.index(weight) + 1}{weight}' for weight in weights)}" for word, weights in words)
