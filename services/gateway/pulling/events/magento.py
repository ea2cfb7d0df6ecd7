"""Magento's REST API: orders and credit memos by `searchCriteria`; a page behind the last repeats the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

import msgspec

from services.gateway.pulling.events.forms import Found, Head, Headers, Question, System, in_utc, no_pause

_SIZE = 100
_MEMOS = 1_000
_FILTER = "searchCriteria[filter_groups][0][filters][0]"


class _Order(msgspec.Struct, frozen=True):
    entity_id: int
    created_at: datetime
    updated_at: datetime | None = None
    total_refunded: Decimal | None = None
    total_offline_refunded: Decimal | None = None
    state: str = ""


class _Memo(msgspec.Struct, frozen=True):
    order_id: int


class _Page(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw] | None = None
    total_count: int = 0


_pages = msgspec.json.Decoder(_Page, strict=False)
_orders = msgspec.json.Decoder(_Order, strict=False)
_memos = msgspec.json.Decoder(_Memo, strict=False)


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def _url(base: str, since: datetime, page: int) -> str:
    query = {
        f"{_FILTER}[field]": "updated_at",
        f"{_FILTER}[value]": f"{since:%Y-%m-%d %H:%M:%S}",
        f"{_FILTER}[condition_type]": "gteq",
        "searchCriteria[sortOrders][0][field]": "updated_at",
        "searchCriteria[sortOrders][0][direction]": "ASC",
        "searchCriteria[pageSize]": str(_SIZE),
        "searchCriteria[currentPage]": str(page),
    }
    return f"{base}/rest/V1/orders?{urlencode(query)}"


def _read(body: bytes, _headers: Headers, page: int) -> Found:
    found = _pages.decode(body)
    heads = []
    for raw in found.items or ():
        order = _orders.decode(raw)
        refunded = bool(order.total_refunded or order.total_offline_refunded) or order.state == "closed"
        heads.append(Head(bytes(raw), order.entity_id, in_utc(order.updated_at or order.created_at), refunded))
    return Found(heads, page * _SIZE >= found.total_count)


def _questions(base: str, heads: Sequence[Head]) -> list[Question]:
    refunded = [str(head.id) for head in heads if head.has_refunds]
    if not refunded:
        return []
    query = {
        f"{_FILTER}[field]": "order_id",
        f"{_FILTER}[value]": ",".join(refunded),
        f"{_FILTER}[condition_type]": "in",
        "searchCriteria[pageSize]": str(_MEMOS),
    }
    return [Question("memos", f"{base}/rest/V1/creditmemos?{urlencode(query)}")]


def _documents(heads: Sequence[Head], answers: Mapping[str, bytes]) -> list[bytes]:
    memos: dict[int, list[msgspec.Raw]] = {}
    for raw in _pages.decode(answers.get("memos", b"{}")).items or ():
        memos.setdefault(_memos.decode(raw).order_id, []).append(raw)
    return [msgspec.json.encode({"order": msgspec.Raw(head.raw), "memos": memos.get(head.id, [])}) for head in heads]


MAGENTO = System("magento", _headers, _url, _read, _questions, _documents, no_pause)
