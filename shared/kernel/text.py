"""Folding of text that people type in several ways: Persian and Arabic digits and letters, invisible marks, case.

Two spellings of one value fold to the same text, and folding a folded text changes nothing.
"""

from __future__ import annotations

import re
import unicodedata

_ASCII_DIGITS = "0123456789"
_DIGIT_FORMS = (
    "٠١٢٣٤٥٦٧٨٩",  # Arabic-Indic
    "۰۱۲۳۴۵۶۷۸۹",  # extended Arabic-Indic, as Persian keyboards type them
    "０１２３４５６７８９",  # full width
)
_DIGITS = {
    ord(form): ascii_digit for forms in _DIGIT_FORMS for form, ascii_digit in zip(forms, _ASCII_DIGITS, strict=True)
}

# One letter, typed by an Arabic or by a Persian keyboard. Letters that differ in either language stay apart (ه and ة,
# ا and أ): joining them would take two people for one.
_LETTERS = {
    ord("ي"): "ی",  # U+064A Arabic yeh
    ord("ى"): "ی",  # U+0649 alef maksura, the same key on some keyboards
    ord("ۍ"): "ی",  # U+06CD yeh with tail
    ord("ك"): "ک",  # U+0643 Arabic kaf
    ord("ڪ"): "ک",  # U+06AA swash kaf
    ord("ہ"): "ه",  # U+06C1 heh goal
    ord("ە"): "ه",  # U+06D5 ae, written as heh
}

# Zero-width joiners and spaces, direction marks, soft hyphen, byte order mark, tatweel and vowel signs: not letters.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\u00ad\ufeff\u061c\u0640\u064b-\u0652\u0670]")
_SPACES = re.compile(r"\s+")
_ROUNDS_MAX = 8  # one is enough for what people type; crafted sequences of combining marks need another


def fold_digits(text: str) -> str:
    """Persian, Arabic and full-width digits as 0-9; everything else as it was."""
    return text if text.isascii() else text.translate(_DIGITS)


def fold_letters(text: str) -> str:
    """One form for each letter (ي→ی, ك→ک, presentation forms), without tatweel, vowel signs and invisible marks.

    Trimmed, runs of white space as one space. Case and digits stay as they are.
    """
    return _until_stable(text, casefold=False)


def fold(text: str) -> str:
    """The form under which a value identifies somebody: digits and letters folded, trimmed, without case."""
    return _until_stable(fold_digits(text), casefold=True)


def _until_stable(text: str, *, casefold: bool) -> str:
    for _ in range(_ROUNDS_MAX):
        folded = _fold_once(text, casefold=casefold)
        if folded == text:
            return folded
        text = folded
    return text


def _fold_once(text: str, *, casefold: bool) -> str:
    if not text.isascii():
        # NFKC takes presentation forms apart and puts letter and mark together; the marks we drop go before and after.
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
        text = _INVISIBLE.sub("", text).translate(_LETTERS)
    text = _SPACES.sub(" ", text).strip()
    if casefold:
        text = fold_digits(text.casefold())
    return text
