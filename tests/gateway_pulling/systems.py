"""A server that plays the documented API of each shop system: pages, limits, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import base64
import copy
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.gateway_webhooks.ground import payload

TOKENS = {
    "shopify": "shpat_0123456789abcdef",
    "woocommerce": "ck_0123456789:cs_fedcba9876",
    "bigcommerce": "bc-0123456789abcdef",
    "magento": "mage-0123456789abcdef",
}
BASES = {"shopify": "", "woocommerce": "", "bigcommerce": "/stores/abc123", "magento": ""}
_FILTER = "searchCriteria[filter_groups][0][filters][0]"


def _shopify(number: int, placed: datetime, changed: datetime) -> dict[str, Any]:
    return payload(
        "shopify_order",
        id=number,
        created_at=placed.isoformat(),
        processed_at=placed.isoformat(),
        updated_at=changed.isoformat(),
    )


def _woocommerce(number: int, placed: datetime, changed: datetime) -> dict[str, Any]:
    naive = {"date_created_gmt": placed, "date_modified_gmt": changed}
    return payload(
        "woocommerce_order", id=number, **{name: at.replace(tzinfo=None).isoformat() for name, at in naive.items()}
    )


def _bigcommerce(number: int, placed: datetime, changed: datetime) -> dict[str, Any]:
    order: dict[str, Any] = copy.deepcopy(payload("bigcommerce_order")["order"])
    return order | {"id": number, "date_created": format_datetime(placed), "date_modified": format_datetime(changed)}


def _magento(number: int, placed: datetime, changed: datetime) -> dict[str, Any]:
    order: dict[str, Any] = copy.deepcopy(payload("magento_order")["order"])
    own = {"entity_id": number, "increment_id": f"{number:09}"}
    return order | own | {"created_at": f"{placed:%Y-%m-%d %H:%M:%S}", "updated_at": f"{changed:%Y-%m-%d %H:%M:%S}"}


_MAKE: dict[str, Callable[[int, datetime, datetime], dict[str, Any]]] = {
    "shopify": _shopify,
    "woocommerce": _woocommerce,
    "bigcommerce": _bigcommerce,
    "magento": _magento,
}


@dataclass
class ShopSystem:
    """One shop, and how its API answers."""

    vendor: str
    orders: dict[int, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)
    """By number: when it last changed, and how it looks."""
    refunds: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    base: str = ""
    asked: list[str] = field(default_factory=list)
    faults: list[Response | str] = field(default_factory=list)
    """Answers to give first, one for each call; `break` ends the connection, `go` answers well."""
    size: int = 0
    """Orders of a page; 0: as many as were asked for."""
    before_page: Callable[[int], None] = lambda _page: None
    slow_seconds: float = 0.0
    pages: int = 0
    _cursors: dict[str, list[int]] = field(default_factory=dict)

    def add(self, number: int, changed: datetime, **changes: Any) -> dict[str, Any]:
        """An order that was placed a minute before it changed last."""
        order = _MAKE[self.vendor](number, changed - timedelta(minutes=1), changed) | changes
        self.orders[number] = (changed, order)
        return order

    def since(self, at: datetime) -> list[dict[str, Any]]:
        ordered = sorted((changed, number) for number, (changed, _) in self.orders.items() if changed >= at)
        return [self.orders[number][1] for _, number in ordered]

    async def answer(self, request: Request) -> Response:
        self.asked.append(f"{request.url.path}?{request.url.query}")
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Response):
                return fault
            if fault == "break":
                return _Broken()
        if not self._is_known(request):
            return Response(status_code=401)
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)
        return {
            "shopify": self._of_shopify,
            "woocommerce": self._of_woocommerce,
            "bigcommerce": self._of_bigcommerce,
            "magento": self._of_magento,
        }[self.vendor](request)

    def _is_known(self, request: Request) -> bool:
        token = TOKENS[self.vendor]
        given = {
            "shopify": ("x-shopify-access-token", token),
            "woocommerce": ("authorization", "Basic " + base64.b64encode(token.encode()).decode()),
            "bigcommerce": ("x-auth-token", token),
            "magento": ("authorization", f"Bearer {token}"),
        }[self.vendor]
        return request.headers.get(given[0]) == given[1]

    def _turn(self) -> None:
        self.pages += 1
        self.before_page(self.pages)

    def _of_shopify(self, request: Request) -> Response:
        assert request.url.path == "/admin/api/2025-01/orders.json"
        query = request.query_params
        self._turn()
        if "page_info" in query:  # a page of what the first one found, in the order that it had then
            numbers = self._cursors[query["page_info"]]
        else:
            assert (query["status"], query["order"]) == ("any", "updated_at asc")
            numbers = [one["id"] for one in self.since(datetime.fromisoformat(query["updated_at_min"]))]
        size = self.size or int(query["limit"])
        headers = {"X-Shopify-Shop-Api-Call-Limit": "3/40"}
        if len(numbers) > size:
            name = f"c{len(self._cursors)}"
            self._cursors[name] = numbers[size:]
            headers["Link"] = f'<{self.base}/admin/api/2025-01/orders.json?limit={size}&page_info={name}>; rel="next"'
        return JSONResponse({"orders": [self.orders[number][1] for number in numbers[:size]]}, headers=headers)

    def _of_woocommerce(self, request: Request) -> Response:
        assert request.url.path == "/wp-json/wc/v3/orders"
        query = request.query_params
        assert (query["orderby"], query["order"], query["dates_are_gmt"]) == ("modified", "asc", "true")
        self._turn()
        after = datetime.fromisoformat(query["modified_after"]).replace(tzinfo=UTC)
        found = self.since(after + timedelta(seconds=1))  # what changed just then is left out
        size, page = self.size or int(query["per_page"]), int(query["page"])
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(-(-len(found) // size))}
        return JSONResponse(found[(page - 1) * size : page * size], headers=headers)

    def _of_bigcommerce(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/stores/abc123")
        headers = {"X-Rate-Limit-Requests-Left": "149", "X-Rate-Limit-Time-Reset-Ms": "30000"}
        if found := re.fullmatch(r"/v2/orders/(\d+)/products", path):
            return JSONResponse(payload("bigcommerce_order")["products"], headers=headers)
        if found := re.fullmatch(r"/v3/orders/(\d+)/payment_actions/refunds", path):
            return JSONResponse({"data": self.refunds.get(int(found[1]), []), "meta": {}}, headers=headers)
        assert path == "/v2/orders"
        query = request.query_params
        assert query["sort"] == "date_modified:asc"
        if query.get("is_deleted") != "true":
            self._turn()
        hidden = query.get("is_deleted") == "true"
        orders = self.since(datetime.fromisoformat(query["min_date_modified"]))
        orders = [order for order in orders if order["is_deleted"] == hidden]
        size, page = int(query["limit"]), int(query["page"])
        picked = orders[(page - 1) * size : page * size]
        return JSONResponse(picked, headers=headers) if picked else Response(status_code=204, headers=headers)

    def _of_magento(self, request: Request) -> Response:
        query = request.query_params
        if request.url.path == "/rest/V1/creditmemos":
            numbers = [int(part) for part in query[f"{_FILTER}[value]"].split(",")]
            memos = [memo for number in numbers for memo in self.refunds.get(number, [])]
            return JSONResponse({"items": memos, "search_criteria": {}, "total_count": len(memos)})
        assert request.url.path == "/rest/V1/orders"
        assert query[f"{_FILTER}[field]"] == "updated_at"
        self._turn()
        orders = self.since(datetime.fromisoformat(query[f"{_FILTER}[value]"]).replace(tzinfo=UTC))
        size, page = int(query["searchCriteria[pageSize]"]), int(query["searchCriteria[currentPage]"])
        page = min(page, max(1, -(-len(orders) // size)))  # a page behind the last repeats the last one
        return JSONResponse({"items": orders[(page - 1) * size : page * size], "total_count": len(orders)})


class _Broken(Response):
    """Ends in the middle."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"orders": [', "more_body": False})


@asynccontextmanager
async def serving(vendor: str) -> AsyncIterator[ShopSystem]:
    """A shop system on this machine."""
    system = ShopSystem(vendor)
    app = Starlette(routes=[Route("/{path:path}", system.answer)])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        system.base = f"http://127.0.0.1:{port}"
        yield system
    finally:
        server.should_exit = True
        await task
