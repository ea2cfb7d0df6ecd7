"""Tasks of staff, tests of templates, browsers and the endpoint, as staff and shops meet them over HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.campaigns.messages import trying
from services.campaigns.tasks.domain import Opening, State, Task, claimed, ended
from shared.contracts.topics import CAMPAIGNS_MESSAGES, CAMPAIGNS_TASKS, ERASURES
from shared.testing import Databases
from tests.campaigns.ground import erased, name
from tests.campaigns_channels.asking import an_api
from tests.campaigns_channels.ground import AUTH, BROWSER, CASES, NOW, Ground, a_ground, padless, point
from tests.campaigns_messages.ground import asked

DESK, MAIL = CASES["desk"], CASES["smtp"]
LATER = NOW + timedelta(hours=1)


def task(state: State = State.OPEN, owner: str = "", outcome: str = "", text: str = "") -> Task:
    opening = Opening(1, "t-1", 1, "c", "call", "o", "en", "phone", owner, "Call", "", NOW)
    return Task(opening, state, outcome, text, NOW, NOW)


@pytest.mark.parametrize(
    ("before", "take_over", "refused", "owner"),
    [
        (task(), False, None, "me"),
        (task(owner="me"), False, None, None),
        (task(owner="you"), False, "taken", None),
        (task(owner="you"), True, None, "me"),
        (task(State.DONE, "you"), True, "ended", None),
    ],
)
def test_whoever_claims_an_open_task_owns_it(
    before: Task, take_over: bool, refused: str | None, owner: str | None
) -> None:
    ruling = claimed(before, "me", LATER, take_over=take_over)
    assert ruling.refused == refused
    assert (ruling.after and ruling.after.opening.owner) == owner


@pytest.mark.parametrize(
    ("before", "wanted", "refused", "changed"),
    [
        (task(), State.DONE, None, True),
        (task(owner="you"), State.CANCELLED, None, True),
        (task(State.DONE, "me", "reached", "glad"), State.DONE, None, False),
        (task(State.DONE, "me", "reached", "other words"), State.DONE, "ended", False),
        (task(State.DONE, "me", "reached", "glad"), State.CANCELLED, "ended", False),
    ],
)
def test_a_task_ends_once(before: Task, wanted: State, refused: str | None, changed: bool) -> None:
    ruling = ended(before, wanted, ("reached", "glad"), "me", LATER)
    assert (ruling.refused, ruling.after is not None) == (refused, changed)
    if ruling.after is not None:
        assert (ruling.after.state, ruling.after.opening.owner) == (wanted, before.opening.owner or "me")


async def _told(ground: Ground) -> list[tuple[str, str, str]]:
    events = [one.event for one in await ground.worker.published(CAMPAIGNS_TASKS)]
    return [(one["type"], one["data"]["owner"], one["data"].get("outcome", "")) for one in events]


@pytest.mark.stack
async def test_a_task_is_found_taken_and_done_and_each_is_told_once(databases: Databases) -> None:
    async with a_ground(databases, DESK) as ground, an_api(ground) as api:
        await ground.meet(1, locale="fa")
        await ground.ask(asked(1, channel="task", campaign="onboarding", step="call"))
        await ground.send()
        (shown,) = (await api.ask("GET", f"/v1/tasks?customer={name(1)}")).json()["items"]
        assert (shown["title"], shown["note"], shown["via"]) == ("سلام Sara 1", "۷", "phone")
        assert (shown["owner"], shown["state"], shown["campaign"]) == ("staff:u-1", "open", "onboarding")
        due, opened = (datetime.fromisoformat(shown[one]) for one in ("due", "opened_at"))
        assert abs(due - opened - timedelta(hours=48)) < timedelta(seconds=5)
        path = f"/v1/tasks/{shown['task']}"
        assert (await api.ask("POST", f"{path}/claim")).status_code == 409
        for _ in range(2):
            taken = await api.ask("POST", f"{path}/claim", {"take_over": True})
            assert (taken.status_code, taken.json()["owner"]) == (200, "key:key0")
        assert (await api.ask("POST", f"{path}/claim", key="second")).status_code == 409
        for _ in range(2):
            done = await api.ask("POST", f"{path}/done", {"outcome": "reached", "text": "She is glad."})
            assert (done.status_code, done.json()["state"]) == (200, "done")
        assert (await api.ask("POST", f"{path}/cancel", {"outcome": "no"})).json()["type"].endswith("ended")
        assert (await api.ask("GET", path, key="other")).status_code == 404
        assert (await api.ask("GET", "/v1/tasks")).json()["items"] == []
        assert len((await api.ask("GET", "/v1/tasks?state=done&owner=key:key0")).json()["items"]) == 1
        assert await _told(ground) == [
            ("task.opened", "staff:u-1", ""),
            ("task.claimed", "key:key0", ""),
            ("task.done", "key:key0", "reached"),
        ]
        assert "Sara" not in str(await ground.worker.published(CAMPAIGNS_TASKS))


@pytest.mark.stack
async def test_of_many_who_take_one_task_one_has_it(databases: Databases) -> None:
    async with a_ground(databases, DESK) as ground, an_api(ground) as api:
        await ground.meet(1)
        await ground.ask(asked(1, channel="task"))
        await ground.send()
        await ground.worker.pool.execute("UPDATE task SET owner = ''")
        path = f"/v1/tasks/{(await ground.ids())[0]}/claim"
        answers = await asyncio.gather(*(api.ask("POST", path, key=key) for key in ("first", "second") * 5))
        owners = {one.json()["owner"] for one in answers if one.status_code == 200}
        assert len(owners) == 1 and [what for what, *_ in await _told(ground)].count("task.claimed") == 1


@pytest.mark.stack
async def test_tasks_come_by_when_they_are_due_page_by_page(databases: Databases) -> None:
    async with a_ground(databases, DESK) as ground, an_api(ground) as api:
        await ground.meet(*range(1, 6))
        await ground.ask(*(asked(one, channel="task") for one in range(1, 6)))
        await ground.send()
        found, cursor = [], ""
        for _ in range(5):
            page = (await api.ask("GET", f"/v1/tasks?limit=2{cursor}")).json()
            found += [(one["due"], one["task"]) for one in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert len(found) == 5 and found == sorted(found) and len(set(found)) == 5


@pytest.mark.stack
async def test_an_erasure_leaves_neither_browsers_nor_words_of_tasks(databases: Databases) -> None:
    async with a_ground(databases, DESK) as ground, an_api(ground) as api:
        await ground.meet(1)
        await ground.ask(asked(1, channel="task"))
        await ground.send()
        exported = (await api.ask("GET", f"/v1/customers/{name(1)}/export")).json()
        assert (len(exported["tasks"]), len(exported["browsers"])) == (1, 1)
        await ground.worker.feed(ERASURES, [erased(1)])
        removed = (await ground.worker.published(ERASURES))[0].event["data"]["removed"]
        assert (removed["tasks"], removed["browsers"]) == (1, 1)
        row = await ground.worker.pool.fetchrow("SELECT title, note, free_text, state, outcome FROM task")
        assert tuple(row) == ("", "", "", 2, "erased")
        assert await ground.worker.pool.fetchval("SELECT count(*) FROM browser") == 0


@pytest.mark.stack
async def test_a_test_goes_to_staff_alone_and_counts_nowhere(databases: Databases) -> None:
    async with a_ground(databases, MAIL) as ground, an_api(ground) as api:
        wanted = {"to": "boss@laleh.example", "locale": "fa", "customer": {"name": "Sara"}, "values": {"days": 7}}
        first, again = [await api.ask("POST", "/v1/templates/hello/test", wanted) for _ in range(2)]
        assert (first.status_code, again.status_code) == (200, 200)
        await ground.send()
        assert ground.inbox.tos == ["boss@laleh.example"] * 2
        assert ground.inbox.letters[0]["Subject"] == "سلام ۷"
        shown = (await api.ask("GET", f"/v1/messages/{first.json()['message']}")).json()
        assert (shown["state"], shown["campaign"], shown["purpose"]) == ("sent", "test", "test")
        assert await ground.worker.published(CAMPAIGNS_MESSAGES) == []
        kept = await ground.worker.pool.fetch("SELECT test, test_to, encode(fields, 'escape') FROM message")
        assert [(row[0], row[1]) for row in kept] == [(True, None)] * 2
        assert await ground.worker.pool.fetchval("SELECT count(*) FROM consent_link") == 0


@pytest.mark.stack
async def test_a_test_that_a_killed_sender_had_is_told_to_nobody(databases: Databases) -> None:
    async with a_ground(databases, MAIL) as ground, an_api(ground) as api:
        await api.ask("POST", "/v1/templates/hello/test", {"to": "boss@laleh.example", "values": {"days": 7}})
        await ground.sender.claim()
        await ground.worker.pool.execute("UPDATE message SET claimed_at = claimed_at - interval '1 hour'")
        assert await ground.sender.give_up() == 1
        assert await ground.states() == {"unknown no_answer": 1} and await ground.told() == []


@pytest.mark.stack
async def test_a_test_by_text_message_or_webhook_goes_there_too(databases: Databases) -> None:
    async with a_ground(databases, CASES["twilio"]) as ground, an_api(ground) as api:
        body: dict[str, Any] = {
            "channel": "sms",
            "to": "+989123456789",
            "customer": {"name": "X"},
            "values": {"days": 1},
        }
        assert (await api.ask("POST", "/v1/templates/hello/test", body)).status_code == 200
        await ground.send()
        assert ground.provider.asked[0].form["To"] == "+989123456789"
    async with a_ground(databases, CASES["webhook"]) as ground, an_api(ground) as api:
        body = {"channel": "webhook", "values": {"days": 1}}
        assert (await api.ask("POST", "/v1/templates/hello/test", body)).status_code == 200
        await ground.send()
        assert ground.provider.asked[0].said["data"]["values"] == {"days": 1}


@pytest.mark.stack
async def test_a_test_by_push_goes_to_a_browser_of_the_staff_that_is_kept_nowhere(databases: Databases) -> None:
    async with a_ground(databases, CASES["push"]) as ground, an_api(ground) as api:
        keys = {"p256dh": padless(point(BROWSER.public_key())), "auth": padless(AUTH)}
        browser = {"endpoint": f"{ground.provider.base}/push/staff", "keys": keys}
        fields = {"customer": {"name": "Sara"}, "values": {"days": 7}}
        body: dict[str, Any] = {"channel": "push", "browser": browser, **fields}
        assert (await api.ask("POST", "/v1/templates/hello/test", body)).status_code == 200
        await ground.send()
        assert [one.path for one in ground.provider.asked] == ["/push/staff"] and len(ground.provider.taken) == 1
        assert await ground.states() == {"sent": 1} and await ground.told() == []
        assert await ground.worker.pool.fetchval("SELECT test_to FROM message") is None
        assert await ground.worker.pool.fetchval("SELECT count(*) FROM browser") == 0
        for wrong in (
            {"browser": None},
            {"to": "somebody"},
            {"channel": "email", "to": "boss@laleh.example"},
            {"browser": {**browser, "endpoint": "https://user@push.example/x"}},
            {"browser": {**browser, "keys": {**keys, "auth": "short"}}},
        ):
            assert (await api.ask("POST", "/v1/templates/hello/test", body | wrong)).status_code == 422


@pytest.mark.stack
async def test_a_test_by_task_lies_before_staff_and_nobody_is_told(databases: Databases) -> None:
    async with a_ground(databases, DESK) as ground, an_api(ground) as api:
        body: dict[str, Any] = {"channel": "task", "customer": {"name": "Sara"}, "values": {"days": 7}}
        for to in ({}, {"to": "staff:u-9"}):
            assert (await api.ask("POST", "/v1/templates/hello/test", body | to)).status_code == 200
        assert (await api.ask("POST", "/v1/templates/hello/test", body | {"to": "u-9"})).status_code == 422
        await ground.send()
        shown = (await api.ask("GET", "/v1/tasks")).json()["items"]
        assert {(one["owner"], one["title"], one["customer"], one["test"], one["via"]) for one in shown} == {
            ("key:key0", "Hello Sara", "", True, None),
            ("staff:u-9", "Hello Sara", "", True, None),
        }
        done = await api.ask("POST", f"/v1/tasks/{shown[0]['task']}/done", {"outcome": "seen"})
        assert (done.status_code, done.json()["state"]) == (200, "done")
        assert await _told(ground) == [] and await ground.told() == []


@pytest.mark.parametrize(
    "body",
    [
        {"to": "nobody"},
        {"to": "a@b.example, c@d.example"},
        {"to": "a@b.example\r\nBcc: c@d.example"},
        {"channel": "sms", "to": "09123456789"},
        {"channel": "webhook", "to": "https://elsewhere.example"},
        {"to": "a@b.example", "values": {"long": "x" * 2_001}},
    ],
)
@pytest.mark.stack
async def test_a_test_goes_nowhere_else(databases: Databases, body: dict[str, Any]) -> None:
    async with a_ground(databases, MAIL) as ground, an_api(ground) as api:
        assert (await api.ask("POST", "/v1/templates/hello/test", body)).status_code == 422


@pytest.mark.stack
async def test_tests_are_no_way_to_send_to_many(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "HOURLY_MAX", 3)
    async with a_ground(databases, MAIL) as ground, an_api(ground) as api:
        body = {"to": "boss@laleh.example", "values": {"days": 7}}
        codes = [(await api.ask("POST", "/v1/templates/hello/test", body)).status_code for _ in range(5)]
        assert codes == [200, 200, 200, 409, 409]


@pytest.mark.stack
async def test_browsers_come_and_go_and_bad_ones_are_refused(databases: Databases) -> None:
    async with a_ground(databases, CASES["push"]) as ground, an_api(ground) as api:
        await ground.meet(1, 2)
        keys = {"p256dh": padless(point(BROWSER.public_key())), "auth": padless(AUTH)}
        body: dict[str, Any] = {"customer": name(1), "endpoint": f"{ground.provider.base}/push/x", "keys": keys}
        for _ in range(2):
            assert (await api.ask("POST", "/v1/push/browsers", body)).status_code == 200
        count = "SELECT count(*) FROM browser WHERE customer = $1"
        assert await ground.worker.pool.fetchval(count, 1) == 2
        # Somebody else signs in before the same browser: it is theirs.
        assert (await api.ask("POST", "/v1/push/browsers", {**body, "customer": name(2)})).status_code == 200
        assert await ground.worker.pool.fetchval(count, 1) == 1
        for wrong in (
            {"endpoint": "https://user@push.example/x"},
            {"keys": {**keys, "auth": "short"}},
            {"keys": {**keys, "p256dh": "A" * 87}},
            {"keys": {**keys, "p256dh": "é"}},
        ):
            assert (await api.ask("POST", "/v1/push/browsers", body | wrong)).status_code == 422
        assert (await api.ask("POST", "/v1/push/browsers", body | {"customer": name(77)})).status_code == 404
        gone = {"customer": name(2), "endpoint": body["endpoint"]}
        answers = [(await api.ask("POST", "/v1/push/browsers/remove", gone)).json() for _ in range(2)]
        assert answers == [{"removed": True}, {"removed": False}]


@pytest.mark.stack
async def test_an_endpoint_is_set_rotated_and_removed_and_its_secret_told_once(databases: Databases) -> None:
    async with a_ground(databases, CASES["webhook"]) as ground, an_api(ground) as api:
        await ground.worker.pool.execute("DELETE FROM webhook_endpoint")
        path = "/v1/webhooks/endpoint"
        assert (await api.ask("GET", path)).json()["url"] is None
        assert (await api.ask("POST", f"{path}/rotate")).status_code == 409
        url = f"{ground.provider.base}/hook"
        secret = (await api.ask("PUT", path, {"url": url})).json()["secret"]
        assert secret.startswith("whsec_") and (await api.ask("PUT", path, {"url": url})).json()["secret"] is None
        rotated = (await api.ask("POST", f"{path}/rotate", {"keep_hours": 1})).json()
        assert rotated["secret"] not in (None, secret) and rotated["previous_until"] is not None
        await ground.meet(1)
        await ground.ask(asked(1, channel="webhook"))
        await ground.send()
        assert len(ground.provider.asked[0].headers["webhook-signature"].split()) == 2
        assert (await api.ask("PUT", path, {"url": "https://10.0.0.1/#x"})).status_code == 422
        assert (await api.ask("POST", f"{path}/remove")).json() == {"removed": True}
