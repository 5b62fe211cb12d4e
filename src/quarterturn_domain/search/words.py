"""Words: what a text is made of once case, accents and forms of letters no longer matter."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category, normalize

LONGEST_WORD: Final = 64
"""How many characters of a word count."""

_WORD: Final = re.compile(r"[^\W_]+")
# Ideographs are written without spaces: each is a word of its own, so that a part of a phrase finds it.
_IDEOGRAPH: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def fold(text: str) -> str:
    """`text` with compatible forms made one, in lower case, without accents and other marks.

    >>> fold("Straße ÉTÉ ﬁn")
    'strasse ete fin'
    """
    # Folding the case may make new letters with marks: a second pass takes them apart, too.
    folded = normalize("NFKD", normalize("NFKD", text).casefold())
    return folded if folded.isascii() else "".join(letter for letter in folded if category(letter) != "Mn")


def words(text: str) -> list[str]:
    """The words of `text` in order, folded; a word is a run of letters and digits, or one ideograph.

    >>> words("Ruder-Gerät „Größe L“, 折叠")
    ['ruder', 'gerat', 'grosse', 'l', '折', '叠']
    """
    apart = _IDEOGRAPH.sub(lambda found: f" {found[0]} ", fold(text))
    return [word[:LONGEST_WORD] for word in _WORD.findall(apart)]


def trigrams(word: str) -> frozenset[str]:
    """Every three letters in a row of `word`, which has two spaces before it and one behind it.

    >>> sorted(trigrams("mat"))
    ['  m', ' ma', 'at ', 'mat']
    """
    padded = f"  {word} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))
