"""Pure parts of the consumer runtime: sizes, pauses, chunks, the hand-over, the judging of errors."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import encode
from shared.messaging.batching import Backoff, BatchSize, Watchdog
from shared.messaging.decoding import TopicDecoder
from shared.messaging.faults import Fault, described, judge
from shared.messaging.fence import Fenced, ForeignCluster, TopicPartition
from shared.messaging.handling import NotYet, Subscription
from shared.messaging.handover import Handover, Signal
from shared.messaging.identities import Identities, identity_of, sift_within
from shared.messaging.records import Chunk, PlainRecord, halves, joined
from tests.messaging.probe import Added, add_up, added

DECODER = TopicDecoder(Subscription("t", Added, add_up))


def chunk(start: int, *offsets: int, epoch: int = 1, partition: int = 0) -> Chunk:
    """A chunk whose records stand at these offsets."""
    return DECODER.chunk(partition, [PlainRecord(n, 0, encode(added(n))) for n in offsets], start=start, epoch=epoch)


def test_full_quick_batches_grow_by_a_tenth_up_to_the_most() -> None:
    size = BatchSize(events_max=1200, start=1000)
    size.succeeded(1000, 0.1)
    assert size.limit == 1100
    size.succeeded(300, 0.1)
    assert size.limit == 1100
    for _ in range(5):
        size.succeeded(size.limit, 0.1)
    assert size.limit == 1200


def test_slow_batches_shrink_toward_the_aim_and_failures_halve() -> None:
    size = BatchSize(start=1000)
    size.succeeded(1000, 0.5)
    assert size.limit == 600
    size.failed()
    assert size.limit == 300
    for _ in range(20):
        size.failed()
    assert size.limit == 1
    size.succeeded(1, 0.01)
    assert size.limit == 2


def took(events: int, fixed: float, each: float) -> float:
    """Seconds of a batch on a machine where any batch costs so much, and every event so much more."""
    return fixed + events * each


@pytest.mark.parametrize("fixed", [0.35, 0.6, 0.95])
def test_where_any_batch_is_slow_batches_do_not_dwindle_to_single_events(fixed: float) -> None:
    """A transaction has dozens of statements: on a busy machine they alone take longer than is aimed at."""
    size = BatchSize(start=2000)
    for _ in range(200):
        seconds = took(size.limit, fixed, 0.0005)
        size.failed() if seconds > size.seconds_for(size.limit) else size.succeeded(size.limit, seconds)
    assert size.limit == 100
    for _ in range(10):
        size.failed()
    for _ in range(10):
        size.succeeded(size.limit, took(size.limit, fixed, 0.0005))
    assert size.limit == 100, "failures that are over leave nothing behind"


@settings(deadline=None)
@given(
    fixed=st.floats(0.0, 3.0),
    each=st.floats(0.00001, 0.05),
    start=st.integers(1, 20_000),
)
def test_whatever_a_machine_is_like_batches_come_to_fit_and_most_of_them_commit(
    fixed: float, each: float, start: int
) -> None:
    size = BatchSize(start=start)
    handled, committed = 0, 0
    for attempt in range(400):
        seconds = took(size.limit, fixed, each)
        if seconds > size.seconds_for(size.limit):
            size.failed()
        else:
            committed += attempt >= 100
            handled += size.limit
            size.succeeded(size.limit, seconds)
    assert committed >= 150, size.limit
    assert handled >= committed


def test_a_handful_of_events_gets_longer_than_a_large_batch() -> None:
    size = BatchSize(limit_seconds=2.0)
    assert size.seconds_for(1000) == 2.0
    assert size.seconds_for(1) > 7


def test_pauses_double_up_to_the_last_and_start_again_after_a_success() -> None:
    backoff = Backoff(0.1, 0.5)
    assert [backoff.pause(1.0) for _ in range(4)] == [0.1, 0.2, 0.4, 0.5]
    backoff.reset()
    assert backoff.pause(0.0) == 0.05


def test_the_watchdog_expires_only_without_progress() -> None:
    dog = Watchdog(30, now=0)
    assert not dog.expired(30)
    assert dog.expired(31)
    dog.progressed(31)
    assert not dog.expired(60)


def test_a_chunk_with_holes_is_cut_at_a_position_without_a_gap() -> None:
    whole = chunk(3, 5, 6, 10, 12)
    head, tail = whole.split(2)
    assert tail is not None
    assert (head.start, head.stop, tail.start, tail.stop) == (3, 10, 10, 13)
    assert [d.offset for d in head.deliveries + tail.deliveries] == [5, 6, 10, 12]
    assert len(tail.ids) == len(tail.contents) == len(tail.days) == 2
    assert head.size + tail.size == whole.size
    rest = whole.from_offset(7)
    assert rest is not None
    assert (rest.start, [d.offset for d in rest.deliveries]) == (7, [10, 12])
    assert whole.from_offset(13) is None
    assert whole.from_offset(2) is whole


def test_refusals_go_with_their_offsets_when_a_chunk_is_cut() -> None:
    records = [PlainRecord(n, 0, b"{" if n % 2 else encode(added(n))) for n in range(6)]
    whole = DECODER.chunk(0, records, start=0)
    head, tail = whole.split(3)
    assert tail is not None
    assert [r.offset for r in head.refusals] == [1]
    assert [d.offset for d in head.deliveries] == [0, 2]
    assert [r.offset for r in tail.refusals] == [3, 5]
    assert head.size + tail.size == whole.size


def test_what_cannot_be_read_counts_when_a_batch_is_cut() -> None:
    bad = DECODER.chunk(0, [PlainRecord(n, 0, b"{") for n in range(100)], start=0)
    head, rest = halves([bad, chunk(0, 0, 1, partition=1)], 7)
    assert [len(c) for c in head] == [7]
    assert [(c.partition, c.start, len(c)) for c in rest] == [(0, 7, 93), (1, 0, 2)]


def test_chunks_of_a_partition_join_only_when_they_follow_each_other() -> None:
    both = joined([chunk(0, 0, 1), chunk(0, 0, partition=3), chunk(2, 4)])
    assert [(c.partition, c.start, c.stop) for c in both] == [(0, 0, 5), (3, 0, 1)]
    with pytest.raises(ValueError, match="follow"):
        joined([chunk(0, 0, 1), chunk(3, 4)])


def test_halves_hold_everything_once_and_in_order() -> None:
    chunks = [chunk(0, *range(5)), chunk(0, *range(4), partition=1)]
    head, rest = halves(chunks, 7)
    assert [len(c) for c in head] == [5, 2]
    assert [(c.partition, c.start, len(c)) for c in rest] == [(1, 2, 2)]


async def test_the_handover_is_bounded_and_reference_data_passes_first() -> None:
    loop = asyncio.get_running_loop()
    handover = Handover(Signal(loop), Signal(loop), events_max=4, bytes_max=1 << 20)
    handover.put(chunk(0, 0, 1, 2))
    assert handover.room() == 1
    handover.put(chunk(3, 3, 4))
    handover.put(chunk(0, 7, partition=2), first=True)
    assert handover.room() == 0
    taken = handover.take(4, 1 << 20)
    assert [(c.partition, len(c)) for c in taken] == [(2, 1), (0, 3), (0, 1)]
    assert handover.room() == 3
    handover.drop({TopicPartition("t", 0)})
    assert handover.take(4, 1 << 20) == []
    assert handover.room() == 4


async def test_reference_data_is_bounded_and_passes_while_the_rest_is_full() -> None:
    loop = asyncio.get_running_loop()
    handover = Handover(Signal(loop), Signal(loop), events_max=4, bytes_max=1 << 20)
    handover.put(chunk(0, 0, 1, 2, 3, 4))
    assert handover.room() == 0
    assert handover.room_for_first()
    for n in range(3):
        handover.put(chunk(2 * n, 2 * n, 2 * n + 1, partition=2), first=True)
    assert not handover.room_for_first()
    assert [len(c) for c in handover.take_first(3)] == [2, 2]
    assert handover.room_for_first()
    handover.drop({TopicPartition("t", 2)})
    assert handover.take_first(10) == []


def test_what_is_logged_of_an_error_repeats_no_value() -> None:
    def said(error: Exception) -> str:
        try:
            raise error
        except Exception as raised:
            return " ".join(described(raised).values())

    row = asyncpg.exceptions.PostgresError.new(
        {"C": "23514", "M": "value 0912 is bad", "D": "Failing row contains (canary).", "n": "ck_age", "S": "ERROR"}
    )
    assert "canary" not in said(row)
    assert "0912" not in said(row)
    assert "ck_age" in said(row)
    assert "canary" not in said(KeyError("canary"))
    assert "test_batching.py" in said(KeyError("canary"))
    assert "another Kafka" in said(ForeignCluster("another Kafka"))
    assert "no_such_table" in said(asyncpg.UndefinedTableError('relation "no_such_table" does not exist'))


ERRORS: list[tuple[BaseException, Fault]] = [
    (asyncpg.SerializationError("x"), Fault.TRANSIENT),
    (asyncpg.DeadlockDetectedError("x"), Fault.TRANSIENT),
    (asyncpg.LockNotAvailableError("x"), Fault.TRANSIENT),
    (asyncpg.AdminShutdownError("x"), Fault.TRANSIENT),
    (asyncpg.DiskFullError("x"), Fault.TRANSIENT),
    (asyncpg.IdleInTransactionSessionTimeoutError("x"), Fault.TRANSIENT),
    (asyncpg.ConnectionDoesNotExistError("x"), Fault.TRANSIENT),
    (asyncpg.InterfaceError("connection is closed"), Fault.TRANSIENT),
    (TimeoutError(), Fault.TRANSIENT),
    (ConnectionResetError(), Fault.TRANSIENT),
    (asyncpg.UndefinedTableError("x"), Fault.FATAL),
    (asyncpg.InsufficientPrivilegeError("x"), Fault.FATAL),
    (ForeignCluster("x"), Fault.FATAL),
    (Fenced([]), Fault.FENCED),
    (NotYet(), Fault.NOT_YET),
    (asyncpg.UniqueViolationError("x"), Fault.DATA),
    (asyncpg.CharacterNotInRepertoireError("x"), Fault.DATA),
    (asyncpg.exceptions.DataError("x"), Fault.DATA),
    (ValueError(), Fault.DATA),
    (KeyError(), Fault.DATA),
]


@pytest.mark.parametrize(("error", "fault"), ERRORS, ids=lambda value: type(value).__name__)
def test_errors_are_told_apart(error: BaseException, fault: Fault) -> None:
    assert judge(error) is fault


def test_our_own_uuids_stay_and_foreign_ids_are_hashed_with_their_source() -> None:
    ours = "01890a5d-ac96-8b3c-8000-0123456789ab"
    assert identity_of(ours, "mandegar/gateway", own=True).hex() == ours.replace("-", "")
    assert identity_of(ours, "mandegar/gateway", own=False) != bytes.fromhex(ours.replace("-", ""))
    assert identity_of(ours, "shop", own=True) != identity_of(ours, "other shop", own=True)
    assert identity_of("zz" * 18, "mandegar/x", own=True) == identity_of("zz" * 18, "mandegar/x", own=True)


def test_repeats_inside_a_batch_leave_the_first_and_tell_which_differ() -> None:
    def rows(*items: tuple[int, int]) -> Any:
        ids = [bytes([number]) * 16 for number, _ in items]
        return Identities.of([5] * len(items), [1] * len(items), ids, [content for _, content in items])

    first, differing = sift_within(rows((9, 1), (3, 1), (9, 1), (3, 2), (7, 1), (3, 1)))
    assert sorted(first.tolist()) == [0, 1, 4]
    assert differing.tolist() == [3]
