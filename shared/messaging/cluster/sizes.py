"""How many bytes topics take on the brokers' disks. aiokafka does not know the request; version 1 is declared here."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.errors import KafkaError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Int64, Schema, String

_SECONDS_MAX = 5.0


class _LogDirsResponse(Response):  # type: ignore[misc]  # aiokafka ships no types
    API_KEY = 35
    API_VERSION = 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            Array(
                ("error_code", Int16),
                ("log_dir", String("utf-8")),
                (
                    "topics",
                    Array(
                        ("name", String("utf-8")),
                        (
                            "partitions",
                            Array(
                                ("partition_index", Int32),
                                ("partition_size", Int64),
                                ("offset_lag", Int64),
                                ("is_future_key", Boolean),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )


class _LogDirsRequestStruct(RequestStruct):  # type: ignore[misc]  # aiokafka ships no types
    API_KEY = 35
    API_VERSION = 1
    RESPONSE_TYPE = _LogDirsResponse
    SCHEMA = Schema(("topics", Array(("topic", String("utf-8")), ("partitions", Array(Int32)))))


class _LogDirsRequest(Request[_LogDirsRequestStruct]):  # type: ignore[misc]  # aiokafka ships no types
    API_KEY = 35

    def __init__(self, asked: Mapping[str, Sequence[int]]) -> None:
        self._asked = [(topic, list(partitions)) for topic, partitions in asked.items()]

    def build(self, request_struct_class: Any) -> Any:
        return request_struct_class(self._asked)


async def bytes_of(client: Any, asked: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], int] | None:
    """Bytes by topic and partition, those of all copies added up; asked of every broker.

    None when a broker does not tell: it is away, too old, or the user may not describe the cluster.
    """
    found: Counter[tuple[str, int]] = Counter()
    try:
        for broker in client.cluster.brokers():
            answer = await asyncio.wait_for(client.send(broker.nodeId, _LogDirsRequest(asked)), _SECONDS_MAX)
            for error_code, _directory, topics in answer.results:
                if error_code:
                    return None
                for topic, partitions in topics:
                    for partition, size, _lag, _future in partitions:
                        found[topic, partition] += size
    except (KafkaError, OSError, TimeoutError, RuntimeError):  # RuntimeError: aiokafka, of a broker that is too old
        return None
    return dict(found)
