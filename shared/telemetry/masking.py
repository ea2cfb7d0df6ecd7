"""Masking of contacts in whatever is about to be written to a log. The last line of defence, not the first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from shared.kernel import fold_digits

MASK = "***"

_PERSONAL_FIELDS = frozenset(
    {"email", "e_mail", "phone", "mobile", "name", "first_name", "last_name", "address", "body", "payload"}
    | {"shop_customer_id", "authorization", "x-api-key", "api_key", "password", "secret", "secret_key", "token"}
)
_EMAIL = re.compile(r"[^\s@,;:<>\"'()\[\]=]+@[^\s@,;:<>\"'()\[\]=]+\.[^\s@,;:<>\"'()\[\]=.]{2,}")
# International (+98 912 …, 0098…) and national (0912 …) forms. Not inside ids, dates or longer numbers.
_PHONE = re.compile(
    r"(?<![\w.:-])(?:(?:\+|00)[1-9](?:[ ()-]{0,2}\d){7,14}|\(?0[1-9](?:[ ()-]{0,2}\d){8,10})(?![\w:.-]*\w)"
)
_API_KEY = re.compile(r"mdg_[0-9A-Za-z]{1,40}_[0-9A-Za-z_-]{20,}")
_TOKEN = re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")
_DEPTH_MAX = 6


def mask_text(text: str) -> str:
    """The text with e-mails, phone numbers (Persian digits too), API keys and staff tokens replaced by `***`."""
    folded = fold_digits(text)  # one character for one, so that what is not masked keeps its place
    for pattern in (_API_KEY, _TOKEN, _EMAIL, _PHONE):
        if pattern.search(folded):
            text = folded = pattern.sub(MASK, folded)
    return text


def mask(value: Any, depth: int = 0) -> Any:
    """The value with contacts masked in every text of it, and personal fields replaced whole."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return MASK if depth >= _DEPTH_MAX else _mask_inside(value, depth + 1)
    return mask_text(str(value))


def _mask_inside(value: Mapping[Any, Any] | Iterable[Any], depth: int) -> Any:
    if isinstance(value, Mapping):
        return {k: MASK if _is_personal(k) else mask(v, depth) for k, v in value.items()}
    return [mask(item, depth) for item in value]


def _is_personal(key: object) -> bool:
    return isinstance(key, str) and key.lower() in _PERSONAL_FIELDS
