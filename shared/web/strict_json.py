"""What JSON we accept in a request body: one meaning only, finite numbers, text that a database can hold."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

DEPTH_MAX = 32
_INT_DIGITS_MAX = 19


class _Refused(ValueError):
    """The reason is the message."""


def why_refused(body: bytes) -> str | None:
    """None when the body can be accepted; else what is wrong with it, without repeating any of it."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_constant=_refuse_constant,
            parse_int=_int64,
            parse_float=_finite,
        )
        _check_depth_and_text(value)
    except _Refused as refused:
        return str(refused)
    except UnicodeDecodeError:
        return "is not UTF-8"
    except RecursionError:
        return f"is nested deeper than {DEPTH_MAX}"
    except ValueError:
        return "is not valid JSON"
    return None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Refused("names a member twice")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise _Refused("holds a number that is not finite")


def _int64(digits: str) -> int:
    if len(digits.lstrip("-")) > _INT_DIGITS_MAX or not -(2**63) <= (number := int(digits)) < 2**63:
        raise _Refused("holds a number beyond 64 bits")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _Refused("holds a number that is not finite")
    return number


def _check_depth_and_text(value: Any) -> None:
    layer = [value]
    for _depth in range(DEPTH_MAX + 1):
        inner: list[Any] = []
        for item in layer:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                inner += item.keys()
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not inner:
            return
        layer = inner
    raise _Refused(f"is nested deeper than {DEPTH_MAX}")


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise _Refused("holds a NUL character")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _Refused("holds half a surrogate pair")
