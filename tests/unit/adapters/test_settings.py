"""Settings come from the environment, once, and what makes no sense is named by its variable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quarterturn_adapters.settings import Settings, described
from quarterturn_domain.kernel.errors import Invalid
from quarterturn_domain.payments.payment import CaptureMethod

SRC = Path(__file__).parents[3] / "src"


def test_without_variables_there_is_no_url_and_a_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has to be set: the program then keeps its data in the user's own folder."""
    monkeypatch.setattr("sys.platform", "linux")
    settings = Settings.from_environment({"XDG_DATA_HOME": "/data"})
    assert settings.database_url is None
    assert Path("/data/quarterturn") == settings.data_folder


def test_variables_are_read_and_secrets_are_not_shown(tmp_path: Path) -> None:
    """What is set counts, and the representation of the settings tells no password."""
    url = "postgresql://shop:hunter2@db.example/shop"
    settings = Settings.from_environment({"QUARTERTURN_DATABASE_URL": url, "QUARTERTURN_DATA_FOLDER": str(tmp_path)})
    assert (url, tmp_path) == (settings.database_url, settings.data_folder)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("case", "environment"),
    [
        ("another database", {"QUARTERTURN_DATABASE_URL": "mysql://localhost/shop"}),
        ("no URL at all", {"QUARTERTURN_DATABASE_URL": "localhost"}),
        ("a file for a folder", {"QUARTERTURN_DATA_FOLDER": __file__}),
        ("money at some time", {"QUARTERTURN_CAPTURE": "sometimes"}),
        ("a key that may be seen by everybody", {"QUARTERTURN_STRIPE_SECRET_KEY": "pk_test_123"}),
        ("one secret of two", {"QUARTERTURN_STRIPE_WEBHOOK_SECRETS": "whsec_1, hunter2"}),
        ("a stranger in the clear", {"QUARTERTURN_STRIPE_API_BASE": "http://stripe.example"}),
        ("a path", {"QUARTERTURN_STRIPE_API_BASE": "https://proxy.example/stripe"}),
        ("a page in the clear", {"QUARTERTURN_STRIPE_RETURN_URL": "http://shop.example/paid"}),
        ("a password in an address", {"QUARTERTURN_STRIPE_API_BASE": "https://shop:hunter2@proxy.example"}),
    ],
)
def test_what_makes_no_sense_is_named(case: str, environment: dict[str, str]) -> None:
    """The refusal names the variable and says what was expected."""
    with pytest.raises(Invalid) as refusal:
        Settings.from_environment(environment)
    assert next(iter(environment)) in refusal.value.what, case
    assert refusal.value.expected
    assert "hunter2" not in refusal.value.message


@pytest.mark.parametrize(
    ("word", "method"),
    [
        (None, CaptureMethod.AUTOMATIC),
        ("at-once", CaptureMethod.AUTOMATIC),
        ("first-parcel", CaptureMethod.FIRST_PARCEL),
        ("per-parcel", CaptureMethod.PER_PARCEL),
        ("manual", CaptureMethod.MANUAL),
    ],
)
def test_when_money_is_taken_is_a_word(word: str | None, method: CaptureMethod) -> None:
    """At once, unless it is said otherwise."""
    assert method is Settings.from_environment({} if word is None else {"QUARTERTURN_CAPTURE": word}).capture


def test_what_it_takes_to_speak_to_stripe_is_read_and_not_shown() -> None:
    """A key, any number of secrets, an address; of these only the address is in the representation."""
    settings = Settings.from_environment(
        {
            "QUARTERTURN_STRIPE_SECRET_KEY": "rk_live_hunter2",
            "QUARTERTURN_STRIPE_WEBHOOK_SECRETS": "whsec_hunter2, whsec_hunter3",
            "QUARTERTURN_STRIPE_API_BASE": "http://127.0.0.1:8080",
            "QUARTERTURN_STRIPE_RETURN_URL": "https://shop.example/paid?by=card",
        }
    )
    assert ("rk_live_hunter2", ("whsec_hunter2", "whsec_hunter3")) == (settings.stripe_secret_key, settings.stripe_webhook_secrets)
    assert ("http://127.0.0.1:8080", "https://shop.example/paid?by=card") == (settings.stripe_api_base, settings.stripe_return_url)
    assert "hunter" not in repr(settings)


def test_every_variable_that_the_program_names_is_described() -> None:
    """No variable of the program's own is read, or told of in a sentence, that the table of settings does not have."""
    texts = [path.read_text(encoding="utf-8") for path in SRC.rglob("*.py")]
    assert {each.variable for each in described()} == {
        name for text in texts for name in re.findall(r"QUARTERTURN_[A-Z_]*[A-Z]", text)
    }
