"""Redaction: what a text must not carry along into logs and kept failures: secrets, and what tells who somebody is."""

from __future__ import annotations

import re
from typing import Any, Final

from quarterturn_domain.kernel.errors import DomainError, Unavailable

REDACTED: Final = "[redacted]"

MOST_SAID: Final = 500
"""How much is kept of what went wrong, in characters."""

# Tokens, keys and addresses that a text may carry along: ours, a provider's, a person's.
_SECRETS: Final = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:ct|lt|qt|rt)_\w{8,}[\w.-]*|\b(?:sk_live|sk_test|rk_live|rk_test|pi)_\w{8,}(?:_secret_\w+)?"
    r"|\bwhsec_[\w+/=]{8,}|(?i:bearer\s+\S+)|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
# Where PostgreSQL quotes the row that it refused, and what it was doing with it; a row may have many lines.
_QUOTED: Final = re.compile(
    r"^(DETAIL|CONTEXT|QUERY): .*?(?=^(?:DETAIL|CONTEXT|QUERY|HINT|LINE \d+):|^(?:Traceback |\nThe above |\nDuring )|\Z)",
    re.MULTILINE | re.DOTALL,
)
# Numbers of cards and of bank accounts; ids have other shapes.
_NUMBERS: Final = re.compile(
    r"(?<![\w-])[2-6](?:[ -]?\d){12,18}(?![\w-])|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"
)
# What no text of a database can hold, and what a terminal would obey.
_UNWRITABLE: Final = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")


def redacted(text: str) -> str:
    """A text without secrets, addresses, and rows that a database quotes."""
    return _SECRETS.sub(REDACTED, _QUOTED.sub(rf"\1: {REDACTED}\n", text) if ": " in text else text)


def said(failure: BaseException) -> str:
    """What went wrong, to be kept: its kind and the first line of what it says, bounded, without secrets and personal data.

    A database quotes whole rows in the lines after the first, and a bug may quote anything.
    """
    if isinstance(failure, DomainError):
        text = failure.message
    else:
        first = next(iter(str(failure).splitlines()), "")
        text = f"{type(failure).__name__}: {first}" if first else type(failure).__name__
    # Cut afterwards: half of a secret would not be known for one; and a text without end is not searched.
    text = _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text[: 4 * MOST_SAID])
    return _NUMBERS.sub(REDACTED, redacted(text))[:MOST_SAID]


def why(failure: BaseException) -> dict[str, Any]:
    """What a line of the log says of a failure: of somebody who is away a sentence, of a bug how it came about."""
    return {"reason": said(failure)} if isinstance(failure, Unavailable) else {"exc_info": failure}
