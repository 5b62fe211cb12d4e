"""What buyers can see stays whole, whatever its vendor says of it anew."""

from __future__ import annotations

import pytest
from tests.api.people import Client, People


@pytest.mark.parametrize(
    ("case", "change", "missing"),
    [
        ("without a category", {"categoryId": None}, ["a category"]),
        ("without variants", {"variants": []}, ["a variant"]),
        ("without either", {"categoryId": None, "variants": []}, ["a category", "a variant"]),
    ],
)
def test_a_published_product_stays_whole(
    client: Client, people: People, case: str, change: dict[str, object], missing: list[str]
) -> None:
    """It is refused as publishing it would be, and nothing is changed; once it is withdrawn, drafts may lack anything."""
    seller = people.vendor()
    own = f"/api/v1/vendor/products/{seller.product_id}"
    before = client.get(own, headers=seller.headers).json()
    variants = [{"id": str(seller.variant_id), "title": "standard"}]
    said = {"title": "Another", "categoryId": str(seller.category_id), "variants": variants, **change}

    refused = client.put(own, json=said, headers=seller.headers)

    assert (409, "not_publishable", missing) == (
        refused.status_code,
        refused.json()["code"],
        refused.json()["details"]["missing"],
    ), case
    assert before == client.get(own, headers=seller.headers).json()
    client.post(f"{own}/withdraw", headers=seller.headers)
    assert (200, "Another") == (
        (drafted := client.put(own, json=said, headers=seller.headers)).status_code,
        drafted.json()["title"],
    )
    assert 409 == client.post(f"{own}/publish", headers=seller.headers).status_code
