"""WooCommerce's REST API, version 3: numbered pages, `X-WP-TotalPages`, a key and its secret over HTTPS."""

from __future__ import annotations

import base64
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from services.gateway.pulling.events.forms import (
    Found,
    Head,
    Headers,
    System,
    as_they_came,
    in_utc,
    no_pause,
    nothing_else,
)

_SIZE = 100


class _Order(msgspec.Struct, frozen=True):
    id: int
    date_created_gmt: datetime
    date_modified_gmt: datetime | None = None


_pages, _orders = msgspec.json.Decoder(list[msgspec.Raw]), msgspec.json.Decoder(_Order)


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(token.encode()).decode()}


def _url(base: str, since: datetime, page: int) -> str:
    query = {
        "modified_after": since.replace(tzinfo=None).isoformat(),
        "dates_are_gmt": "true",
        "orderby": "modified",
        "order": "asc",
        "per_page": str(_SIZE),
        "page": str(page),
    }
    return f"{base}/wp-json/wc/v3/orders?{urlencode(query)}"


def _read(body: bytes, headers: Headers, page: int) -> Found:
    heads = []
    for raw in _pages.decode(body):
        order = _orders.decode(raw)
        heads.append(Head(bytes(raw), order.id, in_utc(order.date_modified_gmt or order.date_created_gmt)))
    pages = headers.get("x-wp-totalpages", "")
    return Found(heads, page >= int(pages) if pages.isdecimal() else len(heads) < _SIZE)


WOOCOMMERCE = System("woocommerce", _headers, _url, _read, nothing_else, as_they_came, no_pause)
