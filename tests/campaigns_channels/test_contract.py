"""One contract that the adaptor of every channel passes: each message goes out once, or says why not."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from services.campaigns.messages.jobs import Sender
from shared.contracts.topics import CAMPAIGNS_REQUESTS, CONSENTS, CUSTOMERS
from shared.testing import Databases
from tests.campaigns.ground import told
from tests.campaigns_channels.ground import CASES, CONSENTED, Case, Ground, a_ground, in_haste, said
from tests.campaigns_messages.ground import asked, settings_of

EVERY = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
HTTP = [case for case in CASES.values() if case.vendor is not None]
_SURELY_NOT = {
    "refuse": {"kavenegar": "failed 411", "twilio": "failed 21211", "webhook": "failed 422", "push": "failed 413"},
    "later": dict.fromkeys(("kavenegar", "twilio", "webhook", "push"), "planned 503"),
    "pause": dict.fromkeys(("kavenegar", "twilio", "webhook", "push"), "planned 429"),
    "denied": dict.fromkeys(("kavenegar", "twilio", "webhook", "push"), "planned 401"),
    "elsewhere": {"kavenegar": "planned 307", "twilio": "failed 307", "webhook": "failed 307", "push": "failed 307"},
}
_NO_ANSWER = {"twilio": "unknown no_answer", "webhook": "planned no_answer", "push": "unknown no_answer"}
_PERHAPS = {
    "broken": {"kavenegar": "sent", "twilio": "unknown 500", "webhook": "planned 500", "push": "unknown 500"},
    "garbage": {"kavenegar": "sent", "twilio": "unknown no_answer", "webhook": "sent", "push": "sent"},
    "break": {"kavenegar": "sent", **_NO_ANSWER},
    "slow": {"kavenegar": "sent", **_NO_ANSWER},
    "lost": {"kavenegar": "unknown no_answer", **_NO_ANSWER},
}


def _answers(table: dict[str, dict[str, str]]) -> Iterator[Any]:
    for word, expected in table.items():
        for case in HTTP:
            yield pytest.param(case, word, expected[case.name], id=f"{case.name}-{word}")


def asked_of(case: Case, customer: int, occasion: str = "o-1", **more: Any) -> Any:
    """A message by the case's channel."""
    return asked(customer, occasion, channel=case.channel, **more)


async def _state(ground: Ground) -> str:
    (state,) = (await ground.states()).items()
    assert state[1] == 1
    return state[0]


@EVERY
@pytest.mark.stack
async def test_a_message_is_asked_for_often_and_goes_out_once(databases: Databases, case: Case) -> None:
    async with a_ground(databases, case) as ground:
        await ground.meet(1, locale="fa-IR")
        wanted = [asked_of(case, 1, number=n) for n in range(3)]
        await ground.worker.feed(CAMPAIGNS_REQUESTS, wanted, doubled=1.0, placed="random", rng=Random(1), batch=2)
        await ground.send()
        assert await ground.states() == {"sent": 1} and await ground.reached() == 1
        (told_,) = await ground.data()
        assert (told_["channel"], told_["locale"], told_["message"]) == (case.channel, "fa", (await ground.ids())[0])
        assert "example.com" not in str(told_) and "98912" not in str(told_)


@EVERY
@pytest.mark.stack
async def test_nobody_is_reached_by_a_channel_that_they_did_not_consent_to(databases: Databases, case: Case) -> None:
    async with a_ground(databases, case) as ground:
        await ground.meet(1)
        others = tuple(one for one in CONSENTED.values() if one != CONSENTED.get(case.channel))
        await ground.worker.feed(CONSENTS, [said(1, 9, state="withdrawn", channels=tuple(CONSENTED.values()))])
        await ground.worker.feed(CONSENTS, [said(1, 10, channels=others)])
        await ground.ask(asked_of(case, 1))
        await ground.send()
        # A webhook reaches the shop's own systems, and not the customer.
        assert await _state(ground) == ("sent" if case.channel == "webhook" else "suppressed no_consent")
        assert await ground.reached() == (1 if case.channel == "webhook" else 0)


@EVERY
@pytest.mark.stack
async def test_whom_nothing_leads_to_is_not_reached(databases: Databases, case: Case) -> None:
    async with a_ground(databases, case) as ground:
        await ground.meet(1)
        await ground.worker.feed(CUSTOMERS, [told(1, 9, name="Nowhere")])
        for table in ("browser", "webhook_endpoint"):
            await ground.worker.pool.execute(f"DELETE FROM {table}")
        await ground.ask(asked_of(case, 1))
        await ground.send()
        # Staff find a way.
        assert await _state(ground) == ("sent" if case.channel == "task" else "suppressed no_contact")


@EVERY
@pytest.mark.stack
async def test_a_template_that_says_nothing_by_the_channel_sends_nothing(databases: Databases, case: Case) -> None:
    async with a_ground(databases, case) as ground:
        await ground.meet(1)
        await ground.worker.pool.execute("""UPDATE template_version SET body = '{"texts": {"en": {}}}'""")
        await ground.ask(asked_of(case, 1))
        await ground.send()
        assert await _state(ground) == "suppressed no_template" and await ground.reached() == 0


