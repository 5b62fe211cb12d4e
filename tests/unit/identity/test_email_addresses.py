"""E-mail addresses: what can be one, and which are the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_domain.identity.account import comparable, email_address
from quarterturn_domain.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("two of them", "ada@example.org,eve@example.org"),
        ("a comma that a letter's head would take for two", "ada,eve@example.org"),
        ("a name around it", "<ada@example.org>"),
        ("a comment", "ada(eve)@example.org"),
        ("a quoted blank", '"ada"@example.org'),
        ("a line more", "ada@example.org\nBcc:eve@example.org"),
        ("a list", "ada@example.org;eve"),
        ("what nobody sees", "a\N{ZERO WIDTH SPACE}da@example.org"),
        ("what turns the rest round", "\N{RIGHT-TO-LEFT OVERRIDE}ada@example.org"),
        ("a machine", "ada@[127.0.0.1]"),
    ],
)
def test_what_is_no_address(case: str, text: str) -> None:
    """Nothing that a letter's head, or whoever reads it, would take for another address or for several."""
    with pytest.raises(Invalid):
        assert email_address(text), case


@pytest.mark.parametrize("text", ["o'brien+gym@ex-ample.co.uk", "ada_1!#$%&*/=?^`{|}~@example.org", "amélie@müller.example"])
def test_what_is_one(text: str) -> None:
    """Also with signs that few addresses have, and letters of whichever language."""
    assert text == email_address(f" {text.upper() if text.isascii() else text} ")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_one_address_whichever_keyboard_wrote_it(form: str) -> None:
    """A letter with an accent is one character, or two that look like it."""
    assert "amélie@example.org" == email_address(unicodedata.normalize(form, "Amélie@Example.org"))  # type: ignore[arg-type]


@given(st.text(max_size=40))
def test_compared_twice_is_compared_once(text: str) -> None:
    """So that what is kept is found by what is asked for."""
    assert comparable(text) == comparable(comparable(text))
