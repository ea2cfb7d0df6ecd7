"""Where somebody stands: a walk through the days of what is known, which gives the same whatever it came in.

On each day, in this order: points whose waiting is over count; a programme's new version is heeded; a level is
reviewed when its time has come; what counts since the day began lifts to a higher level; and so does, at once, what is
done on the day. All but the last happen as the day begins. Time alone lowers a level at reviews only. What is taken
back was never done: a level that was reached by it falls with it.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from services.loyalty.programmes import CalendarWindow, Level, Tiers
from services.loyalty.tiers.domain.plans import NEVER, Day, Plan, Stage, Tally, gathered

Why = Literal["reached", "reviewed", "recounted", "programme", "merged"]
"""`recounted`: what it was reached by was taken back."""
BASE = ""
"""For the first level, where everybody begins, whatever its id."""


class Change(NamedTuple):
    """Another level from a day on, by ids; `BASE` for the first level, or where there are no tiers."""

    day: int
    before: str
    after: str
    why: Why
    version: int = 0
    """Of the programme."""
    opening: bool = False
    """As the day began, whatever it is noticed by."""


class Standing(NamedTuple):
    """Where somebody stands."""

    tiers: Tiers | None
    version: int
    """Of the programme; 0: none."""
    place: int = 0
    """In `tiers.levels`."""
    since: int = 0
    """The day on which the level was reached, or changed last; 0: from the beginning."""
    due: int = NEVER
    """The day at whose start the level is reviewed, or lowered when it was missed."""
    missed: bool = False
    """The last review found less than the level asks for, and the time of grace runs."""
    reviewed: int = 0
    """The day as which began the last review was settled, by points of that morning too; 0: none was."""

    @property
    def level(self) -> Level | None:
        """None: there are no tiers."""
        return None if self.tiers is None else self.tiers.levels[self.place]

    @property
    def id(self) -> str:
        """Of the level; `BASE` for the first."""
        return BASE if self.tiers is None or not self.place else self.tiers.levels[self.place].id


_NOWHERE = Standing(None, 0)


class Course(NamedTuple):
    """How somebody came to stand where they do."""

    standing: Standing
    changes: tuple[Change, ...]
    counted: int
    """Of what the tiers count, in the window that ends on the last day."""

    def at(self, day: int) -> str:
        """The level at the end of a day."""
        last = self._last(day)
        return BASE if last is None else last.after

    def rose_on(self, day: int) -> bool:
        """Whether the level at the end of a day was reached on it."""
        last = self._last(day)
        return last is not None and last.day == day and last.why == "reached"

    def _last(self, day: int) -> Change | None:
        return next((one for one in reversed(self.changes) if one.day <= day), None)


def tally_of(days: Sequence[Day], by: str) -> Tally:
    """Of what tiers count."""
    of = Day._fields.index(by)
    return Tally([(one[0], one[of]) for one in days])


def openings_of(days: Iterable[Day], tiers: Tiers) -> dict[int, int]:
    """By day, what counts from the moment it begins."""
    return {one.day: one.opening for one in days if one.opening} if tiers.by == "points" else {}


def reached(tiers: Tiers, counted: int) -> int:
    """The highest level that so much is enough for."""
    return max(place for place, level in enumerate(tiers.levels) if level.threshold <= counted or not place)


def walk(days: Sequence[Day], plan: Plan, until: int) -> Course:
    """Where somebody stands at the end of the day `until`."""
    return _walk(gathered(days), plan, until)


def _walk(known: Sequence[Day], plan: Plan, until: int) -> Course:
    """The same, by days as `gathered` gives them."""
    if known and known[-1].day > until:
        known = [one for one in known if one.day <= until]
    at = _Walk(plan, known)
    acts = [one.day for one in known] if _may_rise(known, plan) else []
    next_act = next_stage = 0
    if acts and plan.stages and plan.stages[0].since <= min(acts[0], until):
        at.standing, next_stage = _begun(plan), 1
    while True:
        next_act = at.pass_by(next_act, acts, plan.stages[next_stage].since if next_stage < len(plan.stages) else NEVER)
        act = acts[next_act] if next_act < len(acts) else NEVER
        stage = plan.stages[next_stage].since if next_stage < len(plan.stages) else NEVER
        day = min(act, stage, at.due)
        if day > until or day == NEVER:
            break
        if stage == day:
            at.adopt(plan.stages[next_stage])
            next_stage += 1
        if at.due <= day:
            at.review(day)
        if act == day:
            at.rise(day, opening=True)
            at.rise(day)
            next_act += 1
    return Course(at.standing, tuple(at.changes), at.measure(until))


def level_on(days: Sequence[Day], plan: Plan, day: int) -> Level | None:
    """The level at the end of a day, by days as `gathered` gives them; None: there are no tiers then."""
    if not _may_rise(days, plan):
        stage = plan.at(day)
        return None if stage is None or stage.tiers is None else stage.tiers.levels[0]
    return _walk(days, plan, day).standing.level


@lru_cache(maxsize=1024)
def _begun(plan: Plan) -> Standing:
    """Where everybody stands once there is a programme, whatever they do then."""
    return _walk((), plan, plan.stages[0].since).standing


def _may_rise(days: Sequence[Day], plan: Plan) -> bool:
    """Whether all that was ever done, whatever of it a window counts, may be enough for a level above the first."""
    for by, threshold in plan.lowest:
        if by == "spend":
            most = sum([abs(one.spend) for one in days])
        elif by == "orders":
            most = sum([abs(one.orders) for one in days])
        else:
            most = sum([abs(one.points) + abs(one.opening) for one in days])
        if most >= threshold:
            return True
    return False


@dataclass(slots=True)
class _Walk:
    plan: Plan
    known: Sequence[Day]
    tallies: dict[str, Tally] = field(default_factory=dict)
    days: dict[int, Day] = field(default_factory=dict)
    standing: Standing = _NOWHERE
    was: int = 0
    """What was counted at the review that was missed."""
    changes: list[Change] = field(default_factory=list)

    @property
    def due(self) -> int:
        return self.standing.due

    def measure(self, day: int) -> int:
        """What counts at the end of a day."""
        tiers = self.standing.tiers
        if tiers is None or not self.known:
            return 0
        if tiers.by not in self.tallies:
            self.tallies[tiers.by] = tally_of(self.known, tiers.by)
        return self.tallies[tiers.by].between(*self.plan.window(tiers, day))

    def pass_by(self, act: int, acts: Sequence[int], until: int) -> int:
        """The next of these days, from one on, that may change something: on most nothing does.

        What counts as a day begins is no more than at its end, unless something is taken away on it. So where even
        that is too little for the next level, nothing rises.
        """
        standing, last = self.standing, min(until, self.standing.due)
        tiers = standing.tiers
        if tiers is None or standing.missed or act >= len(acts) or acts[act] >= last:
            return act
        self.measure(acts[act])  # so that there is a tally
        tally = self.tallies[tiers.by]
        lift = min([level.threshold for level in tiers.levels[standing.place + 1 :]], default=NEVER)
        of, by_points = Day._fields.index(tiers.by), tiers.by == "points"
        while act < len(acts) and acts[act] < last:
            day = self.known[act]
            first, _ = self.plan.window(tiers, day.day)
            if day[of] < (day.opening if by_points else 0) or tally.since(first, act) >= lift:
                break
            act += 1
        return act

    def on(self, day: int) -> Day | None:
        """What was done on a day."""
        if not self.days:
            self.days = {one.day: one for one in self.known}
        return self.days.get(day)

    def opening(self, day: int) -> int:
        """What counts from the moment that a day begins."""
        tiers, known = self.standing.tiers, self.on(day)
        return known.opening if known is not None and tiers is not None and tiers.by == "points" else 0

    def done(self, day: int) -> int:
        """What counts of what was done on the day itself."""
        tiers, known = self.standing.tiers, self.on(day)
        return 0 if known is None or tiers is None else int(getattr(known, tiers.by)) - self.opening(day)

    def adopt(self, stage: Stage) -> None:
        """A version comes into force: who has a level keeps it where it is still there, or has what they reached."""
        before, day = self.standing, stage.since
        self.standing = before._replace(version=stage.version)
        if stage.tiers == before.tiers:
            return
        self.standing = Standing(stage.tiers, stage.version, since=before.since)
        tiers = stage.tiers
        if tiers is None:
            self._note(day, before.id, "programme")
            return
        ids = [level.id for level in tiers.levels]
        place = reached(tiers, self.measure(day - 1))
        if before.id in ids:
            place = max(place, ids.index(before.id))
        since = before.since if tiers.levels[place].id == before.id else day
        # The time of a rolling window goes on from when the level was reached; it is not reviewed on the same day.
        begun = day if isinstance(tiers.window, CalendarWindow) else since
        due = max(self.plan.review_after(tiers, begun, reached=True), day + 1) if place else NEVER
        self.standing = Standing(tiers, stage.version, place, since, due)
        self._note(day, before.id, "programme")

    def review(self, day: int) -> None:
        """As a day begins: what counted until then, with points that become active, keeps the level or does not."""
        tiers, place = self.standing.tiers, self.standing.place
        assert tiers is not None, "nothing is due without tiers"
        counted, before = self.measure(day - 1) + self.opening(day), self.standing.id
        first, _ = self.plan.window(tiers, day - 1)
        if first == self.standing.reviewed:
            counted -= self.opening(first)  # which the review of that morning counted
        if counted >= tiers.levels[place].threshold:
            self._stand(place, self.standing.since, day)
            return
        if tiers.grace_days and not self.standing.missed:
            self.was = counted
            self.standing = self.standing._replace(missed=True, due=day + tiers.grace_days)
            return
        if isinstance(tiers.window, CalendarWindow) and self.standing.missed:
            counted = max(counted, self.was)  # the period that is over counts for the level that is left
        target = reached(tiers, counted)
        if tiers.downgrade == "one_step":
            target = max(target, place - 1)
        self._stand(target, day, day)
        self._note(day, before, "reviewed")

    def rise(self, day: int, *, opening: bool = False) -> None:
        """What was done on a day lifts at once, or keeps a level that was missed. `opening`: as the day begins."""
        tiers, before = self.standing.tiers, self.standing
        if tiers is None:
            return
        counted = self.measure(day) - (self.done(day) if opening else 0)
        place = reached(tiers, counted)
        if place > before.place:
            self._stand(place, day, day, seen=False)
            self._note(day, before.id, "reached", opening=opening)
        elif before.missed and counted >= tiers.levels[before.place].threshold:
            self._stand(before.place, before.since, day, seen=False)

    def _stand(self, place: int, since: int, day: int, *, seen: bool = True) -> None:
        """Be on a level from now on. `seen`: a review says so, at the start of the day."""
        tiers = self.standing.tiers
        assert tiers is not None, "there are levels"
        due = self.plan.review_after(tiers, day, reached=not seen) if place else NEVER
        reviewed = day if seen else self.standing.reviewed
        self.standing = self.standing._replace(place=place, since=since, due=due, missed=False, reviewed=reviewed)

    def _note(self, day: int, before: str, why: Why, *, opening: bool = True) -> None:
        if self.standing.id != before:
            self.changes.append(Change(day, before, self.standing.id, why, self.standing.version, opening))
