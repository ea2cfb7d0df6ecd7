"""Each role and each scope on each route: what is not allowed by the table is refused, generated from the APIs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from shared.kernel import PERMISSIONS, ROLES, SCOPES
from tests.security.ground import OWN, SERVICES, Place, asking, bearer
from tests.security.routes import ROUTES, Route, is_done
from tests.security.signing import ISSUER, of_role, public_file

pytestmark = pytest.mark.stack
Clients = dict[str, httpx.AsyncClient]
TAKING = [route for route in ROUTES if route.permissions]
EXPECTED = {
    "viewer": "metrics:read shops:read programmes:read campaigns:read feedback:read",
    "analyst": "metrics:read shops:read programmes:read campaigns:read feedback:read customers:list customers:read",
    "marketer": "metrics:read shops:read programmes:read programmes:write campaigns:read campaigns:write"
    " feedback:read feedback:write customers:list customers:read",
    "agent": "metrics:read shops:read programmes:read campaigns:read feedback:read customers:read customers:write"
    " personal:read cases:write loyalty:write loyalty:approve",
    "admin": "metrics:read shops:read customers:list customers:read customers:write personal:read personal:erase"
    " shops:write keys:read keys:write audit:read programmes:read programmes:write loyalty:write loyalty:approve"
    " campaigns:read campaigns:write feedback:read feedback:write cases:write",
}


@pytest.fixture(scope="module")
async def clients(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    path = str(public_file(tmp_path_factory.mktemp("staff")))
    async with AsyncExitStack() as open_:
        yield {
            service: await open_.enter_async_context(asking(place, service, staff_jwks=path, staff_issuer=ISSUER))
            for service in SERVICES
        }


def test_the_table_is_the_one_that_was_agreed() -> None:
    assert {role: set(permissions) for role, permissions in ROLES.items()} == {
        role: set(text.split()) for role, text in EXPECTED.items()
    }
    assert set().union(*ROLES.values(), *SCOPES.values()) == set(PERMISSIONS)
    assert not any({"keys:read", "keys:write"} & granted for scope, granted in SCOPES.items() if scope != "admin")


@pytest.mark.parametrize("route", TAKING, ids=str)
@pytest.mark.parametrize("role", [*ROLES, "nobody"])
async def test_a_role_may_ask_a_route_exactly_where_the_table_says_so(
    place: Place, clients: Clients, route: Route, role: str
) -> None:
    answer = await clients[route.service].request(**route.asked(place), headers=bearer(of_role(role, OWN)))
    allowed = set(EXPECTED.get(role, "").split())
    if route.permissions <= allowed:
        assert is_done(answer), answer.text
    else:
        assert answer.status_code == 403, answer.text
        named = answer.json()["detail"].split("`")[1]
        assert named in route.permissions - allowed


@pytest.mark.parametrize("route", TAKING, ids=str)
async def test_a_key_may_ask_a_route_exactly_where_its_scope_stands_for_the_permission(
    place: Place, clients: Clients, route: Route
) -> None:
    for scope, granted in [*SCOPES.items(), ("", frozenset[str]())]:
        answer = await clients[route.service].request(**route.asked(place), headers=bearer(place.key(OWN, scope)))
        expected = route.permissions <= granted
        assert (answer.status_code != 403) == expected, (scope, answer.text)
        assert is_done(answer) or not expected, (scope, answer.text)
