"""Shopify's REST Admin API: pages by the `Link` header, a leaky bucket told by `X-Shopify-Shop-Api-Call-Limit`."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from services.gateway.pulling.events.forms import Found, Head, Headers, System, as_they_came, in_utc, nothing_else

_VERSION = "2025-01"
_NEXT = re.compile(r'<([^<>]{1,3000})>;\s*rel="?next"?')
_BUCKET = re.compile(r"(\d{1,6})/(\d{1,6})")
_FULL = 0.8
_LEAK_SECONDS = 2.0


class _Order(msgspec.Struct, frozen=True):
    id: int
    updated_at: datetime


class _Page(msgspec.Struct, frozen=True):
    orders: list[msgspec.Raw]


_pages, _orders = msgspec.json.Decoder(_Page), msgspec.json.Decoder(_Order)


def _headers(token: str) -> dict[str, str]:
    return {"X-Shopify-Access-Token": token}


def _url(base: str, since: datetime, _page: int) -> str:
    query = {"status": "any", "limit": "250", "order": "updated_at asc", "updated_at_min": since.isoformat()}
    return f"{base}/admin/api/{_VERSION}/orders.json?{urlencode(query)}"


def _read(body: bytes, headers: Headers, _page: int) -> Found:
    heads = []
    for raw in _pages.decode(body).orders:
        order = _orders.decode(raw)
        heads.append(Head(bytes(raw), order.id, in_utc(order.updated_at)))
    link = _NEXT.search(headers.get("link", ""))
    return Found(heads, link is None, link[1] if link else "")


def _pause(headers: Headers) -> float:
    bucket = _BUCKET.fullmatch(headers.get("x-shopify-shop-api-call-limit", "").strip())
    return _LEAK_SECONDS if bucket and int(bucket[1]) >= _FULL * int(bucket[2]) else 0.0


SHOPIFY = System("shopify", _headers, _url, _read, nothing_else, as_they_came, _pause)
