"""`make chaos`: journeys and surveys under faults drawn at random from a printed seed, round after round.

Carts are left and bought, orders are asked about, customers withdraw and answer, while workers, the database, the
broker and the mail server fail. Each step is done once, each message is sent at most once and told once, nothing is
claimed after a withdrawal, and each answer counts once.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from random import Random, SystemRandom
from time import monotonic
from typing import Any

import asyncpg
import msgspec
import pytest

from services.campaigns.templates import Template, Text
from services.feedback.app import create_app
from services.feedback.settings import FeedbackSettings
from services.feedback.surveys.store.versions import publish
from shared.contracts import topics
from shared.db import acquire
from shared.db.engine import plain_url
from shared.kernel import FixedClock, SystemClock
from shared.testing import api_url
from shared.testing.http import client
from tests.campaigns_journeys.ground import SEND, added, did, ordered, published
from tests.campaigns_messages.ground import said
from tests.campaigns_messages.withdrawing import watch, withdrawn
from tests.chaos.faults import (
    RELAYING,
    SENDING,
    STEPS,
    kill_broker,
    kill_workers,
    lose_commits,
    reset_connections,
    restart_database,
    stop_worker,
    storm,
    terminate_backends,
)
from tests.chaos.talking import Talk, a_talk
from tests.chaos.topic import messages_of
from tests.chaos.world import SECRET, Servers
from tests.feedback.ground import survey

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("CHAOS") != "long", reason="CHAOS=long asks for it"),
]
SEED = int(os.environ.get("CHAOS_SEED") or SystemRandom().randrange(10**8))
SECONDS = float(os.environ.get("CHAOS_TALK_SECONDS", "300"))
SERVICES = ("campaigns", "feedback")
FAULTS = {
    fault.__name__: fault
    for fault in (
        *(kill_workers, kill_broker, restart_database, terminate_backends),
        *(lose_commits, reset_connections, stop_worker, storm),
    )
}
MOODS = (92, 3, 2, 3)
JOURNEY: dict[str, Any] = {
    "name": "Cart",
    "trigger": {"kind": "event", "event": "product added"},
    "key": "cart",
    "reentry": {"kind": "per_key"},
    "goal": [{"event": "order.completed", "same": "checkout"}],
    "steps": [
        SEND,
        {
            "kind": "wait_for",
            "id": "checkout",
            "minutes": 10_000,
            "events": [{"event": "checkout started", "same": "cart"}],
            "met": [{**SEND, "id": "met"}],
        },
    ],
}
_LINK = re.compile(r"/pages/surveys/\S+")
_BODY = "<mjml><mj-body><mj-text>{{ customer.name }} {{ unsubscribe_url }}</mj-text></mj-body></mjml>"
TEMPLATES = {
    "hello": Template(texts={"en": Text(subject="Your cart", mjml=_BODY, text="{{ values.cart }}")}),
    "survey": Template(texts={"en": Text(subject="Asked", mjml=_BODY, text="{{ values.link }}")}),
}


async def test_whatever_happens_each_step_is_done_once_and_each_message_sent_at_most_once(
    servers: Servers, capsys: pytest.CaptureFixture[str]
) -> None:
    began, number = monotonic(), 0
    while number == 0 or monotonic() - began < SECONDS:
        with capsys.disabled():
            print(
                f"\ntalk {number}, {monotonic() - began:.0f} s of {SECONDS:.0f}: CHAOS_SEED={SEED + number}", flush=True
            )
            await _round(servers, SEED + number)
        number += 1


async def _round(servers: Servers, seed: int) -> None:
    rng = Random(seed)
    customers = range(1, rng.randint(60, 160) + 1)
    about: Any = {"services": SERVICES, "through_proxy": True, "moods": MOODS, "templates": TEMPLATES}
    async with a_talk(servers, seed=seed, **about) as talk:
        await _open(talk)
        conn = await asyncpg.connect(plain_url(talk.world.url))
        try:
            await watch(conn)
        finally:
            await conn.close()
        size: dict[str, Any] = {"MANDEGAR_BATCH_EVENTS_MAX": str(rng.choice((7, 40, 500))), "MANDEGAR_SEND_BATCH": "15"}
        for service in SERVICES:
            for _ in range(rng.randint(1, 2)):
                talk.world.keep(service, plan=_plan(rng, service), **size)
        names = [rng.choice(sorted(FAULTS)) for _ in range(rng.randint(2, 4))]
        plans = [f"{keeper.service}: {' '.join(keeper.plan) or 'no crash point'}" for keeper in talk.world.keepers]
        print(f"  {len(customers)} customers; {'; '.join(plans)}; {', '.join(names)}", flush=True)
        await talk.meet(customers, "news", "surveys")
        # Topics have no order between them: who is not known yet gets nothing.
        await talk.until(f"SELECT count(*) = {2 * len(customers)} FROM consent", 120)
        await talk.until(f"SELECT count(*) = {len(customers)} FROM profile WHERE email IS NOT NULL", 120)
        await talk.world.underway()
        living = asyncio.create_task(_live(talk, rng, customers))
        for name in names:
            await FAULTS[name](talk.world, rng)
        gone = await living
        await talk.world.drained(180)
        await talk.all_ended()
        await talk.world.drained(180)
        answered = await _answer(talk, rng)
        await talk.world.drained(180)
        found = await _judge(talk, customers, gone, answered)
        endings = Counter(signal.Signals(-e.code).name if e.code < 0 else f"exit {e.code}" for e in talk.world.endings)
        print(f"  {found}; workers ended: {dict(endings)}", flush=True)
        assert set(endings) <= {"SIGKILL", "exit 0", "exit 1"}, talk.world.obituary()


async def _open(talk: Talk) -> None:
    """A journey for carts that are left, and a survey for each order."""
    now = SystemClock().now()
    async with await talk.world.pool("campaigns") as pool:
        await published(pool, FixedClock(now), "cart", JOURNEY)
    async with await talk.world.pool("feedback") as pool, acquire(pool) as conn:
        await publish(
            conn, 1, "nps", survey(trigger={"on": "order_completed", "delay_hours": 0}), author="test", now=now
        )


async def _live(talk: Talk, rng: Random, customers: Sequence[int]) -> set[int]:
    """Each leaves a cart; some go to the checkout, some buy, some withdraw: all told twice, in any order between them.

    Who withdrew.
    """
    now = SystemClock().now()
    half = now - timedelta(minutes=30)
    lines: list[tuple[str, Any]] = []
    gone = set()
    for one in customers:
        cart, order = f"c-{one}", ordered(one, f"A-{one}", at=now, checkout_id=f"c-{one}")
        lines += [(topics.INTERACTIONS, added(one, cart, one, at=half))] * 2
        if one % 2:
            lines += [(topics.INTERACTIONS, did(one, "checkout started", 1_000 + one, at=now, cart_id=cart))] * 2
        if one % 3 == 0:
            lines += [(topics.ORDERS, order)] * 2
        if rng.random() < 0.2:
            gone.add(one)
            lines.append((topics.CONSENTS, said(one, 900, state="withdrawn")))
    rng.shuffle(lines)
    for at in range(0, len(lines), 25):
        by_topic = defaultdict[str, list[Any]](list)
        for topic, event in lines[at : at + 25]:
            by_topic[topic].append(event)
        for topic, events in by_topic.items():
            await talk.send(topic, events)
        await asyncio.sleep(rng.uniform(0, 1))
    return gone


async def _answer(talk: Talk, rng: Random) -> int:
    """Whoever finds a link in a letter answers it three times at once; how many links there were."""
    settings = FeedbackSettings.load(
        "feedback",
        database_url=api_url(talk.world.url, "feedback"),
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_key=SECRET,
    )
    texts = [letter.get_body(("plain",)) for letter in talk.inbox.letters if letter["Subject"] == "Asked"]
    links = {_LINK.findall(text.get_content())[0] for text in texts if text is not None}
    async with client(create_app(settings)) as http:
        for path in sorted(links):
            bodies = [f"q.score={rng.randint(0, 10)}&do=send".encode() for _ in range(3)]
            answers = await asyncio.gather(*(http.post(path, content=body) for body in bodies))
            assert {one.status_code for one in answers} == {200}
    return len(links)


def _plan(rng: Random, service: str) -> list[str]:
    points = [*STEPS, *RELAYING, "timer_after_claim", *(SENDING if service == "campaigns" else ())]
    chosen = rng.sample(points, rng.randint(0, 4))
    return [f"{point}:{rng.randint(1, 3)}" for point in chosen]


async def _judge(talk: Talk, customers: Sequence[int], gone: set[int], answered: int) -> dict[str, Any]:
    states = await talk.judge()
    assert states["SENT"] > len(customers) / 4, f"many are sent, else little was tried: {states}"
    await _judge_runs(talk, customers)
    conn = await asyncpg.connect(plain_url(talk.world.url), server_settings={"search_path": "campaigns"})
    try:
        found = await withdrawn(conn)
    finally:
        await conn.close()
    assert sorted(one.customer for one in found) == sorted(gone), "each has withdrawn once"
    assert [one for one in found if one.after] == [], "nothing is claimed after a withdrawal"
    await _judge_surveys(talk, customers, answered)
    return {**states, "withdrawn": len(gone), "answered": answered}


async def _judge_runs(talk: Talk, customers: Sequence[int]) -> None:
    """A run for each cart, and each step of it once."""
    bought = {one for one in customers if one % 3 == 0}
    met = {one for one in customers if one % 2}
    async with await talk.world.pool("campaigns") as pool:
        rows = await pool.fetch("SELECT customer, state, step FROM journey_run")
        planned = await pool.fetch("SELECT run, step FROM message WHERE run IS NOT NULL")
    entered = [row["customer"] for row in rows]
    # Who bought before we heard of the cart has none; a checkout that came before the run stood there wakes nobody.
    assert len(set(entered)) == len(entered) and set(customers) - bought <= set(entered) <= set(customers)
    for who, state, step in map(tuple, rows):
        allowed = ({2} if who in bought else {0}) | ({1} if who in met else set())
        assert state in allowed, f"{who} is {state} at {step!r}; met: {who in met}, bought: {who in bought}"
    assert max(Counter(tuple(row) for row in planned).values()) == 1, "a message for each step of a run"
    moved: Counter[tuple[str, str]] = Counter()
    seen: dict[str, Any] = {}
    for record in await messages_of(talk.world.kafka, topics.CAMPAIGNS_JOURNEYS):
        event = msgspec.json.decode(record.value)
        known = seen.setdefault(event["id"], event)
        assert known == event, "one id tells one thing"
        if known is event and event["type"] == "journey.moved":
            moved[event["data"]["run"], event["data"]["step"]] += 1
    assert max(moved.values()) == 1, "each step is done once"


async def _judge_surveys(talk: Talk, customers: Sequence[int], answered: int) -> None:
    """Whoever bought was asked once, and each answer counts once."""
    bought = {one for one in customers if one % 3 == 0}
    async with await talk.world.pool("feedback") as pool:
        asked = [row[0] for row in await pool.fetch("SELECT customer FROM invitation")]
        counted = await pool.fetchval("SELECT count(*) FROM answer WHERE counts")
        assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    assert sorted(asked) == sorted(bought)
    told: dict[str, Any] = {}
    for record in await messages_of(talk.world.kafka, topics.FEEDBACK_SURVEYS):
        event = msgspec.json.decode(record.value)
        assert told.setdefault(event["id"], event) == event, "one id tells one thing"
    by_invitation = Counter(one["data"]["invitation"] for one in told.values() if one["type"] == "survey.answered")
    assert set(by_invitation.values()) <= {1} and len(by_invitation) == counted == answered
