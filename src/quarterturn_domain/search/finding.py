"""Finding products: a page of a list, everything about one, and the tree of categories."""

from __future__ import annotations

from collections.abc import Sequence

from quarterturn_domain.kernel.ids import ProductId
from quarterturn_domain.kernel.repository import required
from quarterturn_domain.kernel.work import Begin
from quarterturn_domain.search.card import CategoryNode, ProductDetail, ProductPage, grown
from quarterturn_domain.search.ports import SearchWork, ShopWindow
from quarterturn_domain.search.query import ProductQuery
from quarterturn_domain.search.ranking import Term
from quarterturn_domain.search.spelling import meant


class FindProducts:
    """Answers what shoppers look for."""

    def __init__(self, work: Begin[SearchWork]) -> None:
        self._work = work

    def __call__(self, query: ProductQuery) -> ProductPage:
        """A page of cards, or `Invalid`; a text that nothing known resembles finds nothing."""
        query.refuse_unless_sound()
        with self._work() as work:
            terms = _terms(query, work.shop_window)
            return ProductPage(()) if terms is None else work.shop_window.page(query, terms)


class ShowProduct:
    """Shows one product with everything that is said and offered of it."""

    def __init__(self, work: Begin[SearchWork]) -> None:
        self._work = work

    def __call__(self, product_id: ProductId) -> ProductDetail:
        """The product, or `NotFound` unless it is published."""
        with self._work() as work:
            return required(work.shop_window.details([product_id]), product_id, "product")


class ShowCategories:
    """Shows the tree of categories."""

    def __init__(self, work: Begin[SearchWork]) -> None:
        self._work = work

    def __call__(self) -> tuple[CategoryNode, ...]:
        """The roots, each with what stands below it and how many products are on show."""
        with self._work() as work:
            return grown(work.shop_window.categories())


def _terms(query: ProductQuery, window: ShopWindow) -> Sequence[Term] | None:
    """The words of the query, each with what it may have been meant to be; None where one of them resembles nothing."""
    if query.text is None:
        return ()
    wanted = query.wanted_words
    unknown = window.alike(wanted) if wanted else {}
    terms = [Term(word, meant(word, unknown[word]) if word in unknown else ()) for word in wanted]
    hopeless = any(term.word in unknown and not term.meant for term in terms)
    return None if hopeless or not terms else terms
