"""The double is as strict as Stripe: what the contract, or the rules beside it, do not allow is noted, and fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
import requests
import stripe
from stripe import RequestsClient, StripeClient
from tests.doubles.stripe.books import Terms
from tests.doubles.stripe.charging import APPROVED
from tests.doubles.stripe.contract import decoded
from tests.doubles.stripe.double import SECRET_KEY, VERSION, StripeDouble
from tests.doubles.stripe.driver import NOW

from quarterturn_adapters.clock import ManualClock


@pytest.fixture
def double() -> Iterator[StripeDouble]:
    """A double of its own."""
    with StripeDouble(ManualClock(NOW), Terms()) as listening:
        yield listening


@pytest.fixture
def session() -> Iterator[RequestsClient]:
    """A client's connections."""
    with requests.Session() as held:
        yield RequestsClient(session=held)


def client(double: StripeDouble, session: RequestsClient, *, key: str = SECRET_KEY, version: str = VERSION) -> StripeClient:
    """Stripe's own client, with nothing of ours around it."""
    return StripeClient(key, stripe_version=version, base_addresses={"api": double.url}, http_client=session)


SLIPS: Final[dict[str, tuple[Callable[[StripeClient], object], str]]] = {
    "a parameter that is gone since September 2026": (
        lambda asked: asked.v1.payment_intents.create(
            {"amount": 100, "currency": "eur", "payment_method_types": ["card"]}  # type: ignore[typeddict-unknown-key]
        ),
        "payment_method_types",
    ),
    "a list by pages": (
        lambda asked: asked.v1.payment_intents.list({"page": 2}),  # type: ignore[arg-type]
        "page",
    ),
    "a reason that is none": (
        lambda asked: asked.v1.payment_intents.cancel("pi_1", {"cancellation_reason": "bored"}),
        "cancellation_reason",
    ),
    "a JSON body with more than there is": (
        lambda asked: asked.v2.core.account_links.create(
            {"account": "acct_1", "use_case": {"type": "account_onboarding"}, "return_url": "x"}  # type: ignore[typeddict-unknown-key]
        ),
        "return_url",
    ),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_request_against_the_contract_is_noted(
    name: str, double: StripeDouble, session: RequestsClient, shared_contracts: Path
) -> None:
    """Whatever else becomes of it, the request is noted with the word that is wrong."""
    slip, word = SLIPS[name]
    with suppress(stripe.StripeError):
        slip(client(double, session))
    assert any(word in each for each in double.wrong), name


@pytest.mark.parametrize(
    ("case", "key", "version", "word"),
    [
        ("a key that is not the platform's", "sk_test_of_others", VERSION, "key"),
        ("another version", SECRET_KEY, "2024-04-10", "2024-04-10"),
    ],
)
def test_headers_are_held_too(case: str, key: str, version: str, word: str, double: StripeDouble, session: RequestsClient) -> None:
    """Who asks, and in which version, is part of every request."""
    client(double, session, key=key, version=version).v1.balance_transactions.list()
    assert any(word in each for each in double.wrong), case


def test_an_answer_against_the_contract_is_noted(double: StripeDouble, session: RequestsClient, shared_contracts: Path) -> None:
    """The double may not say what Stripe would not: a wrong type, a missing member, one that there is not, an unknown status."""
    asked = client(double, session)
    intent = asked.v1.payment_intents.create(
        {
            "amount": 1_000,
            "currency": "eur",
            "confirm": True,
            "payment_method": APPROVED,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    assert [] == double.wrong
    record = double.books.things[intent.id]
    for change in ({"amount": "1000"}, {"capture_method": None}, {"colour": "red"}, {"status": "sleeping"}):
        before = dict(record)
        record.update(change)
        asked.v1.payment_intents.retrieve(intent.id)
        record.clear()
        record.update(before)
        assert double.wrong, f"{change} went through"
        double.wrong.clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("amount=1&currency=eur", {"amount": "1", "currency": "eur"}),
        ("metadata[order%20id]=7", {"metadata": {"order id": "7"}}),
        ("expand[0]=b&expand[1]=a", {"expand": ["b", "a"]}),
        ("a[b][0][c]=1&a[b][1][c]=2", {"a": {"b": [{"c": "1"}, {"c": "2"}]}}),
        ("description=", {"description": ""}),
    ],
)
def test_forms_are_read(text: str, expected: object) -> None:
    """Names are paths: brackets lead into objects, numbers into lists."""
    assert expected == decoded(text)


def test_keys_are_as_stripe_has_them(double: StripeDouble, session: RequestsClient) -> None:
    """The same answer for the same request and key, marked as such; an error for another request; nonsense is not kept."""
    intents = client(double, session).v1.payment_intents
    with pytest.raises(stripe.InvalidRequestError):
        intents.create({"amount": 0, "currency": "eur"}, {"idempotency_key": "one"})
    first = intents.create({"amount": 100, "currency": "eur"}, {"idempotency_key": "one"})
    again = intents.create({"amount": 100, "currency": "eur"}, {"idempotency_key": "one"})
    assert first.id == again.id
    assert again.last_response is not None
    assert "true" == again.last_response.headers["Idempotent-Replayed"]
    with pytest.raises(stripe.IdempotencyError):
        intents.create({"amount": 101, "currency": "eur"}, {"idempotency_key": "one"})
    assert 1 == len(double.books.all("payment_intent"))
