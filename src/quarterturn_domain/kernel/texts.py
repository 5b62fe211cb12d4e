"""What a text may contain: every character that every database keeps."""

from __future__ import annotations

import re
from typing import Final

from quarterturn_domain.kernel.errors import Invalid

# Half of a surrogate pair is no character, so that UTF-8 has no bytes for it; and PostgreSQL keeps no NUL.
_UNWRITABLE: Final = re.compile("[\0\ud800-\udfff]")


def written(**texts: str | None) -> None:
    """Refuse, as `Invalid` that names it, a text with NUL or a lone surrogate; None is no text."""
    for name, text in texts.items():
        if text and (found := _UNWRITABLE.search(text)):
            article = "an" if name[0] in "aeiou" else "a"
            raise Invalid(f"{article} {name} with the character U+{ord(found[0]):04X}", "text without NUL and lone surrogates")


def short(longest: int, **texts: str | None) -> None:
    """Refuse, as `Invalid` that names it, a text with more than `longest` characters, or one that is not `written`."""
    for name, text in texts.items():
        if text and len(text) > longest:
            raise Invalid(f"a {name} of {len(text)} characters", f"at most {longest}")
    written(**texts)
