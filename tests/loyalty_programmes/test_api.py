"""Programmes over HTTP: from a draft to a version in force, and what is refused on the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.loyalty.programmes import KnownVersions
from shared.web import REPLAYED
from tests.loyalty_earning.ground import RATE, fixed, rule
from tests.loyalty_programmes.conftest import Ground

pytestmark = pytest.mark.stack
BASE = "/v1/programmes"


def body(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "Points", "currency": "EUR", "rules": list(rules) or [rule()], **more}


async def made(http: httpx.AsyncClient, programme: dict[str, Any] | None = None) -> int:
    answer = await http.post(f"{BASE}/drafts", json={"name": "Spring", "programme": programme})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["draft"])


async def published(http: httpx.AsyncClient, programme: dict[str, Any], **more: Any) -> dict[str, Any]:
    draft = await made(http, programme)
    answer = await http.post(f"{BASE}/drafts/{draft}/publish", json={"reason": "because", **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def fields(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.json()["errors"]]


async def test_a_draft_goes_from_ready_to_published(ground: Ground) -> None:
    draft = await made(ground.http)
    found = (await ground.http.get(f"{BASE}/drafts/{draft}")).json()
    assert (found["publishable"], found["based_on"], found["programme"]["currency"]) == (True, None, "EUR")
    version = (await ground.http.post(f"{BASE}/drafts/{draft}/publish", json={"reason": "Opening"})).json()
    assert (version["version"], version["state"], version["reason"]) == (1, "in_force", "Opening")
    assert version["author"].startswith("key:")
    assert version["programme"] == found["programme"]
    assert (await ground.http.get(f"{BASE}/1")).json() == version
    again = (await ground.http.get(f"{BASE}/drafts/{await made(ground.http)}")).json()
    assert (again["based_on"], again["programme"]) == (1, version["programme"])


async def test_versions_tell_when_they_are_in_force(ground: Ground) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - the API judges by the wall clock
    await published(ground.http, body(), in_force_from="2020-01-01T00:00:00Z")
    await published(ground.http, body(), in_force_from=(now + timedelta(days=30)).isoformat())
    await published(ground.http, body(), in_force_from=(now + timedelta(days=10)).isoformat())
    listed = (await ground.http.get(BASE)).json()["items"]
    assert [(one["version"], one["state"]) for one in listed] == [(3, "scheduled"), (2, "superseded"), (1, "in_force")]
    assert listed[2]["in_force_until"] == listed[0]["in_force_from"]
    late = await ground.http.post(
        f"{BASE}/drafts/1/publish", json={"reason": "r", "in_force_from": "2020-01-01T00:00:00Z"}
    )
    assert fields(late) == ["body.in_force_from"]


async def test_a_draft_that_contradicts_itself_is_kept_and_not_published(ground: Ground) -> None:
    draft = await made(ground.http, body(rule(when={"kind": "spend"})))
    found = (await ground.http.get(f"{BASE}/drafts/{draft}")).json()
    assert not found["publishable"]
    assert [one["field"] for one in found["findings"] if one["weight"] == "error"] == ["rules.0.when"]
    refused = await ground.http.post(f"{BASE}/drafts/{draft}/publish", json={"reason": "r"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:mandegar:problem:not-publishable")
    put = await ground.http.put(f"{BASE}/drafts/{draft}", json={"name": "S", "programme": body()})
    assert (put.json()["publishable"], put.json()["edition"], put.headers["etag"]) == (True, 2, '"2"')
    checked = await ground.http.post(f"{BASE}/check", json={"programme": body(rule(when={"kind": "spend"}))})
    assert checked.json()["publishable"] is False


async def test_what_is_no_programme_names_its_field_and_is_not_repeated(ground: Ground) -> None:
    answer = await ground.http.post(f"{BASE}/drafts", json={"name": "S", "programme": body(rule(earn=fixed(0)))})
    assert fields(answer) == ["body.programme.rules.0.earn.points"]
    answer = await ground.http.post(
        f"{BASE}/import", json={"form": "mandegar.programme/1", "programme": {"x": "canary"}}
    )
    assert fields(answer) == ["body.programme.x"]
    assert "canary" not in answer.text


async def test_two_who_change_a_draft_do_not_undo_each_other(ground: Ground) -> None:
    draft = await made(ground.http)
    change = {"name": "S", "programme": body()}
    answers = [
        (await ground.http.put(f"{BASE}/drafts/{draft}", json=change, headers={"If-Match": '"1"'})).status_code
        for _ in range(2)
    ]
    assert answers == [200, 412]


async def test_a_discarded_draft_is_not_listed_and_comes_back_when_changed(ground: Ground) -> None:
    first, second = await made(ground.http), await made(ground.http)
    assert (await ground.http.post(f"{BASE}/drafts/{first}/discard")).json()["discarded"] is True
    listed = (await ground.http.get(f"{BASE}/drafts")).json()["items"]
    assert [one["draft"] for one in listed] == [second]
    await ground.http.put(f"{BASE}/drafts/{first}", json={"name": "S", "programme": body()})
    page = (await ground.http.get(f"{BASE}/drafts", params={"limit": "1"})).json()
    rest = (await ground.http.get(f"{BASE}/drafts", params={"cursor": page["next"]})).json()
    assert [one["draft"] for one in (*page["items"], *rest["items"])] == [second, first]


async def test_a_file_goes_out_and_in_and_is_the_same(ground: Ground) -> None:
    tea = rule("tea", fixed(5), when={"kind": "category", "names": ["چای"]})
    await published(ground.http, body(rule(), tea))
    file = await ground.http.get(f"{BASE}/1/export")
    assert file.headers["content-disposition"] == 'attachment; filename="programme-1.json"'
    headers = {"Content-Type": "application/json"}
    imported = (await ground.other.post(f"{BASE}/import", content=file.content, headers=headers)).json()
    again = await ground.other.get(f"{BASE}/drafts/{imported['draft']}/export")
    assert again.content == file.content


async def test_differences_name_what_changed(ground: Ground) -> None:
    await published(ground.http, body())
    draft = await made(ground.http, body(rule(earn=RATE | {"points": 2})))
    asked = {"before": "1", "after": f"draft-{draft}"}
    found = (await ground.http.get(f"{BASE}/diff", params=asked)).json()
    assert found == {"differences": [{"field": "rules.base.earn.points", "before": 1, "after": 2}]}
    assert fields(await ground.http.get(f"{BASE}/diff", params={"before": "1", "after": "7"})) == ["query.after"]


async def test_a_cart_is_tried_with_reasons(ground: Ground) -> None:
    none = await ground.http.post(f"{BASE}/simulate", json={"order": {"revenue": 900}})
    assert fields(none) == ["body.of"]
    await published(ground.http, body(pending={"kind": "days", "days": 2}, expiry={"kind": "rolling", "months": 1}))
    order = {"lines": [{"line_id": "1", "price": 400}, {"line_id": "2", "price": 500}], "refunds": [{"amount": 90}]}
    at = "2030-01-31T12:00:00+03:30"
    answer = (await ground.http.post(f"{BASE}/simulate", json={"order": order, "at": at})).json()
    (one,) = answer.pop("rules")
    assert answer == {
        "version": 1,
        "points": 9,
        "earned": 9,
        "active_from": "2030-02-01T20:30:00Z",
        "expires_at": "2030-03-02T20:30:00Z",
    }
    assert one["why"] == "1 for each 1.00 EUR of 9.00 EUR. That makes 9."
    assert one["lines"] == [{"line": "1", "earned": 4, "points": 4}, {"line": "2", "earned": 5, "points": 5}]
    draft = await made(ground.http, body(rule(earn=fixed(70))))
    tried = {"of": f"draft-{draft}", "order": {"revenue": 1}}
    assert (await ground.http.post(f"{BASE}/simulate", json=tried)).json()["points"] == 70
    both = {"of": "1", "programme": body(), "order": {}}
    assert fields(await ground.http.post(f"{BASE}/simulate", json=both)) == ["body.of"]
    given = {"programme": body(rule(earn=fixed(3))), "order": {}}
    assert (await ground.http.post(f"{BASE}/simulate", json=given)).json()["points"] == 3


async def test_shops_know_nothing_of_one_another(ground: Ground) -> None:
    await published(ground.http, body())
    for path in ("/1", "/1/export", "/drafts/1", "/drafts/1/export"):
        assert (await ground.other.get(BASE + path)).status_code == 404
    assert (await ground.other.get(BASE)).json() == {"items": []}
    assert fields(await ground.other.post(f"{BASE}/simulate", json={"of": "1", "order": {}})) == ["body.of"]


async def test_a_repeat_under_one_key_has_one_effect_and_one_answer(ground: Ground) -> None:
    key = {"Idempotency-Key": "a-1"}
    sent = {"name": "Spring", "programme": body()}
    first, again = [await ground.http.post(f"{BASE}/drafts", json=sent, headers=key) for _ in range(2)]
    assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert len((await ground.http.get(f"{BASE}/drafts")).json()["items"]) == 1
    other = await ground.http.post(f"{BASE}/drafts", json=sent | {"name": "Summer"}, headers=key)
    assert fields(other) == ["header.idempotency-key"]
    elsewhere = await ground.http.post(f"{BASE}/drafts/1/publish", json={"reason": "r"}, headers=key)
    assert fields(elsewhere) == ["header.idempotency-key"]
    assert (await ground.other.post(f"{BASE}/drafts", json=sent, headers=key)).status_code == 200
    assert fields(await ground.http.post(f"{BASE}/drafts", json=sent, headers={"Idempotency-Key": "a b"})) == [
        "header.Idempotency-Key"
    ]


async def test_repeats_side_by_side_have_one_effect(ground: Ground) -> None:
    await made(ground.http, body())
    key = {"Idempotency-Key": "b-1"}
    ask = ground.http.post
    answers = await asyncio.gather(
        *(ask(f"{BASE}/drafts/1/publish", json={"reason": "r"}, headers=key) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len((await ground.http.get(BASE)).json()["items"]) == 1


async def test_what_was_refused_is_judged_anew_and_a_key_ends_after_a_day(ground: Ground) -> None:
    draft, key = await made(ground.http, body(rule(when={"kind": "spend"}))), {"Idempotency-Key": "c-1"}
    address = f"{BASE}/drafts/{draft}/publish"
    assert (await ground.http.post(address, json={"reason": "r"}, headers=key)).status_code == 409
    await ground.http.put(f"{BASE}/drafts/{draft}", json={"name": "S", "programme": body()})
    assert (await ground.http.post(address, json={"reason": "r"}, headers=key)).json()["version"] == 1
    await ground.pool.execute("UPDATE kept_answer SET at = at - interval '25 hours'")
    assert (await ground.http.post(address, json={"reason": "r"}, headers=key)).json()["version"] == 2
    assert await ground.pool.fetchval("SELECT count(*) FROM kept_answer") == 1


async def test_publishing_side_by_side_numbers_versions_without_a_gap(ground: Ground) -> None:
    await made(ground.http, body())
    ask = ground.http.post
    answers = await asyncio.gather(*(ask(f"{BASE}/drafts/1/publish", json={"reason": "r"}) for _ in range(5)))
    assert sorted(answer.json()["version"] for answer in answers) == [1, 2, 3, 4, 5]


async def test_workers_read_versions_that_are_new(ground: Ground) -> None:
    known = KnownVersions()
    async with ground.pool.acquire() as conn:
        assert await known.load(conn, [1, 2]) == {1: (), 2: ()}
        await published(ground.http, body())
        assert [one.number for one in (await known.load(conn, [1, 2]))[1]] == [1]
        await published(ground.http, body(rule(earn=fixed(9))))
        found = await known.load(conn, [2, 1, 1])
    assert [(one.number, one.programme.rules[0].earn) for one in found[1]][1][0] == 2
    assert found[2] == ()


async def test_an_api_cannot_change_what_was_published(ground: Ground) -> None:
    await published(ground.http, body())
    held = await ground.pool.fetch(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'mandegar_loyalty_api' AND table_name = 'programme_version'"
    )
    assert {row["privilege_type"] for row in held} == {"SELECT", "INSERT"}
