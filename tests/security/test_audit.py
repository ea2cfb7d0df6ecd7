"""The audit log: who read personal data and who wrote what; added to only, without personal data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from shared.db.audit import any_old_entries, purge_entries
from shared.kernel import SCOPES
from shared.testing import api_url
from tests.security.bodies import CONSENT
from tests.security.ground import NUMBERS, OTHER, OWN, SERVICES, Place, asking, bearer, customer_of
from tests.security.routes import ROUTES, Route, is_done

pytestmark = pytest.mark.stack
CHANGE_NOTHING = (
    *("/v1/settings/preview", "/v1/programmes/check", "/v1/programmes/simulate", "/v1/programmes/trial"),
    "/v1/templates/{template}/preview",
)
"""POSTs that only ask."""
AUDITED = [
    route
    for route in ROUTES
    if route.permissions
    and "collect:write" not in route.permissions
    and (route.personal or route.method != "GET")
    and route.path not in CHANGE_NOTHING
]


async def newest(place: Place, route: Route, request_id: str) -> list[dict[str, Any]]:
    return [entry for entry in await place.audit(route.service) if entry["request_id"] == request_id]


@pytest.mark.parametrize("route", AUDITED, ids=str)
async def test_a_write_and_a_read_of_personal_data_leave_one_entry_each(place: Place, route: Route) -> None:
    async with asking(place, route.service) as http:
        answer = await http.request(**route.asked(place), headers=route.login(place))
    assert is_done(answer), answer.text
    (entry,) = await newest(place, route, answer.headers["x-request-id"])
    whose = ("staff", "admin") if route.is_for_people else ("key", "")
    # Where another test was first (a card that is replaced, a run that has ended) it is refused, and that stands there.
    outcome = "done" if answer.is_success else "refused"
    assert (entry["actor"].partition(":")[0], entry["role"], entry["outcome"]) == (*whose, outcome)
    assert entry["action"] == f"{route.method} {route.path}"
    if route.row.ids:
        assert set(route.row.ids(place, OWN).values()) <= set(entry["subject"].split())


@pytest.mark.parametrize("route", AUDITED, ids=str)
async def test_what_was_refused_is_written_down_too(place: Place, route: Route) -> None:
    async with asking(place, route.service) as http:
        answer = await http.request(**route.asked(place), headers=bearer(place.key(OWN, "")))
    assert answer.status_code == 403
    (entry,) = await newest(place, route, answer.headers["x-request-id"])
    assert entry["outcome"] == "refused"


async def test_figures_and_failed_logins_leave_no_entry(place: Place) -> None:
    before = await place.audit("metrics")
    async with asking(place, "metrics") as http:
        assert (await http.get("/v1/retention", headers=bearer(place.key(OWN, "metrics:read")))).status_code == 200
        assert (await http.get(f"/v1/customers/{customer_of(OWN)}")).status_code == 401
    assert await place.audit("metrics") == before


async def test_what_is_no_id_is_not_written_down(place: Place) -> None:
    async with asking(place, "metrics") as http:
        headers = bearer(place.key(OWN, "metrics:read"))
        answer = await http.get("/v1/customers/canary@example.com", headers=headers)
        assert answer.status_code == 422
    assert "canary" not in str(await place.audit("metrics"))


@pytest.mark.parametrize("path", ["/v1/erasures/09121234567", "/v1/customers/0012125551234/export"])
async def test_what_leads_to_nobody_is_not_written_down(place: Place, path: str) -> None:
    """Somebody may have tried a phone where an id belongs."""
    async with asking(place, "gateway") as http:
        answer = await http.get(path, headers=bearer(place.key(OWN, *SCOPES)))
        assert answer.status_code == 404
    (entry,) = [one for one in await place.audit("gateway") if one["request_id"] == answer.headers["x-request-id"]]
    assert (entry["subject"], entry["outcome"]) == ("", "refused")


async def test_whoever_a_body_names_stands_in_the_entry(place: Place) -> None:
    """By the id, also where a phone or the shop's own id led there: the log is asked who looked at somebody."""
    own, other = customer_of(OWN), customer_of(OWN, 2)
    async with asking(place, "gateway") as http:
        headers = bearer(place.key(OWN, *SCOPES))
        for path, body, subject in (
            ("/v1/customers/find", {"customer": own}, {own}),
            ("/v1/consents", CONSENT, {own}),
            (f"/v1/customers/{other}/merge", {"into": own}, {own, other}),
            (f"/v1/customers/{other}/unmerge", {}, {other}),
        ):
            answer = await http.post(path, json=body, headers=headers)
            assert answer.status_code == 200, answer.text
            written = await place.audit("gateway")
            (entry,) = [one for one in written if one["request_id"] == answer.headers["x-request-id"]]
            assert set(entry["subject"].split()) == subject, path


