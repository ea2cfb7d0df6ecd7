"""What columns decide and say of customers whose orders come in time is what a walk with each would come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from msgspec import UNSET

from services.metrics.lifecycle.domain.appending import told_apart
from services.metrics.lifecycle.domain.evidence import thresholds_of
from services.metrics.lifecycle.domain.figures import Series
from services.metrics.lifecycle.domain.places import appends_of
from services.metrics.lifecycle.domain.stages import Reason, Stage, Standing, history, next_due
from services.metrics.lifecycle.domain.thresholds import Figure, Rules
from services.metrics.lifecycle.domain.timely import Timely, timely
from services.metrics.lifecycle.domain.walking import Change, Happening, Person, Walk
from services.metrics.lifecycle.events import Told, change_id, changed
from services.metrics.lifecycle.forms import Evidence, Forms, Saying, cause_of, evidence_of
from services.metrics.lifecycle.people import put_back
from services.metrics.lifecycle.store.changes import encode_evidence
from services.metrics.orders import Lives, no_lives
from shared.contracts.envelope import encode
from shared.contracts.orders import Clock, ClockAdvanced
from shared.kernel import Zone

FIRST = datetime(2023, 3, 1, tzinfo=UTC).toordinal()
RULES = [
    Rules(lost_days=60, onboarding_days=12, fixed_days=20, floor=5, quantile=70),
    Rules(lost_days=40, onboarding_days=30, fixed_days=15, personal=False),
    Rules(lost_days=30, onboarding_days=50, fixed_days=90, personal=False),
    Rules(lost_days=45, onboarding_days=45, fixed_days=45, floor=45, quantile=100),
]


def customers_of(rng: Random, rules: Rules, series: Series) -> tuple[list[Person], list[list[int]]]:
    """Some customers as they stand, and the days of their next orders."""
    people, coming = [], []
    for _ in range(40):
        day, past, to_come = FIRST + rng.randrange(200), [], []
        for _ in range(rng.randrange(8)):
            past.append(day)
            day += rng.choice((0, 0, 1, 3, 7, 12, 20, 29, 30, 31, 45, 60, 61, 130))
        until = past[-1] + rng.randrange(70) if past else 0
        standing, changes = history(past, [], rules, lambda day: series.at(day, 0), until)
        day = max(day, until)
        for _ in range(rng.randrange(1, 7)):
            to_come.append(day)
            day += rng.choice((0, 0, 1, 5, 11, 12, 20, 30, 40, 60, 75))
        people.append(Person(standing, max([until, *past]), len(changes)))
        coming.append(to_come)
    return people, coming


def series_of(rng: Random) -> Series:
    """Figures of every seventh day, at first of too few gaps."""
    days = range(FIRST - 30, FIRST + 600, 7)
    figures = [Figure(day, at, rng.randrange(3, 50), at // 2, rng.randrange(3, 50)) for at, day in enumerate(days)]
    return Series(figures, [-1] * len(figures))


def by_columns(
    people: list[Person], coming: list[list[int]], rules: Rules, series: Series
) -> tuple[Timely, list[Evidence]]:
    owner = np.repeat(np.arange(len(people)), [len(days) for days in coming])
    day = np.array([one for days in coming for one in days], np.int64)
    lives, position = lives_of(people), np.arange(len(day))
    last_day = np.array([person.standing.last_order for person in people], np.int64)
    appends = appends_of(owner, last_day, (np.ones(len(day), np.int64), day, day, position, np.zeros_like(day)))
    kinds = told_apart(appends, lives)
    assert kinds.in_time.all(), "the days were chosen so"
    found = thresholds_of(rules, appends, lives, [(np.ones(len(day), bool), series)])
    after = timely(rules, appends, kinds, lives, found, chosen=kinds.in_time)
    return after, evidence_of(found, after.changed.evidence)


def lives_of(people: list[Person]) -> Lives:
    lives = no_lives(len(people))
    put_back(lives, np.arange(len(people)), people, [0] * len(people))
    return lives


def standing_row(standing: Standing) -> tuple[int, int, int]:
    return int(standing.stage), standing.began, 0 if standing.threshold is None else standing.threshold.days


@pytest.mark.parametrize("seed", range(40))
def test_columns_come_to_what_a_walk_comes_to(seed: int) -> None:
    rng = Random(seed)
    rules, series = RULES[seed % len(RULES)], series_of(rng)
    people, coming = customers_of(rng, rules, series)
    found, evidence = by_columns(people, coming, rules, series)
    position, walked = 0, []
    for person, days in zip(people, coming, strict=True):
        happenings = [Happening(position + at, day, "live", (day,)) for at, day in enumerate(days)]
        Walk(rules, series.at).go(person, happenings)
        position += len(days)
        walked += [(act.n, *act.transition[:5], encode_evidence(act.transition.threshold)) for act in told(person)]
    columns = zip(*(column.tolist() for column in found.changed[1:7]), evidence, strict=True)
    told_by_columns = [(*numbers, active or None, one.row) for *numbers, active, one in columns]
    assert told_by_columns == walked
    assert len(walked) > 40, "something happened"
    after = lives_of(people)
    assert not after.differs(found.lives).any()
    assert found.due.tolist() == [next_due(person.standing, rules) for person in people]


def told(person: Person) -> list[Change]:
    acts = [act for act in person.acts if isinstance(act, Change)]
    assert len(acts) == len(person.acts)
    assert all(one.n + 1 == other.n for one, other in pairwise(acts))
    return acts


@pytest.mark.parametrize("seed", range(6))
def test_events_put_together_from_pieces_are_the_encoded_ones(seed: int) -> None:
    rng = Random(seed)
    rules, series, zone = RULES[seed % len(RULES)], series_of(rng), Zone("Asia/Tehran")
    people, coming = customers_of(rng, rules, series)
    found, evidence = by_columns(people, coming, rules, series)
    forms, name = Forms("demo", zone, rules.lost_days), "0000000000abc"
    cause = ClockAdvanced(
        id='odd "id" é',
        source="s",
        subject="o",
        time=datetime.fromisoformat("2023-04-01T10:00:00.25+03:30") + timedelta(days=seed),
        shop="demo",
        data=Clock(until=datetime(2024, 1, 1, tzinfo=UTC)),
        correlationid="c-1" if seed % 2 else UNSET,
    )
    acts = [act for person, days in zip(people, coming, strict=True) for act in walked(person, days, rules, series)]
    for at, (act, day) in enumerate(zip(acts, forms.days(found.changed.day), strict=True)):
        change, by_order = act.transition, act.transition.reason is Reason.ORDER
        number, previous, stage, reason, active = (int(column[at]) for column in found.changed[2:7])
        event_id = forms.event_id(f"{name}:{act.n}", day, change.stage)
        caused = cause_of(cause) if by_order else None
        numbers = (act.n, day, number, previous, stage, reason, active)
        saying = Saying(*numbers, evidence[at], act.origin, caused, event_id)
        start = day.start
        assert event_id == change_id("demo", name, start, act.n, Stage(change.stage))
        whole = changed(Told("demo", name, cause if by_order else None, start, event_id), act, rules, at)
        assert forms.changed(name, saying, at) == encode(whole)
    assert len(acts) > 40, "something was said"


def walked(person: Person, days: list[int], rules: Rules, series: Series) -> list[Change]:
    Walk(rules, series.at).go(person, [Happening(at, day, "live", (day,)) for at, day in enumerate(days)])
    return told(person)
