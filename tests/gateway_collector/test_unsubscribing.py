"""Whoever unsubscribes or complains takes consent back: at once, for every purpose of the channel, with the proof."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.collector.domain import Refused
from services.gateway.consents.domain import EVERY_PURPOSE, Statement, changes, standing
from services.gateway.shops import list_shops
from shared.contracts.topics import RAW_INTERACTIONS
from shared.kernel import CustomerId
from tests.gateway.ground import NOW
from tests.gateway_collector.onward import VISITOR, Onward

SARA = "sara@mail.ir"


def ends(number: int, event: str = "Unsubscribed", hours: int = 0, /, **more: Any) -> dict[str, Any]:
    """As Segment's specification has it, of a person known by an e-mail."""
    at = (NOW - timedelta(hours=hours + 1)).isoformat()
    traits = {"context": {"traits": {"email": SARA}}, "anonymousId": VISITOR}
    properties = {"email_id": "m-1", "email_subject": "Spring", "list_id": "l-1"} | more
    return {"event": event, "messageId": f"u-{number}", "timestamp": at, "properties": properties, **traits}


async def agree(onward: Onward, customer: int, purpose: str, hours: int, channel: str = "email") -> None:
    """A consent that was given so many hours ago, as the API keeps it."""
    await onward.pool.execute(
        "INSERT INTO consent (shop, customer, record, channel, purpose, state, occurred_at, source)"
        " VALUES ($1, $2, $3, $4, $5, 'given', $6, 'checkout')",
        *(1, customer, f"r-{channel}-{purpose}", channel, purpose, NOW - timedelta(hours=hours + 1)),
    )


async def sara(onward: Onward) -> int:
    """Her number, once she is known."""
    await onward.feed([onward.collect("identify", {"messageId": "i", "anonymousId": "a", "traits": {"email": SARA}})])
    return int(await onward.pool.fetchval("SELECT customer FROM customer"))


def held(event: dict[str, Any]) -> dict[str, str]:
    """What an event says holds."""
    return {f"{one['channel']}/{one['purpose']}": one["state"] for one in event["data"]["consents"]}


@pytest.mark.stack
@pytest.mark.parametrize(
    ("event", "source"), [("Unsubscribed", "unsubscribe"), ("EMAIL marked as  spam ", "spam-complaint")]
)
async def test_it_ends_every_purpose_of_the_channel_and_no_other_channel(
    onward: Onward, event: str, source: str
) -> None:
    customer = await sara(onward)
    for purpose, hours in (("newsletter", 50), ("offers", 10), ("receipts", 1)):
        await agree(onward, customer, purpose, hours)
    await agree(onward, customer, "offers", 50, "sms")
    await onward.feed([onward.collect("track", ends(1, event, 5))])
    (told,) = await onward.out("consents.v1")
    assert held(told) == {
        "email/all": "withdrawn",
        "email/newsletter": "withdrawn",
        "email/offers": "withdrawn",
        "email/receipts": "given",  # said after it
        "sms/offers": "given",
    }
    assert told["data"]["changed"] == ["email/all", "email/newsletter", "email/offers"]
    assert {one["source"] for one in told["data"]["consents"] if one["state"] == "withdrawn"} == {source}
    interaction = (await onward.out("interactions.v1"))[-1]
    assert (told["causationid"], told["subject"]) == (interaction["causationid"], interaction["data"]["customer"])
    proof = await onward.pool.fetchrow("SELECT * FROM consent WHERE purpose = 'all'")
    assert proof is not None and "u-1" in proof["evidence"] and "collector" in proof["evidence"]
    assert proof["occurred_at"] == NOW - timedelta(hours=6)
    assert "evidence" not in str(told), "which stays with gateway"


@pytest.mark.stack
async def test_it_is_kept_though_nothing_was_agreed_to_yet_and_an_older_consent_comes_late(onward: Onward) -> None:
    await onward.feed([onward.collect("track", ends(1, "Unsubscribed", 5))])
    customer = await onward.pool.fetchval("SELECT customer FROM customer")
    await agree(onward, customer, "newsletter", 9)
    await onward.feed([onward.collect("track", ends(2, "Email Marked as Spam", 2))])
    first, second = await onward.out("consents.v1")
    assert held(first) == {"email/all": "withdrawn"}
    assert held(second) == {"email/all": "withdrawn", "email/newsletter": "withdrawn"}
    assert first["sequence"] < second["sequence"]


