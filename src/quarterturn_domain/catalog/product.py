"""A product with its variants: what a thing is, whoever sells it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import attrs

from quarterturn_domain.catalog.events import ProductDescribed, ProductStatusChanged
from quarterturn_domain.kernel.errors import Invalid, Rejected
from quarterturn_domain.kernel.ids import CategoryId, ProductId, VariantId, VendorId
from quarterturn_domain.kernel.machine import StateMachine
from quarterturn_domain.kernel.texts import short


class ProductStatus(StrEnum):
    """Whether buyers can see the product."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


PRODUCT: Final = StateMachine(
    "product",
    initial=ProductStatus.DRAFT,
    table={
        ProductStatus.DRAFT: {"publish": ProductStatus.PUBLISHED, "archive": ProductStatus.ARCHIVED},
        ProductStatus.PUBLISHED: {"withdraw": ProductStatus.DRAFT, "archive": ProductStatus.ARCHIVED},
        ProductStatus.ARCHIVED: {"restore": ProductStatus.DRAFT},
    },
)


MAX_TITLE: Final = 500
"""The most characters of a title, and of the name and the value of an option."""
MAX_DESCRIPTION: Final = 100_000
MAX_VARIANTS: Final = 1_000
MAX_OPTIONS: Final = 50
MAX_WEIGHT_GRAMS: Final = 1_000_000_000
"""A thousand tonnes; a database keeps twice as much and no more."""


@attrs.frozen(eq=False)
class NotPublishable(Rejected):
    """The product lacks what buyers need to see."""

    product_id: ProductId
    missing: tuple[str, ...]

    @property
    def message(self) -> str:
        """What is missing."""
        return f"The product {self.product_id} cannot be published; it lacks {', '.join(self.missing)}"


@attrs.frozen
class Variant:
    """One form of a product, such as a size; `options` are pairs of name and value, `weight_grams` is of one unit."""

    id: VariantId
    title: str
    options: tuple[tuple[str, str], ...] = ()
    weight_grams: int | None = None


@attrs.frozen
class Product:
    """A thing that vendors offer; `created_by` may describe it, and anybody approved may offer it."""

    id: ProductId
    title: str
    description: str
    category_id: CategoryId | None
    variants: tuple[Variant, ...]
    created_by: VendorId | None
    status: ProductStatus = PRODUCT.initial

    @classmethod
    def describe(cls, product: Product, *, at: datetime) -> tuple[Product, ProductDescribed]:
        """`product` as drafted or described anew; `Invalid` when its description makes no sense.

        `NotPublishable` when it is published and would lack something: to take that away, withdraw it first.
        """
        if not product.title.strip():
            raise Invalid("a product without a title", "the name that buyers will see")
        if len({variant.id for variant in product.variants}) < len(product.variants):
            raise Invalid("two variants with the same id", "an id of its own for each")
        if len({variant.options for variant in product.variants}) < len(product.variants):
            raise Invalid("two variants with the same options", "options that tell them apart")
        if any(variant.weight_grams is not None and variant.weight_grams < 0 for variant in product.variants):
            raise Invalid("a negative weight", "grams, or nothing when it is not known")
        _refuse_unless_kept(product)
        if product.status is ProductStatus.PUBLISHED:
            product.refuse_unless_whole()
        fact = ProductDescribed(product_id=product.id, title=product.title, category_id=product.category_id, at=at)
        return product, fact

    def variant(self, variant_id: VariantId) -> Variant | None:
        """The variant with this id, if the product has it."""
        return next((variant for variant in self.variants if variant.id == variant_id), None)

    def move(self, act: str, *, at: datetime) -> tuple[Product, ProductStatusChanged]:
        """The product after `publish`, `withdraw`, `archive` or `restore`; `NotPublishable` when it lacks something."""
        after = PRODUCT.next(self.status, act)
        if after is ProductStatus.PUBLISHED:
            self.refuse_unless_whole()
        fact = ProductStatusChanged(product_id=self.id, act=act, status=after.value, at=at)
        return attrs.evolve(self, status=after), fact

    def refuse_unless_whole(self) -> None:
        """Raise `NotPublishable` for one that lacks what buyers have to know."""
        missing = tuple(name for name, there in [("a category", self.category_id), ("a variant", self.variants)] if not there)
        if missing:
            raise NotPublishable(self.id, missing)


def _refuse_unless_kept(product: Product) -> None:
    """Raise `Invalid` for what is too much, or what no database keeps."""
    short(MAX_TITLE, title=product.title)
    short(MAX_DESCRIPTION, description=product.description)
    if len(product.variants) > MAX_VARIANTS:
        raise Invalid(f"{len(product.variants)} variants", f"at most {MAX_VARIANTS}")
    for variant in product.variants:
        short(MAX_TITLE, **{"variant's title": variant.title})
        if len(variant.options) > MAX_OPTIONS:
            raise Invalid(f"{len(variant.options)} options of a variant", f"at most {MAX_OPTIONS}")
        for name, value in variant.options:
            short(MAX_TITLE, **{"variant's option": name, "variant's option's value": value})
        if variant.weight_grams is not None and variant.weight_grams > MAX_WEIGHT_GRAMS:
            raise Invalid(f"a weight of {variant.weight_grams} grams", f"at most {MAX_WEIGHT_GRAMS}")
