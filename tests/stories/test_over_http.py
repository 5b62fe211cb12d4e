"""The story of a marketplace over HTTP: two vendors, a guest who buys from both, a refund, payouts, and books that add up.

Everything goes through `quarterturn serve` in a process of its own, over a real PostgreSQL, asked by an ordinary HTTP client.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import httpx
import pytest
from tests.stories.test_serve import SECRET, serving

from quarterturn_adapters.postgres.doctor import examine
from quarterturn_adapters.settings import Settings

PASSWORD = "four quarter turns of a key"  # noqa: S105

Json: TypeAlias = Any
"""What JSON says: the assertions are about what it is."""

pytestmark = pytest.mark.slow


class Somebody:
    """Whoever asks: a client that keeps cookies as a browser does, sends its token, and makes up a key for what it asks for."""

    def __init__(self, base: str) -> None:
        self._http = httpx.Client(base_url=f"{base}/api/v1", timeout=20)
        self.account_id = ""

    def sign_up(self, email: str, name: str) -> dict[str, Any]:
        """Open an account, and be signed in with it."""
        return self._signed_in(self.post("/auth/register", {"email": email, "name": name, "password": PASSWORD}, 201))

    def sign_in(self, email: str) -> dict[str, Any]:
        """Sign in with an account that is there."""
        return self._signed_in(self.post("/auth/login", {"email": email, "password": PASSWORD}, 200))

    def get(self, path: str, expected: int = 200, **query: str) -> Json:
        """What is read."""
        return self._answer(self._http.get(path, params=query), expected)

    def post(self, path: str, body: object = None, expected: int = 201, *, key: str | None = None) -> Json:
        """What is made or done, under `key` or one that was never used."""
        answer = self._http.post(path, json=body or {}, headers={"Idempotency-Key": key or uuid4().hex})
        return self._answer(answer, expected)

    def put(self, path: str, body: object, expected: int = 200) -> Json:
        """What is changed."""
        return self._answer(self._http.put(path, json=body), expected)

    def text(self, path: str, **query: str) -> str:
        """What is no JSON."""
        answer = self._http.get(path, params=query)
        assert 200 == answer.status_code, answer.text
        return answer.text

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _signed_in(self, session: dict[str, Any]) -> dict[str, Any]:
        self._http.headers["Authorization"] = f"{session['tokenType']} {session['accessToken']}"
        self.account_id = session["account"]["id"]
        return session

    @staticmethod
    def _answer(answer: httpx.Response, expected: int) -> Json:
        assert expected == answer.status_code, answer.text
        return answer.json() if answer.content else None


def test_two_vendors_sell_to_one_guest_and_every_cent_is_where_it_belongs(url: str, tmp_path: Path) -> None:
    """From sign-up to statement: each amount is what the rules say, nobody sees another's part, asked twice is done once."""
    _make_admin(url)
    people: list[Somebody] = []
    with serving(url, tmp_path) as served:

        def somebody() -> Somebody:
            people.append(Somebody(f"http://127.0.0.1:{served.port}"))
            return people[-1]

        try:
            _tell(url, somebody)
        finally:
            for each in people:
                each.close()
        assert [] == [line for line in served.lines() if line["level"] in {"error", "critical"}]
    assert () == tuple(examine(url).findings)


