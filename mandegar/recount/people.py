"""Who ordered: the shop's own customer id first, else the phone, else the e-mail, each in one spelling."""

from __future__ import annotations

import json
from typing import Any

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_NOBODY = {"", "0", "null", "none", "nil", "undefined", "nan"}


def person_of(data: dict[str, Any], phone_prefix: str) -> str | None:
    """A text that is equal for equal customers; None for a guest. Events between services name the surrogate itself."""
    if "surrogate" in data:
        return None if data["surrogate"] is None else str(data["surrogate"])
    for kind in ("customer_id", "phone", "email"):
        value = data.get(kind)
        text = "" if value is None else str(value).strip().translate(_DIGITS)
        if text.lower() in _NOBODY:
            continue
        if kind == "phone":
            text = _international(text, phone_prefix)
        return f"{kind}:{text.lower() if kind == 'email' else text}"
    return None


class Pointers:
    """Whom surrogates are counted as, by the last word of `customers.v1` on each."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[int, str]] = {}

    def take(self, line: bytes | str) -> None:
        """Heed an event of a customer; anything else says nothing."""
        try:
            event = json.loads(line)
            if event["type"] not in ("customer.updated", "customer.merged", "customer.unmerged"):
                return
            key = event["shop"], event["data"]["customer"]
            word = event["sequence"], event["data"]["canonical"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        self._last[key] = max(word, self._last.get(key, word))

    def counted(self, shop: str, data: dict[str, Any]) -> dict[str, Any]:
        """The data of an order as if it named whom its customer is."""
        named = data.get("surrogate")
        known = None if named is None else self._last.get((shop, named))
        return data if known is None else {**data, "surrogate": known[1]}


def _international(text: str, prefix: str) -> str:
    digits = "".join(sign for sign in text if sign.isdigit())
    if text.startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    return prefix + digits.removeprefix("0")
