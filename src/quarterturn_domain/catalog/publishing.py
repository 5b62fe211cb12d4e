"""Publishing products, withdrawing, archiving and restoring them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import attrs

from quarterturn_domain.catalog.ports import CatalogWork
from quarterturn_domain.catalog.product import Product
from quarterturn_domain.kernel.batch import Draft, decide_each
from quarterturn_domain.kernel.errors import Forbidden, Outcome
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import ProductId, VendorId
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class MoveProduct:
    """`publish`, `withdraw`, `archive` or `restore` a product; `by` is the vendor who asks, or None for the platform."""

    product_id: ProductId
    act: str = "publish"
    by: VendorId | None = None
    at: datetime = attrs.field(metadata=TIMING)


class MoveProducts:
    """Moves products through their lifecycle, many at once."""

    def __init__(self, work: Begin[CatalogWork]) -> None:
        self._work = work

    def __call__(self, commands: Sequence[MoveProduct]) -> Sequence[Outcome[Product]]:
        """For each command its product afterwards, or `NotFound`, `Forbidden`, `InvalidTransition` or `NotPublishable`."""
        with self._work() as work:
            draft = Draft(work.products.lock({command.product_id for command in commands}))
            outcomes = decide_each(commands, partial(_move, draft))
            draft.record(work, work.products)
        return outcomes


def _move(draft: Draft[ProductId, Product], command: MoveProduct) -> Product:
    product = draft.required(command.product_id, "product")
    if command.by is not None and command.by != product.created_by:
        raise Forbidden(f"The product {product.id} belongs to another vendor")
    return draft.put(product.id, *product.move(command.act, at=command.at))
