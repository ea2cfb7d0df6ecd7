"""How many text messages a text makes: each is paid for. Pure.

3GPP TS 23.038: a text of the GSM alphabet has seven bits a character, 160 in one message, or 153 in each of several;
its extension table takes two places. Any other character makes the whole text UCS-2: 70 places, or 67 in each of
several. No character is torn apart between two, so several may hold fewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_ONE, _EACH = {"gsm-7": 160, "ucs-2": 70}, {"gsm-7": 153, "ucs-2": 67}
_BASIC_PLANE = 0xFFFF


class Size(NamedTuple):
    """Of a text."""

    encoding: Literal["gsm-7", "ucs-2"]
    places: int
    """Of seven bits, or of sixteen."""
    segments: int


def size_of(text: str) -> Size:
    """How it goes out. An empty text is one message."""
    encoding: Literal["gsm-7", "ucs-2"] = "gsm-7" if set(text) <= _BASIC | _EXTENDED else "ucs-2"
    widths = [_width(character, encoding) for character in text]
    places = sum(widths)
    return Size(encoding, places, 1 if places <= _ONE[encoding] else _several(widths, _EACH[encoding]))


def _width(character: str, encoding: str) -> int:
    is_wide = character in _EXTENDED if encoding == "gsm-7" else ord(character) > _BASIC_PLANE
    return 2 if is_wide else 1


def _several(widths: Iterable[int], room: int) -> int:
    count, left = 1, room
    for width in widths:
        if width > left:
            count, left = count + 1, room
        left -= width
    return count