async def test_an_entry_that_cannot_be_written_keeps_the_personal_data_back(place: Place) -> None:
    async with asking(place, "metrics") as http:
        headers = bearer(place.key(OTHER, "metrics:read"))
        conn = await asyncpg.connect(place.url)
        try:
            await conn.execute("ALTER TABLE metrics.audit_entry RENAME TO audit_away")
            answer = await http.get(f"/v1/customers/{customer_of(OTHER)}", headers=headers)
            figures = await http.get("/v1/retention", headers=headers)
        finally:
            await conn.execute("ALTER TABLE metrics.audit_away RENAME TO audit_entry")
            await conn.close()
    assert answer.status_code >= 500
    assert customer_of(OTHER) not in answer.text
    assert figures.status_code == 200


@pytest.mark.parametrize("service", SERVICES)
async def test_admins_page_through_the_log_of_their_own_shop(place: Place, service: str) -> None:
    table = f"{service}.audit_entry"
    for slug in (OWN, OTHER):
        for number in range(5):
            await place.pool.execute(
                f"INSERT INTO {table} (shop, actor, role, action, subject, request_id, outcome)"
                " VALUES ($1, $2, 'agent', 'GET /v1/x', $3, '', 'done')",
                NUMBERS[slug], f"staff:{slug}", f"thing-{number}",
            )  # fmt: skip
    async with asking(place, service) as http:
        headers = bearer(place.key(OWN, "audit:read"))
        asked = {"actor": f"staff:{OWN}", "limit": "2"}
        first = (await http.get("/v1/audit", params=asked, headers=headers)).json()
        second = (await http.get("/v1/audit", params={**asked, "cursor": first["next"]}, headers=headers)).json()
        third = (await http.get("/v1/audit", params={**asked, "cursor": second["next"]}, headers=headers)).json()
        subjects = [entry["subject"] for page in (first, second, third) for entry in page["items"]]
        assert subjects == [f"thing-{number}" for number in (4, 3, 2, 1, 0)]
        assert third["next"] is None
        one = await http.get("/v1/audit", params={"subject": "thing-3", "outcome": "done"}, headers=headers)
        assert [entry["actor"] for entry in one.json()["items"]] == [f"staff:{OWN}"]
        none = await http.get("/v1/audit", params={"since": "2999-01-01T00:00:00Z"}, headers=headers)
        assert none.json() == {"items": [], "next": None}
        foreign = await http.get("/v1/audit", params={"actor": f"staff:{OTHER}"}, headers=headers)
        assert foreign.json()["items"] == []
        refused = await http.get("/v1/audit", params={"since": "20260321"}, headers=headers)
        assert refused.status_code == 422


@pytest.mark.parametrize("service", SERVICES)
async def test_nobody_changes_or_empties_it_and_apis_delete_nothing(place: Place, service: str) -> None:
    table = f"{service}.audit_entry"
    await place.pool.execute(
        f"INSERT INTO {table} (shop, actor, role, action, subject, request_id, outcome) VALUES"
        " (1, 'key:a', '', 'GET /v1/x', '', '', 'done')"
    )
    for statement in (f"UPDATE {table} SET actor = 'b'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await place.pool.execute(statement)
    api = await asyncpg.connect(api_url(place.url, service))
    try:
        for statement in (f"UPDATE {table} SET actor = 'b'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await api.execute(statement)
    finally:
        await api.close()


async def test_old_entries_go_after_their_time_and_young_ones_stay(place: Place) -> None:
    for days in (1, 399, 401, 402):
        await place.pool.execute(
            "INSERT INTO audit_entry (shop, at, actor, role, action, subject, request_id, outcome)"
            " VALUES (1, now() - $1::interval, 'key:old', '', '', $2, '', 'done')",
            timedelta(days=days), str(days),
        )  # fmt: skip
    async with place.pool.acquire() as conn:
        kept_for = timedelta(days=400)
        assert await any_old_entries(conn, kept_for)
        assert [await purge_entries(conn, kept_for, limit=1) for _ in range(3)] == [1, 1, 0]
        assert not await any_old_entries(conn, kept_for)
    left = [entry["subject"] for entry in await place.audit("gateway") if entry["actor"] == "key:old"]
    assert left == ["1", "399"]
