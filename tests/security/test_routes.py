"""Every route of every service: it has a row, says what it asks, and knows nothing of another shop's ids."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends

from shared.kernel import PERMISSIONS
from shared.web import Caller, UndeclaredRoute, allow, public
from tests.security.ground import OTHER, OWN, SERVICES, Place, asking
from tests.security.routes import NO_IDS, ROUTES, ROWS, Route, described, is_done
from tests.web.sample import PlayedPool, settings

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_has_a_row_and_every_row_a_route(service: str) -> None:
    found = {
        f"{method.upper()} {path}"
        for path, operations in described(service).items()
        for method in operations
        if path.startswith("/v1/")
    }
    assert found == set(ROWS[service])


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_says_which_permission_it_takes_or_why_none(service: str) -> None:
    for path, operations in described(service).items():
        for method, operation in operations.items():
            asked, open_ = operation.get("x-permissions"), operation.get("x-public")
            assert (asked is None) != (open_ is None), f"{method} {path}"
            assert set(asked or ()) <= set(PERMISSIONS), f"{method} {path}"


def test_whoever_reads_customers_is_written_down() -> None:
    """A new route that takes such a permission and does not say so would show people without an entry."""
    silent = [
        str(route)
        for route in ROUTES
        if any(one.startswith(("customers:", "personal:")) for one in route.permissions) and not route.personal
    ]
    assert silent == []


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_part_of_a_path_is_known_to_be_an_id_or_none(route: Route, place: Place) -> None:
    ids = set(route.row.ids(place, OWN)) if route.row.ids else set()
    assert set(re.findall(r"\{(\w+)\}", route.path)) == ids | set(route.row.values)
    assert set(route.row.values) <= NO_IDS


def test_a_route_that_says_nothing_keeps_the_application_from_starting() -> None:
    from shared.web import create_app

    silent, double = APIRouter(), APIRouter()

    @silent.get("/v1/silent")
    async def nothing() -> None: ...

    @double.get("/v1/double", openapi_extra=public("for tests"))
    async def both(caller: Annotated[Caller, Depends(allow("metrics:read"))]) -> None: ...

    for router in (silent, double):
        with pytest.raises(UndeclaredRoute, match=r"allow\(…\)"):
            create_app("sample", settings(), [router], pool=PlayedPool())  # type: ignore[arg-type]  # plays a pool


NAMING = [route for route in ROUTES if route.row.ids and route.permissions]
UNNAMED = "0000000000000"


@pytest.mark.parametrize("route", NAMING, ids=str)
async def test_an_id_of_another_shop_is_answered_like_one_that_does_not_exist(place: Place, route: Route) -> None:
    assert route.row.ids is not None
    async with asking(place, route.service) as http:
        headers = route.login(place)
        own = await http.request(**route.asked(place, OWN), headers=headers)
        assert is_done(own), own.text
        foreign = await http.request(**route.asked(place, OTHER), headers=headers)
        nobodys = dict.fromkeys(route.row.ids(place, OWN), UNNAMED)
        unknown = await http.request(**route.asked(place, OWN, **nobodys), headers=headers)
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        one, other = foreign.json(), unknown.json()
        assert one.pop("request_id") != other.pop("request_id")
        assert one == other


@pytest.mark.parametrize("service", SERVICES)
async def test_without_a_key_every_route_that_takes_a_permission_answers_401(place: Place, service: str) -> None:
    async with asking(place, service) as http:
        for route in ROUTES:
            if route.service == service and route.permissions:
                assert (await http.request(**route.asked(place))).status_code == 401, str(route)
