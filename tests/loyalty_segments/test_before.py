"""What entries and departures say of an instant, whatever they came in."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.loyalty.segments import Change, before

instants = st.integers(0, 12)
lives = st.lists(st.tuples(st.sampled_from("ab"), instants, st.booleans()), max_size=12)


def numbered(life: list[tuple[str, int, bool]]) -> list[Change]:
    """As campaigns numbers what happens: in the order of time."""
    ordered = sorted(enumerate(life), key=lambda one: (one[1][1], one[0]))
    return [Change(name, at, number, entered) for number, (_, (name, at, entered)) in enumerate(ordered, 1)]


@given(lives, st.none() | instants, st.randoms(use_true_random=False))
def test_the_last_change_before_an_instant_decides_in_any_order(
    life: list[tuple[str, int, bool]], instant: int | None, rng: Random
) -> None:
    changes = numbered(life)
    held: dict[str, bool] = {}
    for one in changes:
        if instant is None or one.at < instant:
            held[one.segment] = one.entered
    shuffled = [*changes, *changes[:3]]
    rng.shuffle(shuffled)
    assert before(shuffled, instant) == {name for name, entered in held.items() if entered}


def test_what_an_order_itself_brings_about_does_not_count_for_it() -> None:
    changes = [Change("regulars", 5, 1, True), Change("regulars", 9, 2, False)]
    assert [bool(before(changes, at)) for at in (4, 5, 6, 9, 10)] == [False, False, True, True, False]
    assert not before(changes, None)
