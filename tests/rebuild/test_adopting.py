"""What is mended in the table of changes, what is left as it was told, and what will have to be told."""

from __future__ import annotations

from typing import NamedTuple

from services.metrics.lifecycle.domain.adopting import Settled, settle


class _Row(NamedTuple):
    n: int
    day: int
    previous: int
    stage: int
    reason: int = 1
    event_id: str | None = None
    retracted_by: str | None = None


def _row(n: int, day: int, previous: int, stage: int, gone: str | None = None) -> _Row:
    return _Row(n, day, previous, stage, 1, f"{n}:{day}:{stage}", gone)


LIFE = [_row(1, 10, 0, 1), _row(2, 20, 1, 2), _row(3, 50, 2, 3), _row(4, 90, 3, 4)]


def test_what_agrees_is_left_alone() -> None:
    assert settle(LIFE, LIFE, 4) == Settled((), True)


def test_a_row_that_was_lost_is_written_again() -> None:
    assert settle([LIFE[0], *LIFE[2:]], LIFE, 4) == Settled((2,), True)


def test_a_row_that_was_altered_under_its_event_is_written_again() -> None:
    altered = LIFE[2]._replace(day=53)
    assert settle([*LIFE[:2], altered, LIFE[3]], LIFE, 4) == Settled((3,), True)


def test_a_change_whose_number_was_not_given_away_is_to_be_told() -> None:
    assert settle(LIFE[:3], LIFE, 3) == Settled((), False)


def test_another_way_to_the_same_stages_stays_as_it_was_told() -> None:
    detour = [LIFE[0], _row(2, 30, 1, 3, gone="x"), _row(3, 20, 1, 2), _row(4, 50, 2, 3), _row(5, 90, 3, 4)]
    assert settle(detour, LIFE, 5) == Settled((), True)
    assert settle(LIFE, detour, 4) == Settled((), True)


def test_a_change_that_is_not_true_is_to_be_taken_back() -> None:
    assert settle([*LIFE[:3], _row(4, 80, 3, 4)], LIFE, 4) == Settled((), False)
    assert settle([*LIFE, _row(5, 120, 4, 5)], LIFE, 5) == Settled((), False)


def test_what_was_taken_back_by_one_side_only_is_told_not_mended() -> None:
    gone = [*LIFE[:3], LIFE[3]._replace(retracted_by="x")]
    assert settle(LIFE, gone, 4) == Settled((), False)
    assert settle(gone, LIFE, 4) == Settled((), False)
