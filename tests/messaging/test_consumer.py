"""The Kafka half of a worker with a stand-in for Kafka: what must hold in moments that no real broker shows twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import KafkaTimeoutError

from shared.kernel import SystemClock
from shared.messaging.batch import BatchHandler
from shared.messaging.consumer import Intake
from shared.messaging.dead_letters import Cipher, DeadLetters
from shared.messaging.fence import Position, TopicPartition
from shared.messaging.handover import Handover, Signal
from shared.messaging.places import PositionLost
from shared.testing.harness import TEST_SECRET
from tests.messaging.probe import ADDED, probe

PLACE = TopicPartition(ADDED, 0)


class Kafka:
    """As much of a consumer as an assignment needs."""

    def __init__(self, end: int) -> None:
        self.end = self.read = end
        self.away = False
        self._client = None
        self.sought: list[int] = []

    async def beginning_offsets(self, places: list[KafkaPartition]) -> dict[KafkaPartition, int]:
        return dict.fromkeys(places, 0)

    def partitions_for_topic(self, _topic: str) -> set[int]:
        return {0, 1, 2}

    async def end_offsets(self, places: list[KafkaPartition]) -> dict[KafkaPartition, int]:
        if self.away:
            raise KafkaTimeoutError
        return dict.fromkeys(places, self.end)

    async def position(self, _place: KafkaPartition) -> int:
        return self.read

    def seek(self, _place: KafkaPartition, offset: int) -> None:
        self.sought.append(offset)


def intake(kafka: Kafka, position: int, *, end_then: int | None = None) -> Intake:
    """`end_then`: what the end has become by the time that the claim comes through."""

    async def claim(*_: Any) -> dict[TopicPartition, Position]:
        kafka.end = kafka.end if end_then is None else end_then
        return {PLACE: Position(position, 1)}

    loop = asyncio.get_running_loop()
    handler = BatchHandler(probe(), SystemClock(), DeadLetters("probe", Cipher(TEST_SECRET)))
    handover = Handover(Signal(loop), Signal(loop), events_max=10, bytes_max=1 << 20)
    return Intake(handler.service, {}, handler.decoders, handover, claim=claim, revoke=lambda _: None)


@pytest.fixture(autouse=True)
def known_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    async def identify(*_: Any) -> tuple[str, Mapping[str, str]]:
        return "cluster", {}

    monkeypatch.setattr("shared.messaging.places.identify", identify)


async def test_a_claim_that_waited_while_the_last_owner_went_on_finds_its_position() -> None:
    kafka = Kafka(end=100)
    made = intake(kafka, 150, end_then=160)
    await made.assigned(kafka, [PLACE])
    assert kafka.sought == [150]


async def test_a_position_that_is_not_in_the_topic_is_told() -> None:
    kafka = Kafka(end=100)
    with pytest.raises(PositionLost, match="ends at 100"):
        await intake(kafka, 150).assigned(kafka, [PLACE])
    assert kafka.sought == []


async def test_offsets_of_which_nothing_comes_are_passed_and_not_waited_for() -> None:
    kafka = Kafka(end=100)
    made = intake(kafka, 97)
    made._consumer = kafka
    await made.assigned(kafka, [PLACE])
    assert [await made.ends() for _ in range(2)] == [{PLACE: 97}, {PLACE: 100}]
    (hole,) = made._handover.take(10, 10)
    assert (hole.start, hole.stop, hole.epoch, len(hole)) == (97, 100, 1, 0)


async def test_an_offset_that_was_not_reached_is_no_hole() -> None:
    kafka = Kafka(end=100)
    kafka.read = 97
    made = intake(kafka, 97)
    made._consumer = kafka
    await made.assigned(kafka, [PLACE])
    assert await made.ends() == {PLACE: 100}
    assert made._handover.take(10, 10) == []


async def test_ends_of_a_topic_are_those_of_all_its_partitions_or_unknown() -> None:
    kafka = Kafka(end=100)
    made = intake(kafka, 97)
    assert await made.ends_of("orders.v1") is None
    made._consumer = kafka
    assert await made.ends_of("orders.v1") == {TopicPartition("orders.v1", n): 100 for n in range(3)}
    kafka.away = True
    assert await made.ends_of("orders.v1") is None


class SilentGroup(Kafka):
    """A consumer whose group never shares anything out."""

    def assignment(self) -> set[KafkaPartition]:
        return set()

    async def getmany(self, *_: Any, **__: Any) -> dict[KafkaPartition, list[Any]]:
        await asyncio.sleep(0.01)
        return {}


async def test_a_group_that_stays_silent_is_joined_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.consumer._SETTLE_SECONDS", 0.2)
    kafka = SilentGroup(end=0)
    made, stop = intake(kafka, 0), asyncio.Event()
    made.unsettled()
    with pytest.raises(KafkaTimeoutError):
        await asyncio.wait_for(made._fetch(kafka, stop), 5)


async def test_a_member_without_partitions_is_left_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.consumer._SETTLE_SECONDS", 0.2)
    kafka = SilentGroup(end=0)
    made, stop = intake(kafka, 0), asyncio.Event()
    made.unsettled()
    made.settled()
    asyncio.get_running_loop().call_later(0.6, stop.set)
    await asyncio.wait_for(made._fetch(kafka, stop), 5)


async def test_waiting_for_the_database_is_not_laid_at_the_door_of_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.consumer._SETTLE_SECONDS", 0.2)
    kafka = SilentGroup(end=0)
    made, stop = intake(kafka, 0), asyncio.Event()
    made.unsettled()
    made.places.claiming = True
    asyncio.get_running_loop().call_later(0.6, stop.set)
    await asyncio.wait_for(made._fetch(kafka, stop), 5)
