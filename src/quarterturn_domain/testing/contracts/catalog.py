"""What the ports of the catalog promise: categories, products and offers."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.offer import Offer
from quarterturn_domain.catalog.ports import CatalogWork, Categories, Offers, Products
from quarterturn_domain.catalog.product import Product
from quarterturn_domain.catalog.wishlist import Wish
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.ids import CategoryId, ProductId, Sku
from quarterturn_domain.kernel.money import Money
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.testing import samples
from quarterturn_domain.testing.contracts.database import DatabaseContract
from quarterturn_domain.testing.contracts.equality import differences
from quarterturn_domain.testing.contracts.pages import leafed
from quarterturn_domain.testing.contracts.repository import RepositoryContract

_NOW: Final = samples.moment(100)
_ROOT: Final = samples.category_id(99)


class CategoriesContract(RepositoryContract[CategoryId, Category]):
    """What `Categories` promises."""

    def furnish(self, work: CatalogWork) -> None:
        """Keep the root that the categories of this contract stand below."""
        work.categories.add([Category(_ROOT, "Everything")])

    def repository(self, work: CatalogWork) -> Categories:
        """The categories."""
        return work.categories

    def new(self, n: int) -> Category:
        """A new category below the root."""
        return attrs.evolve(samples.a_category(n), parent_id=_ROOT)

    def changed(self, value: Category) -> Category:
        """The category with another name, without a parent, in another place."""
        return attrs.evolve(value, name=f"{value.name}, neu", parent_id=None, position=value.position + 7)

    def test_listed_categories_are_in_the_order_of_position_and_id(self, db: Begin[CatalogWork]) -> None:
        """`listed` gives every category once, by position and then by id."""
        categories = [samples.a_category(n) for n in range(1, 9)]
        self.added(db, categories)
        with db() as work:
            listed = work.categories.listed()
            every = work.categories.tree().values()
        assert set(categories) <= set(listed)
        assert sorted(every, key=lambda category: (category.position, category.id)) == list(listed)

    def test_the_tree_is_everything(self, db: Begin[CatalogWork]) -> None:
        """`tree` gives every category by its id, with what this unit of work has just added."""
        self.added(db, [self.new(1), self.new(2)])
        with db() as work:
            work.categories.add([self.new(3)])
            tree = work.categories.tree()
            assert {_ROOT, *(samples.category_id(n) for n in (1, 2, 3))} == set(tree)
            assert [] == differences(self.new(2), tree[samples.category_id(2)])


class ProductsContract(RepositoryContract[ProductId, Product]):
    """What `Products` promises."""

    def furnish(self, work: CatalogWork) -> None:
        """Keep people and categories."""
        samples.furnish_people(work)
        work.categories.add(samples.a_category(n) for n in range(1, samples.LARGE + 1))

    def repository(self, work: CatalogWork) -> Products:
        """The products."""
        return work.products

    def new(self, n: int) -> Product:
        """A new product with two variants, published."""
        return samples.a_product(n)

    def changed(self, value: Product) -> Product:
        """The product described anew, its variants in another order and with one more."""
        extra = attrs.evolve(value.variants[0], id=samples.variant_id(900, 3), options=(), weight_grams=None)
        variants = (extra, *reversed(value.variants))
        return attrs.evolve(value, title="Other", description="", category_id=None, variants=variants).move("archive", at=_NOW)[0]

    @pytest.mark.parametrize("acts", [(), ("publish",), ("publish", "withdraw"), ("archive",)], ids="-".join)
    def test_every_status_comes_back(self, db: Begin[CatalogWork], acts: tuple[str, ...]) -> None:
        """A product comes back equal in every status."""
        product = samples.a_product(4, acts=acts)
        self.added(db, [product])
        assert [] == differences({product.id: product}, self.found(db, [product.id]))

    def test_a_draft_may_have_next_to_nothing(self, db: Begin[CatalogWork]) -> None:
        """A product without a category, variants, description or vendor comes back equal."""
        bare = Product(samples.product_id(1), "Mat", "", None, (), None)
        self.added(db, [bare])
        assert [] == differences({bare.id: bare}, self.found(db, [bare.id]))

    @pytest.mark.parametrize("limit", [1, 2, 5, 100])
    def test_pages_are_in_the_order_of_ids(self, db: Begin[CatalogWork], limit: int) -> None:
        """`page` gives up to `limit` products in the order of their ids, those after `after`; then an empty page."""
        products = [self.new(n) for n in range(1, 6)]
        self.added(db, reversed(products))
        with db() as work:
            assert products == leafed(work.products.page, lambda product: product.id, limit)

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_a_vendor(self, db: Begin[CatalogWork], limit: int) -> None:
        """`of_vendor` gives the products that this vendor created, in whatever state, in the order of their ids; no others."""
        acts = [(), ("publish",), ("archive",), ("publish",)]
        mine = [
            attrs.evolve(samples.a_product(n, acts=life), created_by=samples.vendor_id(1)) for n, life in enumerate(acts, start=21)
        ]
        others = [attrs.evolve(samples.a_product(30), created_by=samples.vendor_id(2)), samples.a_product(32)]
        self.added(db, [*reversed(mine), *others])
        vendor = samples.vendor_id(1)
        with db() as work:
            read = leafed(lambda after, size: work.products.of_vendor(vendor, after, size), lambda product: product.id, limit)
            assert [] == list(work.products.of_vendor(samples.vendor_id(9), None, limit))
        assert [] == differences(mine, read)


class OffersContract(RepositoryContract[Sku, Offer]):
    """What `Offers` promises."""

    def furnish(self, work: CatalogWork) -> None:
        """Keep people, categories and products."""
        samples.furnish_people(work)
        work.categories.add(samples.a_category(n) for n in range(1, samples.LARGE + 1))
        work.products.add(samples.a_product(n) for n in range(1, samples.LARGE + 1))

    def repository(self, work: CatalogWork) -> Offers:
        """The offers."""
        return work.offers

    def new(self, n: int) -> Offer:
        """A new offer of one of the variants, live."""
        return samples.an_offer(n)

    def changed(self, value: Offer) -> Offer:
        """The offer at another price, paused."""
        price, free = value.price + value.shipping, Money.zero(value.price.currency)
        return value.reprice(price, free, at=_NOW)[0].move("pause", at=_NOW)[0]

    def key(self, value: Offer) -> Sku:
        """Its SKU."""
        return value.sku

    def test_a_sku_is_compared_exactly(self, db: Begin[CatalogWork]) -> None:
        """SKUs that differ in the case of a letter are two offers."""
        low, high = (attrs.evolve(self.new(1), sku=Sku(text)) for text in ("mat-01", "MAT-01"))
        self.added(db, [low, high])
        assert {low.sku: low, high.sku: high} == self.found(db, [low.sku, high.sku])
        assert {} == self.found(db, [Sku("Mat-01")])

    def test_what_is_sellable_has_price_and_categories(self, db: Begin[CatalogWork]) -> None:
        """`sellable` gives for each offer its title, prices and categories, from the nearest up to the root; unknown ones not."""
        offers = [self.new(n) for n in range(1, samples.LARGE + 1)]
        self.added(db, offers)
        expected = {offer.sku: samples.a_sellable(n) for n, offer in enumerate(offers, start=1)}
        with db() as work:
            assert [] == differences(expected, dict(work.offers.sellable([Sku("unknown"), *reversed(expected)])))
            assert {} == work.offers.sellable([])

    @pytest.mark.parametrize(
        ("case", "offer_acts", "product_acts", "vendor_acts", "for_sale"),
        [
            ("all is well", [], ["publish"], ["approve"], True),
            ("the offer is paused", ["pause"], ["publish"], ["approve"], False),
            ("the offer is withdrawn", ["withdraw"], ["publish"], ["approve"], False),
            ("the product is a draft", [], [], ["approve"], False),
            ("the product is archived", [], ["archive"], ["approve"], False),
            ("the vendor has only applied", [], ["publish"], [], False),
            ("the vendor is suspended", [], ["publish"], ["approve", "suspend"], False),
            ("the vendor is closed", [], ["publish"], ["approve", "close"], False),
            (
                "all is well again",
                ["pause", "resume"],
                ["publish", "withdraw", "publish"],
                ["approve", "suspend", "reinstate"],
                True,
            ),
        ],
    )
    def test_what_cannot_be_bought_says_why(
        self,
        db: Begin[CatalogWork],
        case: str,
        offer_acts: list[str],
        product_acts: list[str],
        vendor_acts: list[str],
        for_sale: bool,  # noqa: FBT001 - a column of the table.
    ) -> None:
        """An offer can be bought if it is live, its product is published and its vendor may sell; else it says why not."""
        # A vendor of its own: one that is approved has come too far to be one that has only applied.
        vendor = attrs.evolve(samples.a_vendor(1, acts=vendor_acts), id=samples.vendor_id(900))
        offer = attrs.evolve(samples.an_offer(1, acts=offer_acts), vendor_id=vendor.id)
        with db() as work:
            work.vendors.add([vendor])
            work.products.lock([offer.product_id])
            work.products.save([samples.a_product(1, acts=product_acts)])
        self.added(db, [offer])
        with db() as work:
            sellable = work.offers.sellable([offer.sku])[offer.sku]
        assert for_sale is (sellable.not_for_sale is None), case
        assert sellable.not_for_sale != "", "a reason is a sentence"
        assert (offer.price, offer.shipping) == (sellable.price, sellable.shipping)

    def test_a_variant_that_is_gone_is_not_for_sale(self, db: Begin[CatalogWork]) -> None:
        """What is offered of a variant that its product has no more cannot be bought, until the variant is there again."""
        offer, whole = samples.an_offer(2), samples.a_product(2, acts=["publish"])
        others = tuple(variant for variant in whole.variants if variant.id != offer.variant_id)
        with db() as work:
            work.products.lock([whole.id])
            work.products.save([attrs.evolve(whole, variants=others)])
        self.added(db, [offer])
        with db() as work:
            sellable = work.offers.sellable([offer.sku])[offer.sku]
            assert "the product has this variant no more" == sellable.not_for_sale
            assert whole.title == sellable.title
        with db() as work:
            work.products.lock([whole.id])
            work.products.save([whole])
            assert work.offers.sellable([offer.sku])[offer.sku].not_for_sale is None

    def test_a_moved_category_moves_its_offers(self, db: Begin[CatalogWork]) -> None:
        """`sellable` follows the tree as it is now, also in the unit of work that changes it."""
        offer = self.new(3)
        self.added(db, [offer])
        with db() as work:
            work.offers.sellable([offer.sku])
            work.categories.lock([samples.category_id(3)])
            work.categories.save([attrs.evolve(samples.a_category(3), parent_id=samples.category_id(2))])
            expected = (samples.category_id(3), samples.category_id(2))
            assert expected == work.offers.sellable([offer.sku])[offer.sku].categories
        with db() as work:
            assert expected == work.offers.sellable([offer.sku])[offer.sku].categories

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    def test_pages_of_a_vendor_are_in_the_order_of_skus(self, db: Begin[CatalogWork], limit: int) -> None:
        """`of_vendor` gives only this vendor's offers, in the order of their SKUs by code point, those after `after`."""
        texts = ["A", "B", "Z", "a", "b", "z", "a-1", "a.1", "a/1", "a+1", "a_1", "a1", "a10", "a2", "0"]
        mine = [attrs.evolve(self.new(1), sku=Sku(text)) for text in texts]
        self.added(db, [*mine, self.new(2), self.new(3)])
        vendor = samples.vendor_id(1)
        with db() as work:
            read = leafed(lambda after, size: work.offers.of_vendor(vendor, after, size), lambda offer: offer.sku, limit)
        assert sorted(texts) == [offer.sku for offer in read]
        assert sorted(mine, key=lambda offer: offer.sku) == read

    def test_a_vendor_without_offers_has_an_empty_page(self, db: Begin[CatalogWork]) -> None:
        """`of_vendor` of a vendor that offers nothing is empty."""
        self.added(db, [self.new(1)])
        with db() as work:
            assert [] == list(work.offers.of_vendor(samples.vendor_id(2), None, 10))