def _tell(url: str, somebody: Callable[[], Somebody]) -> None:
    admin, iron, mats, ada = (somebody() for _ in range(4))
    admin.sign_in("admin@example.org")
    admin.put("/admin/terms/payouts", {"holdDays": 0})

    # Two vendors: each is approved by the platform, and by the provider, at whose pages it says who it is.
    iron_id = _becomes_a_vendor(iron, admin, url, "iron@example.org", "Iron Alley", "DE")
    mats_id = _becomes_a_vendor(mats, admin, url, "mats@example.org", "Mat & Motion", "PT")
    training = admin.post("/admin/categories", {"name": "Training"})["id"]
    bell = _puts_on_sale(iron, training, "Kettlebell, 16 kg", "KETTLEBELL-16", "60.00", 12)
    _puts_on_sale(mats, training, "Yoga mat, 5 mm", "YOGA-MAT", "20.00", 30)
    iron.get(f"/vendor/products/{bell}")
    mats.get(f"/vendor/products/{bell}", 404)

    cart = _a_guest_fills_a_cart_and_signs_up(ada, training)
    order_id = _checks_out(ada, mats, cart)
    _pays(ada, order_id)
    assert (28, 0) == _stock(mats)
    assert {
        "processor_clearing": "96.80",
        "processor_fees": "3.20",
        "vendor_pending": "-90.00",
        "commission_revenue": "-10.00",
    } == (_trial_balance(admin))

    _sends(iron, order_id, "KETTLEBELL-16", total="60.00", earning="54.00", commission="6.00")
    _sends(mats, order_id, "YOGA-MAT", total="40.00", earning="36.00", commission="4.00")
    bought = ada.get(f"/orders/{order_id}")
    assert "delivered" == bought["status"]
    assert {"TRACK-KETTLEBELL-16", "TRACK-YOGA-MAT"} == {
        parcel["tracking"] for part in bought["vendorOrders"] for parcel in part["shipments"]
    }
    ada.get(f"/vendor/orders/{order_id}", 403)
    somebody().get(f"/orders/{order_id}", 401)
    iron.get(f"/orders/{order_id}", 404)

    _gives_one_mat_back(iron, mats, ada, order_id)
    _pays_out(admin, {iron_id: "54.00", mats_id: "18.00"})
    (own,) = mats.get("/vendor/payouts")["items"]
    assert [mats_id, _eur("18.00")] == [own["vendorId"], own["amount"]]
    iron.get(f"/vendor/payouts/{own['id']}", 404)

    # Statements add up, as JSON and as CSV; the books as a whole sum to nothing.
    assert [("capture", "54.00"), ("release", "0.00"), ("payout", "-54.00")] == _statement(iron)
    assert [("capture", "36.00"), ("refund", "-18.00"), ("release", "0.00"), ("payout", "-18.00")] == _statement(mats)
    assert {"0.00"} == {_balance(each)[kind]["amount"] for each in (iron, mats) for kind in ("pending", "available", "reserve")}
    # A refund costs the platform its commission of 2.00; the provider keeps its fee. It has 4.80 there, which is what it earned.
    assert {"processor_clearing": "4.80", "processor_fees": "3.20", "commission_revenue": "-8.00"} == _trial_balance(admin)


def _a_guest_fills_a_cart_and_signs_up(ada: Somebody, training: str) -> Json:
    """Both products are found, also when misspelled; what a guest puts into the cart stays theirs when they sign up: the cart."""
    assert {"Kettlebell, 16 kg", "Yoga mat, 5 mm"} == {each["title"] for each in ada.get("/products", category=training)["items"]}
    assert ["Yoga mat, 5 mm"] == [each["title"] for each in ada.get("/products/search", q="yogga")["items"]]
    begun = ada.post("/cart/items", {"sku": "KETTLEBELL-16", "quantity": 1})
    filled = ada.post("/cart/items", {"sku": "YOGA-MAT", "quantity": 2})
    assert [begun["id"], _eur("100.00")] == [filled["id"], filled["total"]]
    ada.post("/cart/checkout", {"cartId": filled["id"]}, 401)
    ada.sign_up("ada@example.org", "Ada")
    cart = ada.get("/cart")
    assert [("KETTLEBELL-16", 1), ("YOGA-MAT", 2)] == [(line["sku"], line["quantity"]) for line in cart["lines"]]
    assert _eur("100.00") == cart["total"]
    return cart


def _checks_out(ada: Somebody, mats: Somebody, cart: Json) -> str:
    """Who expects another total is told so; with the right one the stock is held, once for each key: the order."""
    refusal = ada.post("/cart/checkout", {"cartId": cart["id"], "expectedTotal": _eur("90.00")}, 409)
    assert "price_changed" == refusal["code"]
    wanted = {"cartId": cart["id"], "expectedTotal": _eur("100.00")}
    order = ada.post("/cart/checkout", wanted, key="first-order")
    assert order == ada.post("/cart/checkout", wanted, key="first-order")
    ada.post("/cart/checkout", {**wanted, "codes": ["SPRING"]}, 409, key="first-order")
    assert ("awaiting_payment", _eur("100.00"), 2) == (order["status"], order["total"], len(order["vendorOrders"]))
    assert [] == ada.get("/cart")["lines"]
    assert (30, 2) == _stock(mats)
    order_id: str = order["id"]
    return order_id


