"""Categories and products over HTTP, for administrators."""

from __future__ import annotations

from tests.api.people import Client, People, keyed

CATEGORIES = "/api/v1/admin/categories"
PRODUCTS = "/api/v1/admin/products"


def test_categories_are_made_and_moved(client: Client, people: People) -> None:
    """The key makes one once; a circle is refused."""
    admin = people.admin()
    root = client.post(CATEGORIES, json={"name": "Training"}, headers=keyed(admin.headers, "root"))
    assert (201, None, 0) == (root.status_code, root.json()["parentId"], root.json()["position"])
    assert root.json() == client.post(CATEGORIES, json={"name": "Training"}, headers=keyed(admin.headers, "root")).json()
    assert 409 == client.post(CATEGORIES, json={"name": "Other"}, headers=keyed(admin.headers, "root")).status_code
    asked = {"name": "Rowing", "parentId": root.json()["id"], "position": 2}
    leaf = client.post(CATEGORIES, json=asked, headers=keyed(admin.headers, "leaf")).json()
    assert asked == {name: leaf[name] for name in asked}
    circle = client.put(
        f"{CATEGORIES}/{root.json()['id']}", json={"name": "Training", "parentId": leaf["id"]}, headers=admin.headers
    )
    assert 422 == circle.status_code
    moved = client.put(f"{CATEGORIES}/{leaf['id']}", json={"name": "Rowers"}, headers=admin.headers)
    assert (200, "Rowers", None) == (moved.status_code, moved.json()["name"], moved.json()["parentId"])


def test_products_of_all_vendors_are_governed(client: Client, people: People) -> None:
    """Every product is listed, and can be taken out of sight whoever made it."""
    admin, one, other = people.admin(), people.vendor(), people.vendor()
    listed = client.get(PRODUCTS, headers=admin.headers).json()["items"]
    assert {str(one.product_id), str(other.product_id)} == {each["id"] for each in listed}
    own = f"{PRODUCTS}/{one.product_id}"
    assert "draft" == client.post(f"{own}/withdraw", headers=admin.headers).json()["status"]
    assert "archived" == client.post(f"{own}/archive", headers=admin.headers).json()["status"]
    assert 409 == client.post(f"{own}/withdraw", headers=admin.headers).status_code
    assert "archived" == client.get(own, headers=admin.headers).json()["status"]
    assert 404 == client.get(f"{PRODUCTS}/{one.vendor_id}", headers=admin.headers).status_code
