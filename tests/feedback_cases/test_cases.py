"""Cases: opened by bad answers and complaints, late by the clock, solved, asked about, opened again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.feedback.cases.domain import Case, State, escalated, late_at, reopened, solved
from services.feedback.policy import Policy
from shared.contracts.topics import CUSTOMERS, ERASURES, FEEDBACK_CASES, LOYALTY_REQUESTS, ORDERS
from shared.testing import Databases
from tests.campaigns.ground import erased
from tests.feedback.ground import CSAT, NOW, Ground, a_ground, bought, name, survey
from tests.feedback_surveys.test_surveys import told

ASKING = survey(trigger={"on": "order_completed", "delay_hours": 0})
AFTER = survey(CSAT, trigger={"delay_hours": 24})
POLICY = Policy(case_hours=48, escalate_hours=24, escalations=2)
CASE = Case(1, "c", 7, "complaint", State.OPEN, NOW, NOW + timedelta(hours=48))


def test_a_case_is_told_as_late_so_often_and_no_more() -> None:
    case, told_at = CASE, []
    for hour in range(400):
        now = NOW + timedelta(hours=hour)
        after = escalated(case, POLICY, now)
        if after is not None:
            told_at.append(hour)
            case = after
    assert told_at == [48, 72] and late_at(case, POLICY) is None
    done = solved(case, "explained", NOW)
    assert done is not None and solved(done, "other", NOW) is None, "an outcome stays"
    assert escalated(done, POLICY, NOW + timedelta(days=99)) is None and late_at(done, POLICY) is None
    again = reopened(done, POLICY, NOW + timedelta(days=9))
    assert again is not None and reopened(again, POLICY, NOW) is None
    assert (again.due_at, again.escalations, again.reopened) == (NOW + timedelta(days=11), 0, 1)
    assert again.occasion != done.occasion


async def one_bad(ground: Ground) -> str:
    """A customer who scored 2; the id of the case."""
    await ground.publish("nps", ASKING)
    await ground.worker.feed(CUSTOMERS, [told(7, 1)])
    await ground.worker.feed(ORDERS, [bought("A-1", 7)])
    await ground.pass_time(hours=0)
    (asked,) = await ground.asked()
    await ground.post(ground.page(asked), ("q.score", "2"), ("q.why", "Parcel came open"))
    (case,) = [data["case"] for _, data in await cases(ground)]
    return str(case)


async def cases(ground: Ground) -> list[tuple[str, dict[str, Any]]]:
    return await ground.told(FEEDBACK_CASES)


async def kinds(ground: Ground) -> list[str]:
    return [kind.removeprefix("case.") for kind, _ in await cases(ground)]


async def do(ground: Ground, path: str, body: Any = None) -> httpx.Response:
    key = await ground.key("cases:write", "personal:read")
    answer = await ground.http.post(path, headers=key, **({} if body is None else {"json": body}))
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.stack
async def test_a_bad_answer_opens_a_case_that_escalates_until_it_is_solved(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        case = await one_bad(ground)
        opened = (await cases(ground))[0][1]
        assert (opened["cause"], opened["score"], opened["survey"]) == ("answer", 2, "nps")
        assert "Parcel" not in str(await ground.worker.published(FEEDBACK_CASES))
        await ground.pass_time(hours=47)
        assert await kinds(ground) == ["opened"]
        await ground.pass_time(hours=1)
        await do(ground, f"/v1/cases/{case}/assign", {"owner": "u-17"})
        await do(ground, f"/v1/cases/{case}/assign", {"owner": "u-17"})
        await ground.pass_time(hours=24)
        assert await kinds(ground) == ["opened", "escalated", "assigned", "escalated"]
        for _ in range(2):
            await do(ground, f"/v1/cases/{case}/contacts", {"ref": "c-1", "channel": "phone", "text": "Sorry, Sara"})
            done = await do(ground, f"/v1/cases/{case}/solve", {"outcome": "replaced"})
        assert (done.json()["state"], done.json()["outcome"], done.json()["contacts"]) == ("solved", "replaced", 1)
        await ground.pass_time(days=30)
        assert await kinds(ground) == ["opened", "escalated", "assigned", "escalated", "contacted", "solved"]
        key = await ground.key("personal:read")
        whole = (await ground.http.get(f"/v1/cases/{case}", headers=key)).json()
        assert [(one["channel"], one["text"]) for one in whole["log"]] == [("phone", "Sorry, Sara")]


@pytest.mark.stack
async def test_a_solved_case_asks_again_and_a_bad_answer_to_that_opens_it_again(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("after", AFTER)
        case = await one_bad(ground)
        await do(ground, f"/v1/cases/{case}/solve", {"outcome": "explained"})
        await ground.pass_time(days=2)
        assert len(await ground.asked()) == 1, "nobody is asked twice within the rest, not even then"
        await ground.pass_time(days=29)
        asked = (await ground.asked())[1]
        assert asked["campaign"] == "survey.after"
        await ground.post(ground.page(asked), ("q.score", "1"))
        assert await kinds(ground) == ["opened", "solved", "reopened"]
        (_, again) = (await cases(ground))[-1]
        assert (again["case"], again["reopened"], again["state"]) == (case, 1, "open")
        await do(ground, f"/v1/cases/{case}/reopen")
        assert len(await kinds(ground)) == 3, "it is open already"
        await ground.pass_time(days=2)
        assert (await kinds(ground))[-1] == "escalated"


@pytest.mark.stack
async def test_complaints_and_points_count_once_however_often_they_are_sent(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.worker.feed(CUSTOMERS, [told(7, 1), told(8, 1)])
        form = {"customer": name(7), "cause": "complaint", "ref": "mail-1", "about": "Sara: it broke"}
        made = await asyncio.gather(*(do(ground, "/v1/cases", form) for _ in range(5)))
        (case,) = {one.json()["case"] for one in made}
        await do(ground, "/v1/cases", {**form, "customer": name(8)})
        given = {"ref": "sorry", "points": 200, "text": "for the trouble"}
        await asyncio.gather(*(do(ground, f"/v1/cases/{case}/compensate", given) for _ in range(5)))
        await do(ground, f"/v1/cases/{case}/compensate", {**given, "ref": "more"})
        asked = [one.event["data"] for one in await ground.worker.published(LOYALTY_REQUESTS)]
        assert [(one["id"], one["points"], one["customer"]) for one in asked] == [
            (f"{case}:points:sorry", 200, name(7)),
            (f"{case}:points:more", 200, name(7)),
        ]
        assert await kinds(ground) == ["opened", "opened", "contacted", "contacted"]
        await ground.worker.feed(ERASURES, [erased(7)])
        texts = ""
        for table in ("care_case", "care_contact", "outbox"):
            texts += str(await ground.worker.pool.fetchval(f"SELECT string_agg(t::text, '') FROM {table} t"))
        assert "trouble" not in texts and texts.count("Sara") == 1, "of the other customer"


@pytest.mark.stack
async def test_cases_are_listed_by_their_deadline_and_found_by_owner_person_and_lateness(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.worker.feed(CUSTOMERS, [told(n, 1) for n in range(1, 6)])
        made = []
        for n in range(1, 6):
            form = {"customer": name(n), "cause": "ticket", "ref": f"t-{n}"}
            made.append((await do(ground, "/v1/cases", form)).json()["case"])
            ground.clock.advance(timedelta(hours=12))
        await do(ground, f"/v1/cases/{made[2]}/assign", {"owner": "u-1"})
        await do(ground, f"/v1/cases/{made[0]}/solve", {"outcome": "unfounded"})

        async def listed(**query: Any) -> list[str]:
            key = await ground.key("customers:read")
            found, cursor = [], None
            for _ in range(9):
                params = {**query, "limit": 2, **({"cursor": cursor} if cursor else {})}
                page = (await ground.http.get("/v1/cases", params=params, headers=key)).json()
                found += [one["case"] for one in page["items"]]
                if (cursor := page["next"]) is None:
                    return found
            raise AssertionError("no end of pages")

        assert await listed() == made[1:] and await listed(state="solved") == made[:1]
        assert await listed(owner="u-1") == [made[2]] and await listed(customer=name(4)) == [made[3]]
        assert await listed(late="true") == []
        ground.clock.advance(timedelta(hours=1))
        assert await listed(late="true") == [made[1]]
