"""Consents: the statement that occurred last holds, in whatever order they come and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.consents.domain import Statement, record_id, standing
from services.gateway.shops import create_key
from shared.contracts import topics
from shared.contracts.consents import ConsentChanged
from shared.kernel import CustomerId
from tests.gateway.ground import NOW
from tests.privacy.ground import SARA, SHOP, Ground, order, said

START = datetime(2026, 1, 1, tzinfo=UTC)
DECODER = msgspec.json.Decoder(ConsentChanged)


def statements() -> st.SearchStrategy[list[Statement]]:
    one = st.builds(
        lambda channel, state, minute, source: Statement(
            CustomerId(7), channel, "news", state, START + timedelta(minutes=minute), source, ""
        ),
        st.sampled_from(["email", "sms"]),
        st.sampled_from(["given", "pending", "withdrawn"]),
        st.integers(0, 5),
        st.sampled_from(["checkout", "link"]),
    )
    return st.lists(one.map(lambda s: s._replace(record=record_id("shop", s))), max_size=12)


@given(statements(), st.randoms(use_true_random=False))
def test_order_and_repeats_do_not_matter(said_: list[Statement], rng: Random) -> None:
    disturbed = said_ + rng.sample(said_, len(said_) // 2)
    rng.shuffle(disturbed)
    assert standing(disturbed) == standing(said_)
    for one in standing(said_):
        same = [s for s in said_ if (s.channel, s.purpose) == (one.channel, one.purpose)]
        last = max(s.occurred_at for s in same)
        assert one.occurred_at == last
        assert one.state == max(
            (s.state for s in same if s.occurred_at == last), key=("given", "pending", "withdrawn").index
        ), "in doubt nobody is written to"


async def told(ground: Ground) -> list[ConsentChanged]:
    rows = await ground.gateway.pool.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", topics.CONSENTS)
    return [DECODER.decode(row["value"]) for row in rows]


@pytest.fixture
async def sara(ground: Ground) -> str:
    await ground.take(order("1", 9, **SARA))
    return await ground.customer(customer_id="U-7781")


@pytest.mark.stack
async def test_statements_out_of_order_and_doubled_end_in_the_last_one(ground: Ground, sara: str) -> None:
    many: list[dict[str, Any]] = [
        said(NOW - timedelta(hours=n), state, channel, phone="09121234567")
        for n, (state, channel) in enumerate(
            [("withdrawn", "email"), ("given", "email"), ("given", "sms"), ("pending", "email"), ("withdrawn", "sms")]
        )
    ]
    disturbed = many + many[:3]
    Random(5).shuffle(disturbed)
    for one in disturbed:
        answer = await ground.post("/v1/consents", one)
        assert answer.status_code == 200, answer.text
    holds = (await ground.get(f"/v1/customers/{sara}/consents")).json()["consents"]
    assert [(one["channel"], one["state"]) for one in holds] == [("email", "withdrawn"), ("sms", "given")]
    events = await told(ground)
    last = events[-1]
    assert [(one.channel, one.state) for one in last.data.consents] == [("email", "withdrawn"), ("sms", "given")]
    assert [one.sequence for one in events] == sorted({one.sequence for one in events})  # type: ignore[type-var]  # numbers
    assert {one.data.customer for one in events} == {sara}
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM consent") == 5


@pytest.mark.stack
async def test_a_repetition_tells_nobody_and_evidence_stays_off_the_topic(ground: Ground, sara: str) -> None:
    one = said(NOW, customer=sara, evidence="IP 203.0.113.9, box ticked by Sara")
    for _ in range(3):
        assert (await ground.post("/v1/consents", one)).status_code == 200
    (event,) = await told(ground)
    assert event.data.changed == ["email/newsletter"]
    assert b"203.0.113.9" not in msgspec.json.encode(event)
    late = said(NOW - timedelta(days=1), "withdrawn", customer=sara)
    assert (await ground.post("/v1/consents", late)).json()["consents"][0]["state"] == "given"
    assert len(await told(ground)) == 1, "what came late changes nothing that holds"


@pytest.mark.stack
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"channel": "pigeon"}, 422),
        ({"state": "maybe"}, 422),
        ({"occurred_at": "2026-01-01T00:00:00"}, 422),
        ({"occurred_at": "2026-03-02T00:00:00Z"}, 422),
        ({"purpose": "News Letter"}, 422),
        ({"customer_id": "U-7781"}, 422),
        ({"phone": "09120000000"}, 404),
    ],
)
async def test_what_is_no_statement_of_somebody_known_is_refused(
    ground: Ground, sara: str, change: dict[str, Any], status: int
) -> None:
    body = {**said(NOW, phone="09121234567"), **change}
    assert (await ground.post("/v1/consents", body)).status_code == status
    assert await ground.gateway.pool.fetchval("SELECT count(*) FROM consent") == 0


@pytest.mark.stack
async def test_who_may_hand_in_and_not_read_is_told_of_what_was_handed_in_alone(ground: Ground, sara: str) -> None:
    assert (await ground.post("/v1/consents", said(NOW, channel="sms", customer=sara))).status_code == 200
    _, ground.keys["writer"] = await create_key(ground.gateway.pool, ground.clock, SHOP, scopes=["customers:write"])
    assert (await ground.get(f"/v1/customers/{sara}/consents", "writer")).status_code == 403
    answer = await ground.post("/v1/consents", said(NOW, phone="09121234567"), "writer")
    assert answer.status_code == 200, answer.text
    assert [(one["channel"], one["state"]) for one in answer.json()["consents"]] == [("email", "given")]
    both = (await ground.post("/v1/consents", said(NOW, phone="09121234567"))).json()["consents"]
    assert [one["channel"] for one in both] == ["email", "sms"]
