"""The tree of categories as shoppers see it."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.handlers import HTTPRouteHandler

from quarterturn_api.bodies.products import CategoriesBody, CategoryBody
from quarterturn_api.edge.access import everybody
from quarterturn_api.edge.asking import Ask


@get("/categories", summary="Read the tree of categories", tags=["products"], sync_to_thread=True, **everybody())
def read_categories(request: Ask) -> CategoriesBody:
    """The roots, each with what stands below it and how many products are on show."""
    return CategoriesBody(items=[CategoryBody.of(node) for node in request.service.application.category_tree()])


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (read_categories,)
