"""Cursor paging: a page tells the cursor of the next one. A cursor holds the sort key of the last item, opaque.

page: items after the cursor, `limit + 1` of them asked for; `Page.of(rows, limit, key=…)` cuts and points on.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, Self, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from shared.problems import FieldError, invalid

ItemT = TypeVar("ItemT")
KeyT = TypeVar("KeyT")

LIMIT_MAX = 500
CURSOR_LENGTH_MAX = 512

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def _only_digits(value: Any) -> Any:
    # pydantic would take "30.0", " 30" and "3_0" for a number as well.
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise PydanticCustomError("int_parsing", "not a whole number")
    return value


Digits = BeforeValidator(_only_digits)
"""For whole numbers in a query. It stands after their limits, which the API's description would lose otherwise."""
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Items of a page, at most.", examples=[50]), Digits]
Cursor = Annotated[
    str | None,
    Query(max_length=CURSOR_LENGTH_MAX, description="`next` of the page before; absent for the first page."),
]


class Page(BaseModel, Generic[ItemT]):
    """Some items, and where the next ones begin."""

    items: list[ItemT]
    next: str | None = Field(description="Cursor of the next page; null on the last.")

    @classmethod
    def of(cls, found: Sequence[ItemT], limit: int, key: Callable[[ItemT], tuple[Any, ...]]) -> Self:
        """A page from up to `limit + 1` items in order; `key` gives the sort key that the next page starts after."""
        items = list(found[:limit])
        more = len(found) > limit and bool(items)
        return cls(items=items, next=write_cursor(key(items[-1])) if more else None)


def write_cursor(key: tuple[Any, ...]) -> str:
    """A sort key (whole numbers, texts, dates) as text for a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(text: str | None, key_type: type[KeyT]) -> KeyT | None:
    """The sort key, such as `tuple[int, str]`; None for the first page. 422 when the text is not a cursor of ours."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        key = msgspec.json.decode(raw, type=key_type)
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        raise _refused() from None
    for part in key if isinstance(key, tuple) else (key,):
        if (isinstance(part, int) and not -(2**63) <= part < 2**63) or (isinstance(part, str) and "\x00" in part):
            raise _refused()
    return key


def _refused() -> Exception:
    return invalid(FieldError("query.cursor", "is not a cursor; start again without one"))
