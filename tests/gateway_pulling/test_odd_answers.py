"""Answers of a shop system that no calendar holds: trouble of that one connection, and of no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.gateway.pulling.domain import PullTrouble
from services.gateway.pulling.outside import Api, Asking
from shared.outgoing import Answer
from shared.outgoing.client import Outgoing

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
FIRST, LAST = "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"
PAGES: dict[str, Any] = {
    "shopify": {"orders": [{"id": 1, "updated_at": FIRST}]},
    "woocommerce": [{"id": 1, "date_created_gmt": LAST}],
    "bigcommerce": [{"id": 1, "date_created": "Fri, 31 Dec 9999 23:59:59 -0500"}],
    "magento": {"items": [{"entity_id": 1, "created_at": LAST}], "total_count": 1},
}


class Odd(Outgoing):
    """Answers each question with one page."""

    def __init__(self, page: Any) -> None:
        self._page = json.dumps(page).encode()

    async def call(self, *_: Any, **__: Any) -> Answer:
        return Answer(200, {}, self._page)


@pytest.mark.parametrize("vendor", PAGES)
async def test_a_time_that_no_calendar_holds_is_trouble_and_ends_no_worker(vendor: str) -> None:
    asking = Asking(Odd(PAGES[vendor]), Api(vendor, "https://shop.example", "token-of-a-shop"))
    with pytest.raises(PullTrouble, match="not what it is documented to be"):
        [page async for page in asking.pages(SINCE, 3)]
