"""Creating the platform's topics with the settings that correctness rests on. Safe to run at every start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.contracts import topics
from shared.messaging.handling import Service

log = structlog.get_logger(__name__)

_DAY_MS = 86_400_000
SECONDS_MAX = 30.0
"""For all that is asked about topics at once."""

_COMPACTED = frozenset({topics.CUSTOMERS, topics.SHOPS, topics.KEYS})
_KEPT_FOR_EVER = frozenset(
    {
        *(topics.ORDERS, topics.ORDERS_BACKFILL, topics.INTERACTIONS, topics.CONSENTS, topics.ERASURES),
        topics.CAMPAIGNS_STATEMENTS,
        topics.CAMPAIGNS_SEGMENTS,  # who entered one years ago is in it still, which loyalty judges orders by
        topics.FEEDBACK_SURVEYS,  # metrics counts answers, and a rebuild reads them all
    }
)
_RAW_PREFIX = "raw."

RAW_DAYS = 7
"""How long raw topics keep what shops send; a segment of a day goes as a whole, so all is gone a day later."""
COMPACTED_WITHIN_DAYS = 1
"""When the log cleaner must have looked at what is written to `customers.v1`, at the latest."""


class TopicTrouble(Exception):
    """A topic is not as the platform needs it, or cannot be made. The message says which, and what to do."""


def is_compacted(name: str) -> bool:
    """Whether a topic of ours keeps the last event of each key, and not all of them."""
    return name in _COMPACTED


def topic_settings(name: str, *, replication_factor: int = 1) -> dict[str, str]:
    """Kafka's settings of one of our topics.

    Time is the broker's own everywhere: events of past years would otherwise be older than any retention, and lag in
    seconds would mean nothing. Raw topics may hold personal data and go after a week; compacted ones hold full state;
    inputs are the history that a rebuild reads, and stay until archived; what we say ourselves stays for a quarter.

    Kafka removes closed segments alone. So where personal data lies, a segment is closed after a day, and what a
    tombstone deletes is gone within another, however little is written: erasures have a date.
    """
    settings = {
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": "2" if replication_factor >= 3 else "1",
    }
    if name == topics.CUSTOMERS:
        settings |= {"max.compaction.lag.ms": str(COMPACTED_WITHIN_DAYS * _DAY_MS)}
    if name in _COMPACTED:
        return settings | {"cleanup.policy": "compact", "delete.retention.ms": str(7 * _DAY_MS)}
    if name.startswith(_RAW_PREFIX):
        settings |= {"segment.ms": str(_DAY_MS)}
    days = RAW_DAYS if name.startswith(_RAW_PREFIX) else 90
    retention_ms = -1 if name in _KEPT_FOR_EVER else days * _DAY_MS
    return settings | {"cleanup.policy": "delete", "retention.ms": str(retention_ms)}


def topics_of(services: Iterable[Service]) -> list[str]:
    """All topics that the services read or write, and the dead letters, sorted."""
    names = {topics.DEAD_LETTERS}
    for service in services:
        names |= {subscription.topic for subscription in service.subscriptions} | set(service.own_topics)
    return sorted(names)


async def ensure_topics(
    bootstrap_servers: str,
    services: Iterable[Service],
    *,
    partitions: int = 12,
    replication_factor: int = 1,
    options: Mapping[str, Any] | None = None,
) -> list[str]:
    """Create the topics that are missing; gives their names. `options` are further ones of aiokafka's client.

    Raises TopicTrouble when a topic has another number of partitions or cannot be created, and when no broker
    answers. Settings of topics that exist are compared and never changed: an operator may have meant them.
    """
    wanted = topics_of(services)
    try:
        async with asyncio.timeout(SECONDS_MAX), admin_of(bootstrap_servers, options or {}) as admin:
            found = await _partition_counts(admin)
            _check_counts({name: found[name] for name in wanted if name in found}, partitions)
            await _report_differences(admin, [name for name in wanted if name in found], replication_factor)
            missing = [name for name in wanted if name not in found]
            if missing:
                await _create(admin, missing, partitions, replication_factor)
            return missing
    except (KafkaError, OSError, TimeoutError) as error:
        raise no_answer(bootstrap_servers, error) from error


def no_answer(bootstrap_servers: str, error: Exception) -> TopicTrouble:
    """What to say when no broker answers."""
    return TopicTrouble(
        f"Kafka at {bootstrap_servers} does not answer ({type(error).__name__}); "
        "check KAFKA_BOOTSTRAP_SERVERS, or start the embedded one with `mandegar up`"
    )


@asynccontextmanager
async def admin_of(bootstrap_servers: str, options: Mapping[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started client for the administration of topics. `options` are further ones of aiokafka's client."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000, **options)
    try:
        await admin.start()
        yield admin
    finally:
        await asyncio.wait_for(admin.close(), 5)


async def _partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}


def _check_counts(found: Mapping[str, int], partitions: int) -> None:
    differing = {name: count for name, count in found.items() if count != partitions}
    if differing:
        listed = ", ".join(f"{name} has {count}" for name, count in sorted(differing.items()))
        one = next(iter(differing.values()))
        raise TopicTrouble(
            f"all topics must have the same number of partitions, {partitions} by MANDEGAR_PARTITIONS, but {listed}. "
            f"Set MANDEGAR_PARTITIONS={one} if all have {one}; otherwise create these topics anew and replay them: "
            "adding partitions moves customers to other partitions and breaks the order of their events"
        )


async def _create(admin: AIOKafkaAdminClient, names: Sequence[str], partitions: int, replication_factor: int) -> None:
    answer = await admin.create_topics(
        [
            NewTopic(
                name,
                partitions,
                replication_factor,
                topic_configs=topic_settings(name, replication_factor=replication_factor),
            )
            for name in names
        ],
        timeout_ms=10_000,
    )
    for name, code, message in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # somebody else was faster: just as well
            raise TopicTrouble(f"topic {name} cannot be created: {message or error.__name__}")
    # A broker answers before all of its metadata knows; the caller's time limit bounds the wait.
    while not set(names) <= set(await _partition_counts(admin)):  # noqa: ASYNC110 - the broker sets no event of ours
        await asyncio.sleep(0.05)


async def _report_differences(admin: AIOKafkaAdminClient, names: Sequence[str], replication_factor: int) -> None:
    """Say where a topic has other settings than it needs."""
    if not names:
        return
    expected = {name: topic_settings(name, replication_factor=replication_factor) for name in names}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, expected[name]) for name in names]
    for answer in await admin.describe_configs(asked):
        for resource in answer.resources:
            name, entries = resource[3], resource[4]
            for key, value in ((entry[0], entry[1]) for entry in entries):
                if key in expected[name] and value != expected[name][key]:
                    log.warning(
                        "topic has another setting than the platform expects",
                        topic=name,
                        setting=key,
                        found=value,
                        expected=expected[name][key],
                    )
