"""BigCommerce's API: orders of version 2, their products, refunds of version 3; limits told by `X-Rate-Limit-*`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import msgspec

from services.gateway.pulling.domain import pause_seconds
from services.gateway.pulling.events.forms import Found, Head, Headers, Question, System, in_utc

_SIZE = 50
_REFUNDED_STATUSES = frozenset({4, 14})
_LEFT_MIN = 3


class _Order(msgspec.Struct, frozen=True):
    id: int
    date_created: str
    date_modified: str = ""
    status_id: int = 0
    refunded_amount: Decimal = Decimal(0)


class _Refunds(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw] = []


_pages = msgspec.json.Decoder(list[msgspec.Raw])
_orders = msgspec.json.Decoder(_Order, strict=False)
_refunds = msgspec.json.Decoder(_Refunds)


def _headers(token: str) -> dict[str, str]:
    return {"X-Auth-Token": token, "Accept": "application/json"}


def _url(base: str, since: datetime, page: int) -> str:
    query = {
        "min_date_modified": since.isoformat(),
        "sort": "date_modified:asc",
        "limit": str(_SIZE),
        "page": str(page),
    }
    return f"{base}/v2/orders?{urlencode(query)}"


def _read(body: bytes, _headers: Headers, _page: int) -> Found:
    heads = []
    for raw in _pages.decode(body) if body.strip() else ():  # 204 where there is none
        order = _orders.decode(raw)
        updated = in_utc(parsedate_to_datetime(order.date_modified or order.date_created))
        refunded = order.refunded_amount > 0 or order.status_id in _REFUNDED_STATUSES
        heads.append(Head(bytes(raw), order.id, updated, refunded))
    return Found(heads, len(heads) < _SIZE)


def _questions(base: str, heads: Sequence[Head]) -> list[Question]:
    asked = [Question(f"{head.id}/products", f"{base}/v2/orders/{head.id}/products?limit=250") for head in heads]
    return asked + [
        Question(f"{head.id}/refunds", f"{base}/v3/orders/{head.id}/payment_actions/refunds")
        for head in heads
        if head.has_refunds
    ]


def _documents(heads: Sequence[Head], answers: Mapping[str, bytes]) -> list[bytes]:
    return [
        msgspec.json.encode(
            {
                "order": msgspec.Raw(head.raw),
                "products": msgspec.Raw(answers.get(f"{head.id}/products", b"").strip() or b"[]"),
                "refunds": _refunds.decode(answers.get(f"{head.id}/refunds", b"").strip() or b"{}").data,
            }
        )
        for head in heads
    ]


def _pause(headers: Headers) -> float:
    left = headers.get("x-rate-limit-requests-left", "")
    if not left.isdecimal() or int(left) >= _LEFT_MIN:
        return 0.0
    return pause_seconds(headers.get("x-rate-limit-time-reset-ms", ""), 0.001)


BIGCOMMERCE = System("bigcommerce", _headers, _url, _read, _questions, _documents, _pause, hidden="&is_deleted=true")
