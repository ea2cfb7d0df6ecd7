"""Commands that ask the application of a service: webhooks, tasks, journeys, segments, surveys, cases; customers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from mandegar.failures import CommandFailed
from services.gateway.shops import add_shop
from shared.db import acquire, create_pool
from shared.kernel import SystemClock, customer_id_text, parse_customer_id
from shared.messaging.reference import write_shops
from tests.campaigns_channels.test_bounces import STATUS, letter
from tests.stack.test_tools import Place, place

__all__ = ["place"]
pytestmark = pytest.mark.stack
CUSTOMER = "1k5f0q2v9a3bd"
NUMBER = int(parse_customer_id(CUSTOMER))
AT = datetime(2026, 3, 21, 9, tzinfo=UTC)
_CUSTOMER = """
INSERT INTO customer (shop, customer, canonical, name, email, phone, name_at_us, email_at_us, phone_at_us, locale_at_us,
                      phones, emails) VALUES (1, $1, $1, 'Sara', 'sara@example.com', '', 0, 0, 0, 0, 0, 0)
"""
_CAMPAIGNS = (
    "INSERT INTO profile (shop, customer, name, email, orders) VALUES (1, $1, 'Sara', 'sara@example.com', 3)",
    """INSERT INTO consent (shop, customer, channel, purpose, state, occurred_at, record, source)
    VALUES (1, $1, 'email', 'news', 'given', $2, 'r', 'checkout')""",
    """INSERT INTO message (shop, id, customer, planned_at, due, expires_at, ended_at, state, channel, purpose,
                            campaign, step, occasion, template, fields, reason)
    VALUES (1, 'm-1', $1, $2, $2, $2, $2, 5, 'email', 'news', 'welcome', 'hello', 'o', 'hello', '{"name": "Sara"}',
            'undeliverable')""",
    """INSERT INTO task (shop, id, customer, due, opened_at, changed_at, state, campaign, step, occasion, locale, via,
                         owner, title, note)
    SELECT 1, id, $1, $2, $2, $2, 0, 'welcome', 'call', 'o', 'en', '', '', 'Call Sara', ''
    FROM unnest('{t-1,t-2}'::text[]) AS id""",
    """INSERT INTO journey_run (shop, id, journey, version, customer, key, state, control, step, due, met, since,
                                entered_at, changed_at, variant, cause, trigger, partition, context)
    VALUES (1, 'r-1', 'welcome', 1, $1, '', 0, false, 'week', $2, false, $2, $2, $2, 'tone:warm', 'c', 'member.joined',
            0, '{}')""",
)
_FEEDBACK = (
    "INSERT INTO respondent (shop, customer, stage) VALUES (1, $1, 'active')",
    """INSERT INTO care_case (shop, id, customer, opened_at, due_at, state, cause)
    VALUES (1, 'c-1', $1, $2, $2, 1, 'complaint')""",
)
CONDITION = {"kind": "number", "field": "orders", "least": 2}


@pytest.fixture
async def desk(place: Place) -> Place:
    """A shop with a customer whom every service knows."""
    pools = {name: await create_pool(place.url, name, max_size=2) for name in ("gateway", "campaigns", "feedback")}
    try:
        shop = await add_shop(pools["gateway"], SystemClock(), "laleh", currency="USD")
        await pools["gateway"].execute(_CUSTOMER, NUMBER)
        for name, statements in (("campaigns", _CAMPAIGNS), ("feedback", _FEEDBACK)):
            async with acquire(pools[name]) as conn:
                await write_shops(conn, [shop], [0])
                await _all(conn, statements)
    finally:
        for pool in pools.values():
            await pool.close()
    return place


async def _all(conn: asyncpg.Connection[Any], statements: tuple[str, ...]) -> None:
    for statement in statements:
        await conn.execute(statement, *((NUMBER, AT) if "$2" in statement else (NUMBER,)))


async def actions(desk: Place, service: str) -> set[tuple[str, str]]:
    conn = await asyncpg.connect(desk.url)
    try:
        rows = await conn.fetch(f"SELECT actor, action FROM {service}.audit_entry")
    finally:
        await conn.close()
    return {(row["actor"], row["action"]) for row in rows}


async def test_campaigns_is_asked_by_commands_as_by_its_api(desk: Place, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="the service knows no shop 'sib'"):
        await desk.run("tasks", "list", "sib")
    one, other = await desk.json("tasks", "list", "laleh")
    assert (one["task"], one["title"], one["customer"]) == ("t-1", "Call Sara", CUSTOMER)
    assert (await desk.json("tasks", "claim", "laleh", "t-1"))["owner"] == "operator"
    assert (await desk.json("tasks", "done", "laleh", "t-1", "--outcome", "reached", "--text", "Glad"))[
        "state"
    ] == "done"
    assert [row["task"] for row in await desk.json("tasks", "list", "laleh", "--limit", "1")] == [other["task"]]
    with pytest.raises(CommandFailed, match="outcome: "):
        await desk.run("tasks", "cancel", "laleh", "t-2", "--outcome", "No!")
    with pytest.raises(CommandFailed, match="No such task; `list` shows"):
        await desk.run("tasks", "show", "laleh", "t-9")
    assert "Call Sara" in await desk.run("tasks", "show", "laleh", "t-2")

    assert (await desk.json("hooks", "show", "laleh"))["url"] is None
    with pytest.raises(CommandFailed, match="url: "):
        await desk.run("hooks", "set", "laleh", "http://crm.example/hooks")
    assert (await desk.json("hooks", "set", "laleh", "https://crm.example/hooks"))["secret"].startswith("whsec_")
    assert (await desk.json("hooks", "rotate", "laleh"))["previous_until"] is not None
    assert await desk.json("hooks", "remove", "laleh") == {"removed": True}

    condition = json.dumps(CONDITION)
    assert (await desk.json("segments", "size", "laleh", "-", given=condition))["size"] == 1
    draft = ("segments", "draft", "laleh", "regulars", "-", "--title")
    assert (await desk.json(*draft, "R", given=condition))["version"] is None
    assert (await desk.json(*draft, "Regulars", given=condition))["title"] == "Regulars"
    assert (await desk.json("segments", "publish", "laleh", "regulars"))["version"] == 1
    assert [row["id"] for row in await desk.json("segments", "list", "laleh")] == ["regulars"]
    assert await desk.json("segments", "members", "laleh", "regulars") == [], "a worker makes it"
    with pytest.raises(CommandFailed, match="no JSON"):
        await desk.run("segments", "size", "laleh", "-", given="{")

    ready = await desk.json("journeys", "ready", "laleh")
    assert "thank-you" in {row["id"] for row in ready}
    assert (await desk.json("journeys", "install", "laleh", "thank-you", "--purpose", "news"))["state"] == "draft"
    assert (await desk.json("journeys", "publish", "laleh", "thank-you"))["state"] == "active"
    for what, state in (("pause", "paused"), ("resume", "active")):
        assert (await desk.json("journeys", what, "laleh", "thank-you"))["state"] == state
    file = tmp_path / "journey.json"
    file.write_text((await desk.run("journeys", "export", "laleh", "thank-you")).replace("thank-you", "thanks-2"))
    assert (await desk.json("journeys", "import", "laleh", str(file)))["id"] == "thanks-2"
    assert (await desk.json("journeys", "kill", "laleh", "thank-you", "--yes"))["state"] == "killed"
    assert len(await desk.json("journeys", "list", "laleh")) == 2
    assert ("operator", "POST /v1/journeys/{journey}/kill") in await actions(desk, "campaigns")


async def test_a_servers_letter_is_taken_from_a_pipe_and_another_is_let_go(desk: Place) -> None:
    told = letter("delivery-status", STATUS + "Action: failed\nStatus: 5.1.1").decode()
    assert "reports: 1" in await desk.run("bounces", "take", given=told)
    assert "reports: 0" in await desk.run("bounces", "take", given="Subject: lunch?\n\nAt noon.\n")
    conn = await asyncpg.connect(desk.url)
    try:
        rows = await conn.fetch("SELECT reference, code, hard FROM campaigns.report")
    finally:
        await conn.close()
    assert [tuple(row) for row in rows] == [("0199-8c52", "5.1.1", True)]


async def test_feedback_is_asked_likewise(desk: Place) -> None:
    (case,) = await desk.json("cases", "list", "laleh", "--customer", CUSTOMER, "--late")
    assert (case["case"], case["cause"], case["owner"]) == ("c-1", "complaint", None)
    assert (await desk.json("cases", "assign", "laleh", "c-1", "u-17"))["owner"] == "u-17"
    assert (await desk.json("cases", "solve", "laleh", "c-1", "--outcome", "replaced"))["state"] == "solved"
    assert (await desk.json("cases", "reopen", "laleh", "c-1"))["reopened"] == 1
    assert (await desk.json("cases", "show", "laleh", "c-1"))["log"] == []
    ready = json.loads(await desk.run("surveys", "ready", "laleh"))
    made = await desk.json("surveys", "publish", "laleh", "nps", "-", given=json.dumps(next(iter(ready.values()))))
    assert (made["survey"], made["version"], made["author"]) == ("nps", 1, "operator")
    assert [row["survey"] for row in await desk.json("surveys", "list", "laleh")] == ["nps"]
    assert (await desk.json("surveys", "show", "laleh", "nps", "--version", "1"))["version"] == 1
    assert await desk.json("surveys", "invitations", "laleh", CUSTOMER) == []
    assert ("operator", "POST /v1/cases/{case}/solve") in await actions(desk, "feedback")


async def test_a_customer_is_shown_with_what_campaigns_and_feedback_know(desk: Place) -> None:
    assert customer_id_text(parse_customer_id(CUSTOMER)) == CUSTOMER
    text = await desk.run("customers", "show", "laleh", CUSTOMER)
    assert "Sara" not in text and "sara@" not in text
    found = await desk.json("customers", "show", "laleh", CUSTOMER)
    sent, runs = found["campaigns"]["messages"], found["campaigns"]["journeys"]
    assert found["campaigns"]["consents"] == {"email/news": "given"}
    assert [(one["campaign"], one["state"], one["reason"]) for one in sent] == [
        ("welcome", "suppressed", "undeliverable")
    ]
    assert [(one["journey"], one["state"], one["variant"]) for one in runs] == [("welcome", "running", "tone:warm")]
    assert {one["task"] for one in found["campaigns"]["tasks"]} == {"t-1", "t-2"}
    assert [(one["case"], one["state"]) for one in found["feedback"]["cases"]] == [("c-1", "open")]
    assert found["feedback"]["answers"] == [] and found["loyalty"] is None
