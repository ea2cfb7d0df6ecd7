"""Pages of customers and reports of providers: each has a row, and who cannot prove anything learns nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.security import unlisted
from tests.security.ground import SERVICES, asking
from tests.security.ground import Place as Ground
from tests.security.unlisted import PLACES, ROWS, unlisted_of

pytestmark = pytest.mark.stack
Clients = dict[str, httpx.AsyncClient]


@pytest.fixture(scope="module")
async def clients(place: Ground) -> AsyncIterator[Clients]:
    async with AsyncExitStack() as open_:
        yield {service: await open_.enter_async_context(asking(place, service)) for service in ROWS}


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_that_no_description_shows_has_a_row(service: str) -> None:
    assert sorted(unlisted_of(service)) == sorted(ROWS.get(service, ()))


@pytest.mark.parametrize("at", PLACES, ids=str)
async def test_whoever_proves_it_is_let_in_and_nobody_else_learns_anything(
    clients: Clients, at: unlisted.Place
) -> None:
    http, row = clients[at.service], at.row
    proved = await http.request(at.method, **row.asked(row.body))
    assert proved.status_code == row.done, proved.text
    for forged in row.forged:
        answer = await http.request(at.method, **forged)
        assert answer.status_code == row.refused, (forged, answer.text)
        assert "location" not in answer.headers


@pytest.mark.parametrize("at", [one for one in PLACES if "/pages/" in one.name], ids=str)
async def test_pages_are_kept_by_nobody_and_tell_nobody_where_one_comes_from(
    clients: Clients, at: unlisted.Place
) -> None:
    answer = await clients[at.service].request(at.method, **at.row.asked(at.row.body))
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("at", [one for one in PLACES if one.method == "POST"], ids=str)
async def test_a_body_beyond_the_limit_is_refused_before_anybody_reads_it(clients: Clients, at: unlisted.Place) -> None:
    asked = at.row.asked(at.row.body)
    answer = await clients[at.service].request(at.method, **{**asked, "content": b"x" * 6_000_000})
    assert answer.status_code == 413
