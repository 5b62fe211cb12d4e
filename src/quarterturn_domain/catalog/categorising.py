"""Placing a category in the tree, or moving it."""

from __future__ import annotations

from datetime import datetime

import attrs

from quarterturn_domain.catalog.category import Category
from quarterturn_domain.catalog.ports import CatalogWork
from quarterturn_domain.kernel.errors import Conflict
from quarterturn_domain.kernel.idempotency import TIMING
from quarterturn_domain.kernel.ids import CategoryId
from quarterturn_domain.kernel.work import Begin


@attrs.frozen(kw_only=True)
class PlaceCategory:
    """Give a category its name and its place.

    With `new` it gets them for the first time: then the same id with other content is a `Conflict`.
    """

    category_id: CategoryId
    name: str
    parent_id: CategoryId | None = None
    position: int = 0
    new: bool = False
    at: datetime = attrs.field(metadata=TIMING)


class PlaceCategories:
    """Places categories; placing one again with the same content changes nothing."""

    def __init__(self, work: Begin[CatalogWork]) -> None:
        self._work = work

    def __call__(self, command: PlaceCategory) -> Category:
        """The category; raises `Invalid` for a circle, an unknown parent or a tree too deep, or `Conflict`."""
        wanted = Category(command.category_id, command.name, command.parent_id, command.position)
        with self._work() as work:
            tree = work.categories.tree()
            if tree.get(wanted.id) == wanted:
                return wanted
            if command.new and wanted.id in tree:
                raise Conflict("category", str(wanted.id), "it was placed with other content")
            category, fact = Category.place(wanted, tree, at=command.at)
            if category.id in tree:
                work.categories.save([category])
            else:
                work.categories.add([category])
            work.outbox.append([fact])
        return category