def _pays(ada: Somebody, order_id: str) -> None:
    """A card is declined, another is not; whoever asks again does not pay again."""
    payment = ada.post("/payments/intent", {"orderId": order_id}, key="pay")["payment"]
    assert payment == ada.post("/payments/intent", {"orderId": order_id}, key="pay")["payment"]
    confirm = f"/payments/{payment['id']}/confirm"
    declined = ada.post(confirm, {"method": "card_declined"}, 200)["payment"]
    assert ("failed", _eur("0.00")) == (declined["status"], declined["captured"])
    for _ in range(2):
        # What this card pays can be paid out at once; what others pay, a provider keeps for some days.
        paid = ada.post(confirm, {"method": "card_available_at_once"}, 200, key="second-card")["payment"]
        assert ("captured", _eur("100.00")) == (paid["status"], paid["captured"])
    assert "confirmed" == ada.get(f"/orders/{order_id}")["status"]
    assert 1 == len(ada.get(f"/orders/{order_id}/payments")["items"])


def _sends(vendor: Somebody, order_id: str, sku: str, *, total: str, earning: str, commission: str) -> None:
    """A vendor sees its own part and nothing else, and sends it; said twice, one parcel was sent."""
    (part,) = vendor.get("/vendor/orders")["items"]
    assert [order_id, [sku]] == [part["orderId"], [line["sku"] for line in part["lines"]]]
    assert [_eur(total), _eur(earning), _eur(commission)] == [part["total"], part["earning"], part["commission"]]
    status = f"/vendor/orders/{order_id}/status"
    vendor.put(status, {"status": "processing"})
    parcel = {"status": "shipped", "carrier": "DHL", "tracking": f"TRACK-{sku}"}
    shipped = vendor.put(status, parcel)
    assert shipped == vendor.put(status, parcel)
    assert ["shipped", 1] == [shipped["status"], len(shipped["shipments"])]
    assert "delivered" == vendor.put(status, {"status": "delivered"})["status"]


def _gives_one_mat_back(iron: Somebody, mats: Somebody, ada: Somebody, order_id: str) -> None:
    """A vendor gives back what it sold, once for each key, and nothing of another vendor's."""
    torn = {"lines": [{"line": 2, "units": 1}], "reason": "came torn"}
    iron.post(f"/vendor/orders/{order_id}/refunds", torn, 404)
    refund = mats.post(f"/vendor/orders/{order_id}/refunds", torn, key="torn")
    assert _eur("20.00") == refund["amount"]
    assert refund["id"] == mats.post(f"/vendor/orders/{order_id}/refunds", torn, key="torn")["id"]
    _until(lambda: ["succeeded"] == [each["status"] for each in ada.get(f"/orders/{order_id}/refunds")["items"]])
    assert _eur("20.00") == ada.get(f"/orders/{order_id}/payments")["items"][0]["refunded"]


def _pays_out(admin: Somebody, amounts: Mapping[str, str]) -> None:
    """A run pays everybody what they have, once for each key, and it is sent by itself; tried before, nothing happens."""
    wanted = {vendor_id: _eur(amount) for vendor_id, amount in amounts.items()}
    run = admin.post("/admin/payouts/runs", key="monday")
    assert wanted == {each["vendorId"]: each["amount"] for each in run["payouts"]}
    again = admin.post("/admin/payouts/runs", key="monday")
    assert {each["id"] for each in run["payouts"]} == {each["id"] for each in again["payouts"]}
    assert [] == admin.post("/admin/payouts/runs", {"dryRun": True})["payouts"]
    _until(lambda: ["sent", "sent"] == [each["status"] for each in admin.get("/admin/payouts")["items"]])


