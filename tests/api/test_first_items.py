"""The first item of a cart: who asks twice at the same moment has one cart, with what was asked for."""

from __future__ import annotations

import pytest
from tests.api.people import Client, People, keyed

from quarterturn_domain.kernel.ids import AccountId, CartId
from quarterturn_domain.ordering.carting import ShowCarts

ITEMS = "/api/v1/cart/items"


@pytest.mark.parametrize(("second_key", "quantity"), [("one", 2), ("two", 4)], ids=["the same key", "another key"])
def test_two_first_items_at_once_are_in_one_cart(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch, second_key: str, quantity: int
) -> None:
    """The second request saw no cart, and finds the one that the first has opened meanwhile; the same key is put in once."""
    seller, buyer = people.vendor(), people.client()
    asked = {"sku": seller.sku, "quantity": 2}
    first = client.post(ITEMS, json=asked, headers=keyed(buyer.headers, "one"))
    looks = [None]
    look = ShowCarts.open_of

    def before_the_first(show: ShowCarts, owner_id: AccountId) -> CartId | None:
        return looks.pop() if looks else look(show, owner_id)

    monkeypatch.setattr(ShowCarts, "open_of", before_the_first)

    second = client.post(ITEMS, json=asked, headers=keyed(buyer.headers, second_key))

    assert [201, 201] == [first.status_code, second.status_code]
    assert first.json()["id"] == second.json()["id"]
    assert [quantity] == [line["quantity"] for line in client.get("/api/v1/cart", headers=buyer.headers).json()["lines"]]