@EVERY
@pytest.mark.stack
async def test_nothing_goes_out_for_what_an_import_told(databases: Databases, case: Case) -> None:
    async with a_ground(databases, case) as ground:
        await ground.meet(1)
        await ground.ask(asked_of(case, 1, origin="backfill"))
        await ground.send()
        assert await _state(ground) == "suppressed backfill" and await ground.reached() == 0


@pytest.mark.parametrize(("case", "word", "expected"), [*_answers(_SURELY_NOT)])
@pytest.mark.stack
async def test_what_was_surely_not_taken_is_tried_again_or_given_up(
    databases: Databases, case: Case, word: str, expected: str
) -> None:
    async with a_ground(databases, case) as ground:
        await ground.meet(1)
        ground.provider.script = [word]
        await ground.ask(asked_of(case, 1))
        await ground.send()
        assert await _state(ground) == expected and ground.provider.taken == []
        assert len(ground.provider.asked) == 1, "no redirect is followed, and what is refused for now waits"
        if word == "pause":
            wait = await ground.worker.pool.fetchval("SELECT due > now() + interval '9 minutes' FROM message")
            assert wait, "so long as the provider asked for"
        await ground.all_due()
        await ground.send()
        again = expected.startswith("planned")
        assert await _state(ground) == ("sent" if again else expected)
        assert len(ground.provider.taken) == (1 if again else 0)


@pytest.mark.parametrize(("case", "word", "expected"), [*_answers(_PERHAPS)])
@pytest.mark.stack
async def test_what_was_perhaps_taken_is_sent_again_only_where_a_repeat_counts_once(
    databases: Databases, case: Case, word: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_haste(monkeypatch)
    async with a_ground(databases, case) as ground:
        await ground.meet(1)
        ground.provider.script = [word]
        await ground.ask(asked_of(case, 1))
        await ground.send()
        assert await _state(ground) == expected
        await ground.all_due()
        await ground.send()
        again = expected.startswith("planned")
        assert await _state(ground) == ("sent" if again else expected)
        assert len(ground.provider.asked) == (2 if again else 1)
        assert len(set(ground.provider.taken)) <= 1, "each repeat under the same name"
        assert len(await ground.told()) == 1


@pytest.mark.parametrize("case", HTTP, ids=lambda case: case.name)
@pytest.mark.stack
async def test_while_a_provider_is_away_messages_wait_and_none_is_lost(databases: Databases, case: Case) -> None:
    async with a_ground(databases, case) as ground:
        away = "http://127.0.0.1:9"
        await ground.meet(1)
        for table, column in (("browser", "endpoint"), ("webhook_endpoint", "url")):
            await ground.worker.pool.execute(f"UPDATE {table} SET {column} = '{away}'")
        await ground.ask(asked_of(case, 1))
        settings = settings_of(ground.inbox.port, send_loopback=True, **case.settings(away))
        async with Sender(ground.worker.pool, settings) as sender:
            await sender.step()
        assert await _state(ground) == "planned server_away"
        for table, column in (("browser", "endpoint"), ("webhook_endpoint", "url")):
            sets = f"UPDATE {table} SET {column} = '{ground.provider.base}/here'"
            await ground.worker.pool.execute(sets)
        await ground.all_due()
        await ground.send()
        assert await _state(ground) == "sent" and len(ground.provider.taken) == 1


@EVERY
@pytest.mark.parametrize("handed_over", [False, True], ids=["before it was handed over", "after it was"])
@pytest.mark.stack
async def test_killed_between_claim_and_end_a_message_is_told_of_and_counts_once(
    databases: Databases, case: Case, handed_over: bool
) -> None:
    async with a_ground(databases, case) as ground:
        await ground.meet(1)
        await ground.ask(asked_of(case, 1))
        claimed, _ = await ground.sender.claim()
        answers = await ground.sender.hand_over(claimed) if handed_over else []
        assert await ground.sender.give_up() == 0, "it may still be at work"
        await ground.worker.pool.execute("UPDATE message SET claimed_at = claimed_at - interval '1 hour'")
        assert await ground.sender.give_up() == 1
        await ground.all_due()
        await ground.send()
        repeated = case.channel in {"webhook", "task"}
        assert await _state(ground) == ("sent" if repeated else "unknown no_answer")
        # A zombie wakes up: what it says comes too late.
        await ground.sender.end(answers or [(one, answer) for one, answer in await ground.sender.hand_over(claimed)])
        assert await _state(ground) == ("sent" if repeated else "unknown no_answer")
        assert await ground.told() == ["message.sent" if repeated else "message.unknown"]
        assert len(set(ground.provider.taken)) <= 1 and await ground.reached() <= 2


@EVERY
@pytest.mark.stack
async def test_a_channel_that_is_not_set_up_keeps_its_messages_until_they_expire(
    databases: Databases, case: Case
) -> None:
    async with a_ground(databases, case) as ground:
        await ground.meet(1)
        await ground.ask(asked_of(case, 1))
        none = settings_of(1, smtp_host="", send_loopback=True)
        async with Sender(ground.worker.pool, none) as sender:
            await sender.step()
            always = case.channel in {"webhook", "task"}
            assert await _state(ground) == ("sent" if always else "planned")
            await ground.worker.pool.execute("UPDATE message SET expires_at = now()")
            await sender.step()
            assert await _state(ground) == ("sent" if always else "suppressed expired")
