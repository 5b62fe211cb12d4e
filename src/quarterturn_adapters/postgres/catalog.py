"""Categories, products and offers, kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from quarterturn_adapters.codec import dumps
from quarterturn_adapters.postgres.arrays import texts, uuids
from quarterturn_adapters.postgres.repository import PostgresRepository, Writing
from quarterturn_adapters.postgres.statements import Row, Statements
from quarterturn_adapters.postgres.tables.catalog import CATEGORIES, OFFERS, PRODUCTS, VARIANTS, WISHES
from quarterturn_domain.catalog.category import MAX_DEPTH, Category
from quarterturn_domain.catalog.offer import Offer, OfferStatus, Sellable, why_not_for_sale
from quarterturn_domain.catalog.product import Product, ProductStatus, Variant
from quarterturn_domain.catalog.wishlist import Wish
from quarterturn_domain.kernel.currency import Currency
from quarterturn_domain.kernel.ids import AccountId, CategoryId, ProductId, Sku, VendorId
from quarterturn_domain.kernel.money import Money

# The lock that serialises moves in the tree: any number that nothing else of this database takes.
TREE_LOCK: Final = 7_301

_PATHS: Final = f"""WITH RECURSIVE climbed AS (
    SELECT id, parent_id, ARRAY[id] AS path FROM categories
    UNION ALL
    SELECT c.id, p.parent_id, c.path || p.id FROM climbed c JOIN categories p ON p.id = c.parent_id
    WHERE cardinality(c.path) < {MAX_DEPTH}
), whole AS (SELECT DISTINCT ON (id) id, path FROM climbed ORDER BY id, cardinality(path) DESC)
UPDATE categories t SET path = whole.path FROM whole WHERE t.id = whole.id AND t.path <> whole.path"""  # noqa: S608

_SELLABLE: Final = """SELECT o.sku, o.vendor_id, o.product_id, p.title, x.title, c.path, o.price, o.shipping, o.currency,
    o.status, p.status, x.id, v.status
FROM offers o JOIN products p ON p.id = o.product_id JOIN vendors v ON v.id = o.vendor_id
    LEFT JOIN variants x ON x.product_id = o.product_id AND x.id = o.variant_id LEFT JOIN categories c ON c.id = p.category_id
WHERE o.sku = ANY(%s::text[])"""


class PostgresCategories(PostgresRepository[CategoryId, Category]):
    """Every category, with the way from each to its root."""

    writing = Writing(CATEGORIES, ("id", "name", "parent_id", "position"))

    @staticmethod
    def key(value: Category) -> CategoryId:
        """The category's id."""
        return value.id

    @staticmethod
    def row(value: Category) -> Row:
        """A category as a row."""
        return (value.id, value.name, value.parent_id, value.position)

    @staticmethod
    def value(row: Row) -> Category:
        """A row as a category."""
        return Category(*row)

    def tree(self) -> Mapping[CategoryId, Category]:
        """The whole tree; until the transaction ends nobody else can move anything in it."""
        self._statements.rows("SELECT pg_advisory_xact_lock(%s)", TREE_LOCK)
        return {category.id: category for category in self.select("ORDER BY id")}

    def listed(self) -> Sequence[Category]:
        """Every category, without a lock, in the order of position and then of id."""
        return self.select("ORDER BY position, id")

    def add(self, values: Iterable[Category], /) -> None:
        """Keep new categories; raises `Conflict` when one of them exists already."""
        rows = [self.row(value) for value in values]
        if rows:
            sql = f"INSERT INTO categories ({self.writing.names}, path) SELECT v.*, '{{}}' FROM unnest({self.writing.arrays}) v"  # noqa: S608
            self._statements.now(sql, *self.writing.encoded(rows))
            self._statements.later(_PATHS)

    def save(self, values: Iterable[Category], /) -> None:
        """Replace categories, which exist."""
        super().save(values)
        self._statements.later(_PATHS)


