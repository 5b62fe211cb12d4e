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
        """`product` as drafted or described anew; `Invalid` when its description makes no sense."""
        if not product.title.strip():
            raise Invalid("a product without a title", "the name that buyers will see")
        if len({variant.id for variant in product.variants}) < len(product.variants):
            raise Invalid("two variants with the same id", "an id of its own for each")
        if len({variant.options for variant in product.variants}) < len(product.variants):
            raise Invalid("two variants with the same options", "options that tell them apart")
        if any(variant.weight_grams is not None and variant.weight_grams < 0 for variant in product.variants):
            raise Invalid("a negative weight", "grams, or nothing when it is not known")
        fact = ProductDescribed(product_id=product.id, title=product.title, category_id=product.category_id, at=at)
        return product, fact

    def variant(self, variant_id: VariantId) -> Variant | None:
        """The variant with this id, if the product has it."""
        return next((variant for variant in self.variants if variant.id == variant_id), None)

    def move(self, act: str, *, at: datetime) -> tuple[Product, ProductStatusChanged]:
        """The product after `publish`, `withdraw`, `archive` or `restore`; `NotPublishable` when it lacks something."""
        after = PRODUCT.next(self.status, act)
        if after is ProductStatus.PUBLISHED:
            missing = tuple(name for name, there in [("a category", self.category_id), ("a variant", self.variants)] if not there)
            if missing:
                raise NotPublishable(self.id, missing)
        fact = ProductStatusChanged(product_id=self.id, act=act, status=after.value, at=at)
        return attrs.evolve(self, status=after), fact