@pytest.mark.stack
async def test_another_channel_may_be_named_and_what_is_none_is_refused_at_the_door(onward: Onward) -> None:
    customer = await sara(onward)
    for channel in ("email", "sms"):
        await agree(onward, customer, "offers", 9, channel)
    await onward.feed([onward.collect("track", ends(1, "Unsubscribed", 5, channel=" SMS "))])
    (told,) = await onward.out("consents.v1")
    assert held(told) == {"email/offers": "given", "sms/all": "withdrawn", "sms/offers": "withdrawn"}
    with pytest.raises(Refused, match="channel"):
        onward.collect("track", ends(2, "Unsubscribed", 5, channel="pigeon"))


@pytest.mark.stack
async def test_who_names_nobody_is_told_so(onward: Onward) -> None:
    nobody = {"event": "Unsubscribed", "anonymousId": VISITOR, "messageId": "u"}
    with pytest.raises(Refused, match=r"customer_id|userId"):
        onward.collect("track", nobody)


@pytest.mark.stack
async def test_batches_and_repeats_change_nothing_of_what_is_told(onward: Onward) -> None:
    calls = [
        {"event": "Seen", "messageId": "s", "context": {"traits": {"email": SARA}}, "anonymousId": VISITOR},
        *(ends(number, "Unsubscribed", hours) for number, hours in enumerate((9, 5, 5, 7))),
        *(ends(number, "Email Marked as Spam", hours) for number, hours in ((7, 1), (8, 9))),
    ]
    values = [onward.collect("track", call).value for call in calls]
    outboxes = []
    for batch in (1, 2, 100):
        for table in ("outbox", "outbox_key", "consent", "customer", "customer_alias", "processed_event"):
            await onward.pool.execute(f"TRUNCATE {table}")
        one = type(onward)(onward.pool, onward.desk)
        one.harness._next = {}
        await onward.pool.execute("TRUNCATE consumer_offset")
        await one.harness.feed(RAW_INTERACTIONS, values, batch=batch, placed="one", doubled=0.5, rng=Random(3))
        rows = await onward.pool.fetch("SELECT topic, key, value FROM outbox ORDER BY id")
        outboxes.append([tuple(row) for row in rows])
    assert outboxes[0] == outboxes[1] == outboxes[2]
    assert sum(topic == "consents.v1" for topic, _, _ in outboxes[0]) == 3, "what holds changed so often"


@pytest.mark.stack
async def test_nothing_is_kept_of_somebody_who_is_erased(onward: Onward) -> None:
    known = {"event": "Seen", "messageId": "s", "userId": "U-1", "anonymousId": VISITOR}
    await onward.feed([onward.collect("track", known)])
    await onward.pool.execute("UPDATE customer SET erasure = '019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b14'")
    gone = {"event": "Unsubscribed", "messageId": "u", "userId": "U-1", "anonymousId": VISITOR}
    await onward.feed([onward.collect("track", gone)])
    assert await onward.pool.fetchval("SELECT count(*) FROM consent") == 0
    assert await onward.out("consents.v1") == []
    assert len(await list_shops(onward.pool)) == 1


SAID = st.builds(
    lambda purpose, state, at, n: Statement(
        CustomerId(1), "email", purpose, "withdrawn" if purpose == EVERY_PURPOSE else state, NOW + timedelta(hours=at),
        "s", f"{purpose}-{state}-{at}-{n}",
    ),
    st.sampled_from(["a", "b", EVERY_PURPOSE]),
    st.sampled_from(["given", "pending", "withdrawn"]),
    st.integers(0, 4),
    st.integers(0, 1),
)  # fmt: skip


@given(st.lists(SAID, max_size=5, unique_by=lambda one: one.record))
def test_what_holds_does_not_depend_on_the_order_in_which_it_was_told(said: list[Statement]) -> None:
    first = standing(said)
    assert all(standing(list(order)) == first for order in permutations(said))
    assert changes(first, standing(said)) == []


@given(st.lists(SAID, max_size=8, unique_by=lambda one: one.record))
def test_a_purpose_is_given_only_where_it_was_given_after_every_withdrawal(said: list[Statement]) -> None:
    for one in standing(said):
        if one.state == "given":
            ended = [other for other in said if other.purpose in (one.purpose, EVERY_PURPOSE)]
            assert all(o.occurred_at < one.occurred_at for o in ended if o.state == "withdrawn")