class WishesContract(DatabaseContract):
    """What `Wishes` promises."""

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_a_wishlist_is_read_latest_first(self, db: Begin[CatalogWork], limit: int) -> None:
        """Page after page, the wishes of one account, the latest first; two of one moment in the order of their products."""
        owner = samples.account_id(1)
        own = [Wish(owner, samples.product_id(n), samples.moment(n // 2)) for n in range(1, 6)]
        with db() as work:
            work.wishes.add([*own, Wish(samples.account_id(2), samples.product_id(9), samples.moment(9))])
            work.wishes.add([])
        with db() as work:
            read = leafed(lambda after, n: work.wishes.page(owner, after, n), lambda wish: (wish.since, wish.product_id), limit)
            assert [] == differences(own[::-1], read)
            assert (5, 1, 0) == tuple(work.wishes.count(samples.account_id(n)) for n in (1, 2, 3))

    def test_wishes_are_found_and_removed(self, db: Begin[CatalogWork]) -> None:
        """Of the products asked for those on the list are found, on nobody else's; what is removed is gone, what was not is not."""
        one, other = (Wish(samples.account_id(n), samples.product_id(1), samples.moment(n)) for n in (1, 2))
        with db() as work:
            work.wishes.add([one, other])
        with db() as work:
            asked = [samples.product_id(1), samples.product_id(2)]
            assert {one.product_id: one} == work.wishes.find(one.account_id, asked)
            assert {} == work.wishes.find(one.account_id, [])
            work.wishes.remove(one.account_id, asked)
        with db() as work:
            assert ({}, {other.product_id: other}) == tuple(work.wishes.find(each.account_id, asked) for each in (one, other))

    def test_what_is_wished_for_is_not_added(self, db: Begin[CatalogWork]) -> None:
        """Adding a wish that exists is a `Conflict`."""
        wish = Wish(samples.account_id(1), samples.product_id(1), samples.moment(1))
        with db() as work:
            work.wishes.add([wish])
        with pytest.raises(Conflict), db() as work:
            work.wishes.add([wish])