class PostgresProducts(PostgresRepository[ProductId, Product]):
    """Every product with its variants."""

    writing = Writing.of(PRODUCTS)
    _variants = Writing.of(VARIANTS)

    @staticmethod
    def key(value: Product) -> ProductId:
        """The product's id."""
        return value.id

    @staticmethod
    def row(value: Product) -> Row:
        """A product as a row, without its variants."""
        return (value.id, value.title, value.description, value.category_id, value.created_by, value.status)

    @staticmethod
    def value(row: Row) -> Product:
        """A row as a product that has no variants yet."""
        product_id, title, description, category_id, created_by, status = row
        return Product(product_id, title, description, category_id, (), created_by, ProductStatus(status))

    def page(self, after: ProductId | None, limit: int, /) -> Sequence[Product]:
        """Up to `limit` products in the order of their ids, those after `after`."""
        found = (
            self._statements.rows("SELECT id FROM products ORDER BY id LIMIT %s", limit)
            if after is None
            else self._statements.rows("SELECT id FROM products WHERE id > %s ORDER BY id LIMIT %s", after, limit)
        )
        products = self.find(each for (each,) in found)
        return [products[each] for (each,) in found]

    def of_vendor(self, vendor_id: VendorId, after: ProductId | None, limit: int, /) -> Sequence[Product]:
        """Up to `limit` products that this vendor created, drafts too, in the order of their ids, those after `after`."""
        behind, place = ("", ()) if after is None else (" AND id > %s", (after,))
        sql = f"SELECT id FROM products WHERE created_by = %s{behind} ORDER BY id LIMIT %s"  # noqa: S608
        products = self.find(each for (each,) in self._statements.rows(sql, vendor_id, *place, limit))
        return [products[each] for each in sorted(products)]

    def add(self, values: Iterable[Product], /) -> None:
        """Keep new products; raises `Conflict` when one of them exists already."""
        products = list(values)
        super().add(products)
        self._add_variants(products)

    def save(self, values: Iterable[Product], /) -> None:
        """Replace products, which exist, and their variants."""
        products = list(values)
        super().save(products)
        if products:
            self._statements.later("DELETE FROM variants WHERE product_id = ANY(%s::uuid[])", uuids([each.id for each in products]))
            self._add_variants(products)

    def _add_variants(self, products: Sequence[Product]) -> None:
        rows = [
            (product.id, each.id, position, each.title, dumps(each.options), each.weight_grams)
            for product in products
            for position, each in enumerate(product.variants)
        ]
        if rows:
            self._statements.later(self._variants.insert, *self._variants.encoded(rows))

    def _by_key(self, sql: str, keys: Iterable[ProductId]) -> Mapping[ProductId, Product]:
        # One statement for both tables, so that nobody sees a product with the variants of another moment.
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        if sql.endswith("FOR UPDATE"):
            self._statements.rows("SELECT 1 FROM products WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE", uuids(wanted))
        found = self._statements.rows(
            "SELECT p.id, p.title, p.description, p.category_id, p.created_by, p.status, v.id, v.title, v.options, v.weight_grams "
            "FROM products p LEFT JOIN variants v ON v.product_id = p.id WHERE p.id = ANY(%s::uuid[]) ORDER BY p.id, v.position",
            uuids(wanted),
        )
        heads: dict[ProductId, Row] = {}
        variants: dict[ProductId, list[Variant]] = {}
        for row in found:
            heads[row[0]] = row
            if row[6] is not None:
                options = tuple((name, value) for name, value in row[8])
                variants.setdefault(row[0], []).append(Variant(row[6], row[7], options, row[9]))
        return {
            key: Product(key, row[1], row[2], row[3], tuple(variants.get(key, ())), row[4], ProductStatus(row[5]))
            for key, row in heads.items()
        }


