"""What a log line may say: never a secret, an address, or a row of somebody's, wherever it stands in the line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quarterturn_adapters.redaction import REDACTED, redacted, why
from quarterturn_api.edge.logs import redact
from quarterturn_domain.kernel.errors import Unavailable

ID = "0" * 32
ROW = "DETAIL:  Failing row contains (7, Ada Lovelace, 12 Analytical Row,\n\nthe blue door, LINEN)."


@pytest.mark.parametrize(
    ("case", "text", "expected"),
    [
        ("a refresh token", f"got rt_{ID}_ab-cdefghij.klm-nopqrst!", f"got {REDACTED}!"),
        ("an API key", f"got qt_{ID}_-abcdefgh-ijklmnop", f"got {REDACTED}"),
        ("the token of a letter", f"got lt_{ID}_-ab.cd_efghijklm", f"got {REDACTED}"),
        ("the token of a cart", f"got ct_{ID}_{'a' * 64}", f"got {REDACTED}"),
        ("a row", f"bad value\n{ROW}", f"bad value\nDETAIL: {REDACTED}\n"),
        ("a row, and a hint", f"bad value\n{ROW}\nHINT:  Do better.", f"bad value\nDETAIL: {REDACTED}\nHINT:  Do better."),
        (
            "a row within a chain of failures",
            f"Bad: value\n{ROW}\n\nThe above exception was the direct cause\n\nTraceback (most",
            f"Bad: value\nDETAIL: {REDACTED}\n\nThe above exception was the direct cause\n\nTraceback (most",
        ),
        ("what was done with it", "x\nCONTEXT:  COPY people, line 1: Ada", f"x\nCONTEXT: {REDACTED}\n"),
        ("words that look alike", "the DETAIL: of it", "the DETAIL: of it"),
    ],
)
def test_what_a_text_must_not_say(case: str, text: str, expected: str) -> None:
    """Whole: half of a secret is as good as the secret."""
    assert expected == redacted(text), case


def test_who_is_away_is_told_of_in_a_sentence() -> None:
    """A log that fills with tracebacks while a database is away hides what else there is; of a bug it says how it came about."""
    bug = ZeroDivisionError("division by zero")
    away = Unavailable("The database")

    assert {"reason": away.message} == why(away)
    assert {"exc_info": bug} == why(bug)


@pytest.mark.parametrize(
    "where", [lambda text: text, lambda text: [text], lambda text: ({"why": [text]},), lambda text: {"a": text}]
)
def test_wherever_it_stands(where: Any) -> None:  # noqa: ANN401
    """In a text, in a list, in a list of mappings."""
    line = redact(None, "", {"event": "refused", "found": where("ada@example.org")})

    assert "ada@example.org" not in json.dumps(line)
    assert REDACTED in json.dumps(line)
