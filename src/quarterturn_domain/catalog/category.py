"""A category: a named place in the tree of what the marketplace sells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs

from quarterturn_domain.catalog.events import CategoryPlaced
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.kernel.ids import CategoryId
from quarterturn_domain.kernel.texts import short

MAX_DEPTH: Final = 16
MAX_NAME: Final = 200
MAX_POSITION: Final = 1_000_000


@attrs.frozen
class Category:
    """A node of the tree; `position` orders it among its siblings."""

    id: CategoryId
    name: str
    parent_id: CategoryId | None = None
    position: int = 0

    @classmethod
    def place(cls, category: Category, tree: Mapping[CategoryId, Category], *, at: datetime) -> tuple[Category, CategoryPlaced]:
        """`category` put into `tree` or moved in it; `Invalid` for a circle, an unknown parent or a tree too deep."""
        if not category.name.strip():
            raise Invalid("a category without a name", "a name")
        short(MAX_NAME, name=category.name)
        if abs(category.position) > MAX_POSITION:
            raise Invalid(f"a position of {category.position}", f"-{MAX_POSITION} to {MAX_POSITION}")
        after = {**tree, category.id: category}
        for member in after:
            path(member, after)
        return category, CategoryPlaced(category_id=category.id, name=category.name, parent_id=category.parent_id, at=at)


def path(category_id: CategoryId, tree: Mapping[CategoryId, Category]) -> tuple[CategoryId, ...]:
    """The ids from `category_id` up to its root; raises `Invalid` where the tree is broken."""
    ids: list[CategoryId] = []
    here: CategoryId | None = category_id
    while here is not None:
        if here not in tree:
            raise Invalid(f"the category {here} is not in the tree", "a parent that exists")
        ids.append(here)
        if len(ids) > MAX_DEPTH:
            raise Invalid("a category that is its own ancestor, or a tree too deep", f"at most {MAX_DEPTH} levels and no circle")
        here = tree[here].parent_id
    return tuple(ids)
