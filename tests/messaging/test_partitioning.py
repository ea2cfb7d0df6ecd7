"""The partition of a key is the one that Kafka's own clients choose."""

from __future__ import annotations

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.partitioning import partition_of, partitions_of


@given(st.lists(st.binary(max_size=70), max_size=30), st.integers(1, 64))
def test_keys_go_to_the_partitions_that_the_default_partitioner_chooses(keys: list[bytes], count: int) -> None:
    choose = DefaultPartitioner()
    expected = [choose(key, list(range(count)), list(range(count))) for key in keys]
    assert partitions_of(keys, count).tolist() == expected


def test_a_known_key_has_a_known_partition() -> None:
    # Computed by org.apache.kafka.common.utils.Utils: murmur2("21".getBytes()) is -973932308.
    assert partition_of(b"21", 1000) == (-973932308 & 0x7FFFFFFF) % 1000
