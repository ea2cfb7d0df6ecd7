"""Answers to text messages that say: no more. In Persian, Arabic and English, as people type them. Pure."""

from __future__ import annotations

import re

from shared.kernel import fold

_WORDS = (
    *("stop", "stop all", "stopall", "unsubscribe", "unsub", "cancel", "end", "quit", "revoke", "opt out", "optout"),
    *("لغو", "لغو عضویت", "لغو اشتراک", "لغو ۱۱", "۱۱", "توقف", "انصراف", "نفرست", "نفرستید"),
    *("إيقاف", "ايقاف", "أوقف", "اوقف", "قف", "توقف", "إلغاء", "الغاء", "إلغاء الاشتراك", "الغاء الاشتراك"),
)
"""`۱۱` is what networks in Iran have people answer with."""
_MARKS = re.compile(r"[\W_]+")


def _plain(text: str) -> str:
    # Half-spaces go in `fold`, so words that may be joined are compared without blanks.
    return _MARKS.sub("", fold(text))


_STOPS = frozenset(_plain(word) for word in _WORDS)


def is_stop(text: str) -> bool:
    """Whether the whole answer is such a word: in a sentence it may mean anything."""
    return _plain(text) in _STOPS
