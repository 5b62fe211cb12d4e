"""What products, their offers and categories look like to shoppers."""

from __future__ import annotations

from uuid import UUID

from quarterturn_api.edge.bodies import Body, MoneyBody
from quarterturn_domain.catalog.product import Variant
from quarterturn_domain.search.card import CategoryNode, OfferOnShow, ProductCard, ProductDetail


class CardBody(Body):
    """A product in a list: its lowest price, and how many offers there are in that currency."""

    id: UUID
    title: str
    category_id: UUID | None
    price: MoneyBody
    offers: int
    vendor_ids: list[UUID]
    in_stock: bool
    distance_metres: int | None

    @classmethod
    def of(cls, card: ProductCard) -> CardBody:
        """`card` as shoppers see it."""
        return cls(
            id=card.product_id,
            title=card.title,
            category_id=card.category_id,
            price=MoneyBody.of(card.price),
            offers=card.offers,
            vendor_ids=list(card.vendor_ids),
            in_stock=card.in_stock,
            distance_metres=card.distance_metres,
        )


class VariantBody(Body):
    """One form of a product, such as a size."""

    id: UUID
    title: str
    options: dict[str, str]
    weight_grams: int | None

    @classmethod
    def of(cls, variant: Variant) -> VariantBody:
        """`variant` as shoppers and vendors see it."""
        return cls(id=variant.id, title=variant.title, options=dict(variant.options), weight_grams=variant.weight_grams)


class ShownOfferBody(Body):
    """A vendor's offer; of ten units or more only ten are told."""

    sku: str
    variant_id: UUID
    vendor_id: UUID
    vendor_name: str
    vendor_country: str
    price: MoneyBody
    shipping: MoneyBody
    available: int

    @classmethod
    def of(cls, offer: OfferOnShow) -> ShownOfferBody:
        """`offer` as shoppers see it."""
        return cls(
            sku=offer.sku,
            variant_id=offer.variant_id,
            vendor_id=offer.vendor_id,
            vendor_name=offer.vendor_name,
            vendor_country=offer.vendor_country,
            price=MoneyBody.of(offer.price),
            shipping=MoneyBody.of(offer.shipping),
            available=offer.available,
        )


class CrumbBody(Body):
    """A category on the way up to the root."""

    id: UUID
    name: str


class ShownProductBody(Body):
    """Everything that is said and offered of a product; `categories` lead from the nearest one up to the root."""

    id: UUID
    title: str
    description: str
    categories: list[CrumbBody]
    variants: list[VariantBody]
    offers: list[ShownOfferBody]

    @classmethod
    def of(cls, detail: ProductDetail) -> ShownProductBody:
        """`detail` as shoppers see it."""
        product = detail.product
        return cls(
            id=product.id,
            title=product.title,
            description=product.description,
            categories=[CrumbBody(id=each.id, name=each.name) for each in detail.categories],
            variants=[VariantBody.of(each) for each in product.variants],
            offers=[ShownOfferBody.of(each) for each in detail.offers],
        )


class CategoryBody(Body):
    """A category with how many products are on show in it and below, and the categories directly below."""

    id: UUID
    name: str
    products: int
    children: list[CategoryBody]

    @classmethod
    def of(cls, node: CategoryNode) -> CategoryBody:
        """`node` as shoppers see it."""
        return cls(
            id=node.category.id,
            name=node.category.name,
            products=node.products,
            children=[cls.of(each) for each in node.children],
        )


class CategoriesBody(Body):
    """The roots of the tree."""

    items: list[CategoryBody]
