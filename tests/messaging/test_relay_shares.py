"""The relay's arithmetic: which shards, how many rows, how long to wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.db.shards import ALL_SHARDS, OUTBOX_SHARDS
from shared.messaging.relay.shares import Pace, quotas, wanted_shards

_SHARDS = list(range(OUTBOX_SHARDS))


@given(st.sets(st.integers(1, 99999), min_size=1, max_size=20))
def test_relays_that_see_the_same_members_share_all_shards_once_and_fairly(members: set[int]) -> None:
    shares = [wanted_shards(sorted(members), me) for me in members]
    assert sorted(shard for share in shares for shard in share) == list(ALL_SHARDS)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_relay_that_is_not_counted_wants_nothing() -> None:
    assert wanted_shards([4, 5], 6) == frozenset()


@given(st.dictionaries(st.sampled_from(_SHARDS), st.integers(0, 3000)), st.integers(1, 4000))
def test_every_shard_has_a_share_and_together_they_stay_near_the_limit(taken: dict[int, int], limit: int) -> None:
    shares = quotas(taken, _SHARDS, limit)
    assert set(shares) == set(_SHARDS)
    assert min(shares.values()) >= 1
    assert sum(shares.values()) <= max(limit, 0) + OUTBOX_SHARDS


def test_the_backlog_of_one_shard_gets_what_the_quiet_ones_do_not_need() -> None:
    first = quotas({}, _SHARDS, 1600)
    assert first[3] == 100
    assert quotas({3: 100, 4: 2}, _SHARDS, 1600)[3] >= 1400


def test_the_wait_grows_while_nothing_comes_and_ends_when_something_does() -> None:
    pace = Pace(limit=1000, poll_min=0.02, poll_max=0.05)
    waits = [pace.sent(0, more=False) for _ in range(5)]
    assert waits == sorted(waits)
    assert waits[-1] == 0.05
    assert pace.idle
    assert pace.sent(1, more=False) == 0.02
    assert not pace.idle
    assert pace.sent(1000, more=True) == 0.0


def test_failing_rounds_come_down_to_a_single_row_and_success_leads_back() -> None:
    pace = Pace(limit=1000, poll_min=0.02, poll_max=0.05)
    for _ in range(12):
        pace.failed()
    assert pace.limit == 1
    for _ in range(12):
        pace.sent(1, more=False)
    assert pace.limit == 1000
