"""What contestants are measured by must itself be right: the job that the peers share, and the doubling of streams."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bench.contestants import PEERS
from bench.peers.job import changes_of
from bench.stream import Stream, _repeats, make_stream
from bench.verify import differing_days


def counted(stream: Stream, orders: list[int]) -> dict[str, list[int]]:
    """The job of a peer over orders by number, in this order."""
    days: dict[int, tuple[int | None, int | None]] = {}
    sums: Counter[tuple[str, int]] = Counter()
    for at in orders:
        customer, day = int(stream.customer[at]), int(stream.day[at])
        last, before_last = days.get(customer, (None, None))
        for key, by in changes_of(last, before_last, day, int(stream.revenue[at])).items():
            sums[key] += by
        days[customer] = day, last
    found: dict[str, list[int]] = {}
    for (name, day), by in sums.items():
        found.setdefault(name, []).extend((day, by))
    return found


@given(st.integers(1, 400), st.integers(1, 40), st.integers(0, 10_000))
def test_the_job_of_the_peers_gives_what_the_recount_gives(orders: int, customers: int, seed: int) -> None:
    stream = make_stream(orders, customers, seed)
    assert differing_days(stream, counted(stream, list(range(orders)))) == 0


def test_an_order_that_is_counted_twice_is_seen_by_the_recount() -> None:
    stream = make_stream(300, 30)
    assert differing_days(stream, counted(stream, [*range(300), 299])) > 0


def test_a_tenth_of_the_orders_comes_again_and_never_before_itself() -> None:
    again = _repeats(10_000, 0.1)
    assert 800 < sum(map(len, again.values())) < 1_200
    assert all(order <= at for at, orders in again.items() for order in orders)


def test_each_peer_has_its_versions_pinned() -> None:
    assert all(peer.title(name).split()[1][0].isdigit() for name, peer in PEERS.items())