def _becomes_a_vendor(vendor: Somebody, admin: Somebody, url: str, email: str, name: str, country: str) -> str:
    """Sign up, apply, be approved, and be known to the provider: the id."""
    vendor.sign_up(email, name)
    applied = vendor.post("/vendor/apply", {"name": name, "country": country})
    assert "applied" == applied["status"]
    vendor.post(f"/admin/vendors/{applied['id']}/approve", expected=403)
    assert "approved" == admin.post(f"/admin/vendors/{applied['id']}/approve", expected=200)["status"]
    places = {"returnUrl": "https://shop.example/back", "refreshUrl": "https://shop.example/again"}
    onboarding = vendor.post("/vendor/onboarding", places, 200)
    assert not onboarding["vendor"]["payable"]
    visited = httpx.get(onboarding["url"])
    assert (303, places["returnUrl"]) == (visited.status_code, visited.headers["location"])
    assert vendor.post("/vendor/onboarding", places, 200)["vendor"]["payable"]
    vendor_id: str = applied["id"]
    return vendor_id


def _puts_on_sale(vendor: Somebody, category: str, title: str, sku: str, price: str, units: int) -> str:
    """Describe, publish, offer and stock a product: its id."""
    product = vendor.post("/vendor/products", {"title": title, "categoryId": category, "variants": [{"title": "standard"}]})
    assert "published" == vendor.post(f"/vendor/products/{product['id']}/publish", expected=200)["status"]
    offer = {"sku": sku, "productId": product["id"], "variantId": product["variants"][0]["id"], "price": _eur(price)}
    assert "live" == vendor.post("/vendor/offers", offer)["status"]
    place = vendor.post("/vendor/locations", {"name": "stockroom"})["id"]
    receipt = {"sku": sku, "locationId": place, "quantity": units}
    assert units == vendor.post("/vendor/stock/movements", receipt, key="first-delivery")["available"]
    assert units == vendor.post("/vendor/stock/movements", receipt, key="first-delivery")["available"]
    product_id: str = product["id"]
    return product_id


def _make_admin(url: str) -> None:
    """Whoever runs the platform, before anybody can ask for anything."""
    command = [sys.executable, "-m", "quarterturn_api", "users", "create-admin", "admin@example.org", "--database", url]
    done = subprocess.run(command, input=f"{PASSWORD}\n", capture_output=True, text=True, timeout=60, check=False)
    assert 0 == done.returncode, done.stderr
    assert PASSWORD not in done.stdout


def _settings() -> Settings:
    return Settings.from_environment({"QUARTERTURN_SECRET": SECRET})


def _statement(vendor: Somebody) -> Sequence[tuple[str, str]]:
    """Kind and net of each line, once opening and lines are known to make closing, and JSON and CSV to say the same."""
    told = vendor.get("/vendor/statement", currency="EUR")
    lines = told["items"]
    assert Decimal(told["closing"]["amount"]) == Decimal(told["opening"]["amount"]) + sum(
        Decimal(line["net"]["amount"]) for line in lines
    )
    rows = list(csv.DictReader(io.StringIO(vendor.text("/vendor/statement.csv", currency="EUR"))))
    assert [
        (str(line["number"]), line["kind"], line["orderId"] or "", line["commission"]["amount"], line["net"]["amount"])
        for line in lines
    ] == [(row["number"], row["kind"], row["orderId"], row["commission"], row["net"]) for row in rows]
    assert [line["balance"]["amount"] for line in lines] == [row["balance"] for row in rows]
    return [(line["kind"], line["net"]["amount"]) for line in lines]


def _trial_balance(admin: Somebody) -> Mapping[str, str]:
    totals = admin.get("/admin/ledger/totals")["items"]
    return {each["kind"]: each["balance"]["amount"] for each in totals if Decimal(each["balance"]["amount"])}


def _balance(vendor: Somebody) -> Mapping[str, Any]:
    (balance,) = vendor.get("/vendor/balance")["items"]
    found: Mapping[str, Any] = balance
    return found


def _stock(vendor: Somebody) -> tuple[int, int]:
    """What is on hand, and how much of it is reserved."""
    (level,) = vendor.get("/vendor/stock")["items"]
    return level["onHand"], level["reserved"]


def _eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def _until(holds: Callable[[], bool], seconds: float = 45) -> None:
    """Wait for what the service does by itself."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it does not happen"
        time.sleep(0.1)
