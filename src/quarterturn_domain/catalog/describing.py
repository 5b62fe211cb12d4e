"""Describing products: drafting them, many at once, and changing what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from quarterturn_domain.catalog.ports import CatalogWork
from quarterturn_domain.catalog.product import Product, Variant
from quarterturn_domain.kernel.batch import Draft, decide_each
from quarterturn_domain.kernel.errors import Conflict, Forbidden, Outcome
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import CategoryId, ProductId, VendorId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class DescribeProduct:
    """Say what a product is; `by` is the vendor who says so, or None for the platform.

    A variant that is left out is for sale no more, whoever offers it, until it is there again. What is said is `new` where nothing
    was said before: then the same id with other content is a `Conflict`.
    """

    product_id: ProductId
    title: str
    description: str = ""
    category_id: CategoryId | None = None
    variants: tuple[Variant, ...] = ()
    by: VendorId | None = None
    new: bool = False
    at: datetime = attrs.field(metadata=TIMING)


class DescribeProducts:
    """Drafts products and describes them anew; only its creator or the platform may change what is said of one."""

    def __init__(self, work: Begin[CatalogWork]) -> None:
        self._work = work

    def __call__(self, commands: Sequence[DescribeProduct]) -> Sequence[Outcome[Product]]:
        """For each command its product, or `Invalid`, `NotPublishable`, `NotFound`, `Forbidden` or `Conflict`."""
        with self._work() as work:
            draft = Draft(work.products.lock({command.product_id for command in commands}))
            categories = work.categories.find({command.category_id for command in commands if command.category_id is not None})

            def decide(command: DescribeProduct) -> Product:
                if command.category_id is not None:
                    required(categories, command.category_id, "category")
                before = draft.get(command.product_id)
                product, fact = Product.describe(_described(command, before), at=command.at)
                if command.new and before is not None and product != before:
                    raise Conflict("product", str(product.id), "it was described with other content")
                return product if product == before else draft.put(product.id, product, fact)

            outcomes = decide_each(commands, decide)
            draft.record(work, work.products)
        return outcomes


def _described(command: DescribeProduct, before: Product | None) -> Product:
    if before is None:
        return Product(command.product_id, command.title, command.description, command.category_id, command.variants, command.by)
    if command.by is not None and command.by != before.created_by:
        raise Forbidden(f"The product {before.id} is described by another vendor")
    return attrs.evolve(
        before,
        title=command.title,
        description=command.description,
        category_id=command.category_id,
        variants=command.variants,
    )
