"""Finding products over HTTP: filters, words, places, pages, the tree of categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from tests.api.people import Client, People, Seller

from quarterturn_api.edge.answering import Service
from quarterturn_domain.catalog.publishing import MoveProduct


def _listed(client: Client, query: Mapping[str, object] | None = None, path: str = "/api/v1/products") -> list[dict[str, Any]]:
    answer = client.get(f"{path}?{urlencode(query or {})}")
    assert 200 == answer.status_code, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def _ids(items: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in items]


def test_strangers_find_what_is_on_show(client: Client, people: People, service: Service) -> None:
    """A product has its lowest price and whether there is any; one that is withdrawn is not there."""
    shown, withdrawn = people.vendor(), people.vendor()
    move = MoveProduct(product_id=withdrawn.product_id, act="withdraw", by=withdrawn.vendor_id, at=service.clock.now())
    service.application.move_products([move])

    (card,) = _listed(client)

    assert str(shown.product_id) == card["id"]
    assert ({"amount": "49.90", "currency": "EUR"}, 1, True) == (card["price"], card["offers"], card["inStock"])
    assert 404 == client.get(f"/api/v1/products/{withdrawn.product_id}").status_code


def test_a_product_is_shown_with_its_offers(client: Client, people: People) -> None:
    """Of many units only ten are told."""
    seller = people.vendor(units=100)

    said = client.get(f"/api/v1/products/{seller.product_id}").json()

    assert [(seller.sku, str(seller.vendor_id), 10)] == [
        (each["sku"], each["vendorId"], each["available"]) for each in said["offers"]
    ]
    assert [str(seller.category_id)] == [each["id"] for each in said["categories"]]
    assert 404 == client.get(f"/api/v1/products/{uuid4()}").status_code


def test_filters_narrow_the_list(client: Client, people: People) -> None:
    """By category, vendor, price within a currency, stock, and distance."""
    cheap, dear, gone = people.vendor(price="10.00"), people.vendor(price="500.00"), people.vendor(price="20.00", units=0)
    euro = {"currency": "EUR"}

    cases: list[tuple[dict[str, object], list[Seller]]] = [
        ({"category": cheap.category_id}, [cheap]),
        ({"vendor": dear.vendor_id}, [dear]),
        ({"minPrice": "20", **euro}, [dear, gone]),
        ({"maxPrice": "20.00", **euro}, [cheap, gone]),
        ({"minPrice": "10.01", "maxPrice": "499.99", **euro}, [gone]),
        ({"currency": "USD"}, []),
        ({"inStock": "true"}, [cheap, dear]),
        ({"lat": 52.5, "lng": 13.4, "radiusKm": 10}, [cheap, dear]),
        ({"lat": 48.1, "lng": 11.6, "radiusKm": 10}, []),
    ]
    for query, found in cases:
        assert {str(each.product_id) for each in found} == set(_ids(_listed(client, query))), query


def test_near_things_say_how_far_they_are(client: Client, people: People) -> None:
    """In whole metres, to the nearest location that has a unit."""
    people.vendor()

    (card,) = _listed(client, {"lat": 52.52, "lng": 13.405, "radiusKm": 1})

    assert 0 == card["distanceMetres"]


def test_orders_of_lists_and_their_pages(client: Client, people: People) -> None:
    """Whatever the order and the size of a page, every product is listed once, in that order."""
    sellers = [people.vendor(price=f"{price}.00") for price in (30, 10, 50, 20, 40)]
    cheapest_first = [str(each.product_id) for each in sorted(sellers, key=lambda each: each.price.minor)]
    wanted = {"price": cheapest_first, "-price": cheapest_first[::-1]}
    for sort, expected in wanted.items():
        for limit in (1, 2, 5, 100):
            seen: list[str] = []
            query = f"?limit={limit}&sort={sort}"
            after = ""
            while True:
                page = client.get(f"/api/v1/products{query}{after}").json()
                seen += _ids(page["items"])
                if page["nextCursor"] is None:
                    break
                after = f"&cursor={page['nextCursor']}"
            assert expected == seen


def test_words_are_found_also_misspelled(client: Client, people: People) -> None:
    """Whole, as a beginning, with a slip of the finger; and what nobody has is not found."""
    rower, bench = people.vendor(title="Rowing machine"), people.vendor(title="Weight bench")

    for words, found in [("rowing", [rower]), ("row", [rower]), ("roiwng", [rower]), ("weight bench", [bench]), ("sofa", [])]:
        assert [str(each.product_id) for each in found] == _ids(_listed(client, {"q": words}, "/api/v1/products/search")), words


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("/products?minPrice=10", id="a price without a currency"),
        pytest.param("/products?minPrice=-1&currency=EUR", id="a negative price"),
        pytest.param("/products?minPrice=1.001&currency=EUR", id="a tenth of a cent"),
        pytest.param("/products?currency=QQQ", id="no currency"),
        pytest.param("/products?lat=52.5", id="half a place"),
        pytest.param("/products?lat=91&lng=0&radiusKm=1", id="beyond the pole"),
        pytest.param("/products?lat=nan&lng=0&radiusKm=1", id="nowhere"),
        pytest.param("/products?lat=1&lng=0&radiusKm=inf", id="everywhere"),
        pytest.param("/products?sort=distance", id="the order of distance from nowhere"),
        pytest.param("/products?sort=best", id="no order"),
        pytest.param("/products?limit=0", id="a page of nothing"),
        pytest.param("/products?limit=101", id="a page too long"),
        pytest.param("/products?cursor=abc", id="no cursor"),
        pytest.param("/products?category=abc", id="no id"),
        pytest.param("/products/search", id="no words"),
        pytest.param("/products/search?q=", id="empty words"),
    ],
)
def test_questions_that_make_no_sense(client: Client, query: str) -> None:
    """Each is refused with 422 in the body of every error, which names the path."""
    answer = client.get(f"/api/v1{query}")

    assert (422, f"/api/v1{query.partition('?')[0]}") == (answer.status_code, answer.json()["path"]), answer.text


def test_a_cursor_of_another_order_is_refused(client: Client, people: People) -> None:
    """Where a list by price goes on says nothing about a list by title."""
    for _ in range(2):
        people.vendor()
    after = client.get("/api/v1/products?limit=1&sort=price").json()["nextCursor"]

    assert 422 == client.get(f"/api/v1/products?limit=1&sort=title&cursor={after}").status_code


def test_the_tree_counts_what_is_on_show(client: Client, people: People) -> None:
    """Every category says how many products stand in it and below."""
    seller = people.vendor()

    (node,) = client.get("/api/v1/categories").json()["items"]

    assert (str(seller.category_id), 1, []) == (node["id"], node["products"], node["children"])


def test_a_repeated_read_is_answered_with_304(client: Client, people: People) -> None:
    """As long as nothing has changed; then with what is there now."""
    people.vendor()
    tag = client.get("/api/v1/products").headers["etag"]
    unchanged = client.get("/api/v1/products", headers={"If-None-Match": tag})
    people.vendor()
    changed = client.get("/api/v1/products", headers={"If-None-Match": tag})

    assert ((304, b""), 200) == ((unchanged.status_code, unchanged.content), changed.status_code)
