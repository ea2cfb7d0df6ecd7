"""What JSON we accept in a request body: one meaning only, finite numbers, text that a database can hold."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import msgspec

DEPTH_MAX = 32
_INT_DIGITS_MAX = 19
_LONG_NUMBER = b"0" * _INT_DIGITS_MAX
_AS_ZERO = bytes(48 if 48 <= code < 58 else code for code in range(256))
_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class _Refused(ValueError):
    """The reason is the message."""


def why_refused(body: bytes) -> str | None:
    """None when the body can be accepted; else what is wrong with it, without repeating any of it."""
    return None if _is_plainly_good(body) else _judge(body)


def _is_plainly_good(body: bytes) -> bool:
    """Whether a quick look is enough: true of nearly all bodies, and of none that `_judge` would refuse.

    The decoder refuses bad UTF-8, halves of pairs, and numbers that are none or not finite. Written anew, a body that
    names a member twice has fewer colons: each member has one, and those in texts stay. What the quick look cannot
    tell (long numbers, escaped colons, NUL) is looked at closely.
    """
    try:
        again = _encode(_decode(body))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return (
        body.count(b":") == again.count(b":")
        and (b"\\u00" not in body or (b"\\u003" not in body and b"\\u0000" not in body))
        and _LONG_NUMBER not in body.translate(_AS_ZERO)
        and _is_shallow(body.translate(None, _NOT_BRACKETS))
    )


def _is_shallow(brackets: bytes) -> bool:
    """Whether brackets match within the depth allowed; those inside texts may make it say no, which costs time only."""
    for _ in range(DEPTH_MAX):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return not brackets


def _judge(body: bytes) -> str | None:
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
