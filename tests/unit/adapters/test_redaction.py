"""What is kept of a failure: enough to mend it, bounded, and nothing that is secret or tells who somebody is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterturn_adapters.redaction import MOST_SAID, REDACTED, said
from quarterturn_domain.kernel.errors import DomainError, Unavailable


class _Quoting(Exception):
    """Quotes a row, as databases do."""


@pytest.mark.parametrize(
    ("case", "failure", "expected"),
    [
        ("a refusal", Unavailable("the mailer"), "the mailer is not available"),
        ("a bug", KeyError("a bug"), "KeyError: 'a bug'"),
        ("a bug that says nothing", ValueError(), "ValueError"),
        ("a row that a database quotes", _Quoting("not unique\nDETAIL:  (Ada Lovelace, 1 Secret Street)"), "_Quoting: not unique"),
        ("an address", ValueError("no mail to ada@example.org"), f"ValueError: no mail to {REDACTED}"),
        ("a key", ValueError("sk_live_4eC39HqLyjWDarjtT1zdp7dc is wrong"), f"ValueError: {REDACTED} is wrong"),
        ("a secret of webhooks", ValueError("whsec_C2FVsBQIhrscChlQ+IYrs/Qq="), f"ValueError: {REDACTED}"),
        ("a client's secret", ValueError("pi_3OZJ9f2eZvKYlo2C_secret_abcdefgh"), f"ValueError: {REDACTED}"),
        ("a bearer's token", ValueError("Bearer abc.def"), f"ValueError: {REDACTED}"),
        ("a password in a URL", OSError("redis://me:hidden@host:6379/0"), f"OSError: redis://{REDACTED}@host:6379/0"),
        ("a card", ValueError("card 4242 4242 4242 4242 was declined"), f"ValueError: card {REDACTED} was declined"),
        ("a bank account", ValueError("DE89370400440532013000 is closed"), f"ValueError: {REDACTED} is closed"),
        (
            "an id",
            KeyError("01890a5d-ac96-774b-bcce-b302099a8057 00000000-0000-0000-0000-000000000001"),
            "KeyError: '01890a5d-ac96-774b-bcce-b302099a8057 00000000-0000-0000-0000-000000000001'",
        ),
        ("characters that no database keeps", ValueError("a\0b\ud800c"), "ValueError: a\ufffdb\ufffdc"),
        ("colours for a terminal", ValueError("a\x1b[31mb"), "ValueError: a\ufffd[31mb"),
    ],
)
def test_what_is_kept_of_a_failure(case: str, failure: Exception, expected: str) -> None:
    """What went wrong, and nothing that somebody may misuse."""
    assert expected == said(failure), case


@given(st.text(), st.integers(1, 2_000), st.booleans())
def test_whatever_it_says_can_be_kept(text: str, times: int, refusal: bool) -> None:
    """It is bounded, and every database and every log can write it."""
    failure: Exception = Unavailable(text * times) if refusal else ValueError(text * times)
    kept = said(failure)
    assert len(kept) <= MOST_SAID
    assert kept == json.loads(json.dumps(kept).encode("utf-8"))
    assert "\0" not in kept
    assert isinstance(failure, DomainError) or kept.startswith("ValueError")