class PostgresOffers(PostgresRepository[Sku, Offer]):
    """Every offer, and what checkout sees of it."""

    writing = Writing.of(OFFERS)

    @staticmethod
    def key(value: Offer) -> Sku:
        """The SKU."""
        return value.sku

    @staticmethod
    def row(value: Offer) -> Row:
        """An offer as a row."""
        identity = (value.sku, value.vendor_id, value.product_id, value.variant_id)
        return (*identity, value.price.minor, value.shipping.minor, value.price.currency.code, value.status)

    @staticmethod
    def value(row: Row) -> Offer:
        """A row as an offer."""
        sku, vendor_id, product_id, variant_id, price, shipping, code, status = row
        unit = Currency.of(code)
        return Offer(sku, vendor_id, product_id, variant_id, Money(price, unit), Money(shipping, unit), OfferStatus(status))

    def sellable(self, skus: Iterable[Sku], /) -> Mapping[Sku, Sellable]:
        """Those of `skus` that exist, with price, categories and whether they can be bought: one query, no lock."""
        wanted = list(dict.fromkeys(skus))
        if not wanted:
            return {}
        found = {}
        for sku, vendor_id, product_id, title, variant, path, price, shipping, code, *states in self._statements.rows(
            _SELLABLE, texts(wanted)
        ):
            unit = Currency.of(code)
            found[sku] = Sellable(
                sku,
                vendor_id,
                product_id,
                f"{title} {variant}" if variant else title,
                tuple(path) if path else (),
                Money(price, unit),
                Money(shipping, unit),
                why_not_for_sale(*states),
            )
        return found

    def of_vendor(self, vendor_id: VendorId, after: Sku | None, limit: int, /) -> Sequence[Offer]:
        """Up to `limit` offers of one vendor in the order of their SKUs, those after `after`."""
        return self.select("WHERE vendor_id = %s AND sku > %s ORDER BY sku LIMIT %s", vendor_id, after or "", limit)


class PostgresWishes:
    """The wishlist of every account."""

    _writing = Writing.of(WISHES)

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def find(self, account_id: AccountId, products: Iterable[ProductId], /) -> Mapping[ProductId, Wish]:
        """Those of `products` that are on the wishlist of an account."""
        wanted = list(products)
        sql = f"SELECT {self._writing.names} FROM wishes WHERE account_id = %s AND product_id = ANY(%s::uuid[])"  # noqa: S608
        return {row[1]: Wish(*row) for row in self._statements.rows(sql, account_id, uuids(wanted))}

    def page(self, account_id: AccountId, after: tuple[datetime, ProductId] | None, limit: int, /) -> Sequence[Wish]:
        """Up to `limit` wishes of an account, the latest first, those after the one of `after`, a time and a product."""
        behind = "" if after is None else " AND (since, product_id) < (%s, %s)"
        order = "ORDER BY since DESC, product_id DESC LIMIT %s"
        sql = f"SELECT {self._writing.names} FROM wishes WHERE account_id = %s{behind} {order}"  # noqa: S608
        return [Wish(*row) for row in self._statements.rows(sql, account_id, *(after or ()), limit)]

    def count(self, account_id: AccountId, /) -> int:
        """How many there are on the wishlist of an account."""
        ((count,),) = self._statements.rows("SELECT count(*) FROM wishes WHERE account_id = %s", account_id)
        return int(count)

    def add(self, wishes: Iterable[Wish], /) -> None:
        """Keep new wishes; raises `Conflict` when one of them exists already."""
        rows = [(each.account_id, each.product_id, each.since) for each in wishes]
        if rows:
            self._statements.now(self._writing.insert, *self._writing.encoded(rows))

    def remove(self, account_id: AccountId, products: Iterable[ProductId], /) -> None:
        """Take products off the wishlist of an account; those that are not on it are passed over."""
        self._statements.later(
            "DELETE FROM wishes WHERE account_id = %s AND product_id = ANY(%s::uuid[])", account_id, uuids(products)
        )
