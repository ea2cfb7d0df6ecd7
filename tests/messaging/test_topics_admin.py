"""Topics are created with the settings that correctness rests on, once, and a wrong number of partitions is told."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.contracts import topics
from shared.messaging.cluster import TopicTrouble, ensure_topics, topic_settings, topics_of
from shared.messaging.handling import Service, Subscription
from tests.messaging.outbox_ground import create_topic


async def _handle(_work: object, _events: object) -> None: ...


def _service(name: str, reads: list[str], writes: list[str]) -> Service:
    return Service(name, [Subscription(topic, object, _handle) for topic in reads], own_topics=writes)


def test_a_service_needs_what_it_reads_and_writes_and_the_dead_letters() -> None:
    assert topics_of([_service("a", ["x", "y"], ["z"]), _service("b", ["z"], [])]) == [
        topics.DEAD_LETTERS,
        "x",
        "y",
        "z",
    ]


def test_inputs_stay_full_state_is_compacted_and_raw_data_goes_after_a_week() -> None:
    assert topic_settings(topics.ORDERS)["retention.ms"] == "-1"
    for name in (topics.CUSTOMERS, topics.SHOPS, topics.KEYS):
        assert topic_settings(name)["cleanup.policy"] == "compact"
        assert "retention.ms" not in topic_settings(name)
    for name in (topics.CONSENTS, topics.ERASURES):
        assert (topic_settings(name)["retention.ms"], topic_settings(name)["cleanup.policy"]) == ("-1", "delete")
    assert topic_settings(topics.RAW_ORDERS)["retention.ms"] == str(7 * 86_400_000)
    assert topic_settings(topics.RAW_ORDERS)["segment.ms"] == str(86_400_000)
    assert topic_settings(topics.CUSTOMERS)["max.compaction.lag.ms"] == str(86_400_000)
    assert {topic_settings(name)["message.timestamp.type"] for name in vars(topics).values() if isinstance(name, str)}
    assert topic_settings(topics.ORDERS, replication_factor=3)["min.insync.replicas"] == "2"


@pytest.mark.stack
async def test_missing_topics_are_created_with_their_settings_and_a_second_run_does_nothing(stack: Any) -> None:
    service = _service("admin", ["raw.admin-test.v1"], ["admin-test.out.v1"])
    partitions = 3
    # The dead-letter topic may be there already, made by another test with its own number of partitions.
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    await admin.start()
    try:
        known = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics()}
        partitions = known.get(topics.DEAD_LETTERS, partitions)
        created = await ensure_topics(stack.bootstrap_servers, [service], partitions=partitions)
        assert {"raw.admin-test.v1", "admin-test.out.v1"} <= set(created)
        assert await ensure_topics(stack.bootstrap_servers, [service], partitions=partitions) == []
        asked = [ConfigResource(ConfigResourceType.TOPIC, "raw.admin-test.v1", topic_settings("raw.admin-test.v1"))]
        (answer,) = await admin.describe_configs(asked)
        found = {entry[0]: entry[1] for entry in answer.resources[0][4]}
        assert found == topic_settings("raw.admin-test.v1")
        counts = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics(created)}
        assert set(counts.values()) == {partitions}
    finally:
        await admin.close()


@pytest.mark.stack
async def test_another_number_of_partitions_is_refused_with_what_to_do(stack: Any) -> None:
    await create_topic(stack.bootstrap_servers, "narrow-input.v1", 5)
    with pytest.raises(TopicTrouble, match=r"narrow-input\.v1 has 5.*"):
        await ensure_topics(stack.bootstrap_servers, [_service("n", ["narrow-input.v1"], [])], partitions=7)


async def test_an_absent_broker_is_said_plainly() -> None:
    with pytest.raises(TopicTrouble, match="KAFKA_BOOTSTRAP_SERVERS"):
        await ensure_topics("127.0.0.1:9", [])
