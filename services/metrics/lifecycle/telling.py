"""Publishes and writes what was decided, in the transaction it was decided in.

Order of locks: customers' rows first, then outbox keys, sorted, then counters, as decision 10 has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Deltas, Measure, Tally
from services.metrics.lifecycle.domain.figures import GapChanges
from services.metrics.lifecycle.domain.stages import Stage, next_due
from services.metrics.lifecycle.domain.thresholds import Figure
from services.metrics.lifecycle.domain.walking import Act, Change, Owed, Person, Retraction
from services.metrics.lifecycle.events import Told, change_id, changed, retracted, retraction_id
from services.metrics.lifecycle.speaking import InTime, Life, Spoken, name_of
from services.metrics.lifecycle.store import changes, gaps
from services.metrics.lifecycle.store.changes import Gone, Paid, Row, encode_evidence
from services.metrics.lifecycle.store.gaps import GapKey, Kept
from shared.clocks import timers_of
from shared.contracts.envelope import Envelope, message_key
from shared.contracts.topics import METRICS_LIFECYCLE
from shared.kernel import DayOrdinal
from shared.messaging.handling import OutboxKey, Timer, Work

LIFECYCLE_TIMER = "lifecycle"
PUT_OFF = timedelta(seconds=60)
_FLOW = 8


class _Saying(NamedTuple):
    life: Life
    customer: int
    key: OutboxKey
    act: Act
    told: Told
    published: bool


@dataclass
class Telling:
    """Gathers what a transaction has to tell; `finish` tells it."""

    _sayings: list[_Saying] = field(default_factory=list)
    _in_time: list[InTime] = field(default_factory=list)
    _timers: list[Timer] = field(default_factory=list)
    _gaps: Counter[GapKey] = field(default_factory=Counter)
    _figures: list[Kept] = field(default_factory=list)
    _starts: dict[tuple[int, int], datetime] = field(default_factory=dict)
    """Of days, by shop."""

    def tell(
        self,
        life: Life,
        customer: int,
        acts: Iterable[Act],
        cause_of: Callable[[int], Envelope],
        *,
        silent: bool = False,
    ) -> None:
        """What is to be told of a customer. Silent: written, and published to nobody."""
        acts = list(acts)
        if not acts:
            return
        name, slug = name_of(customer), life.shop.slug
        key = OutboxKey(life.number, message_key(slug, name))
        for act in acts:
            if isinstance(act, Change):
                n, change, published = act.n, act.transition, not silent
            else:
                n, change, published = act.told.n, act.told.transition, not silent and act.told.published
            start = self._start_of(life, change.day)
            cause = None if isinstance(act, Owed) or act.position is None else cause_of(act.position)
            known = None if isinstance(act, Change) else act.told.event_id
            told = Told(slug, name, cause, start, known or change_id(slug, name, start, n, change.stage))
            self._sayings.append(_Saying(life, customer, key, act, told, published))

    def tell_in_time(self, told: InTime) -> None:
        """What is to be told of many, none of whom is told of otherwise."""
        self._in_time.append(told)

    def _start_of(self, life: Life, day: int) -> datetime:
        known = (life.number, day)
        if known not in self._starts:
            self._starts[known] = life.zone.start_of(DayOrdinal(day))
        return self._starts[known]

    def arm(self, life: Life, customer: int, due: int, partition: int) -> None:
        """Have the customer looked at when a day begins. `partition`: of their events."""
        place = timers_of(life.number, partition) if life.streams else partition
        start = self._start_of(life, due)
        self._timers.append(Timer(life.number, LIFECYCLE_TIMER, name_of(customer), start, place))

    def arm_soon(self, work: Work, life: Life, customer: int, partition: int) -> None:
        """Have the customer looked at when history has come in."""
        due = work.tx.now + PUT_OFF
        self._timers.append(Timer(life.number, LIFECYCLE_TIMER, name_of(customer), due, partition))

    def rearm(self, life: Life, customer: int, person: Person, armed: int, partition: int) -> int:
        """Arm for what is due next, if nothing is armed for then or before. Gives the day that is armed now."""
        due = next_due(person.standing, life.rules)
        if due is None or 0 < armed <= due:
            return armed
        self.arm(life, customer, due, partition)
        return due

    def look_again(self, work: Work, life: Life, customer: int, person: Person, *, armed: int, partition: int) -> int:
        """As `rearm`; soon, where something was put off."""
        if not person.put_off:
            return self.rearm(life, customer, person, armed, partition)
        self.arm_soon(work, life, customer, partition)
        return int(life.zone.day_of(work.tx.now))

    def count_gaps(self, life: Life, partition: int, found: GapChanges) -> None:
        """Gaps that came and went."""
        for first, gap, count in found.summed():
            self._gaps[GapKey(life.number, life.generation, partition, first, gap)] += count

    def keep(self, life: Life, partition: int, figures: Iterable[Figure]) -> None:
        """Figures that were frozen."""
        self._figures += [Kept(life.number, life.generation, partition, figure) for figure in figures]

    async def finish(self, work: Work) -> Deltas:
        """Lock keys, write, publish. The rows of all customers concerned are locked or written. Changes of counters."""
        tx = work.tx
        spoken = [Spoken(told) for told in self._in_time]
        reserve = Counter(saying.key for saying in self._sayings if saying.published)
        for one in spoken:
            reserve.update(one.reserve())
        await tx.lock_keys(reserve)
        rows, gone, paid = [], [], []
        for saying in self._sayings:
            act = saying.act
            if isinstance(act, Change):
                rows.append(_row(saying, act))
            elif isinstance(act, Retraction):
                gone.append(_gone(saying, act))
            else:
                paid.append(_paid(saying, act))
            if saying.published:
                number = tx.sequence(saying.key)
                act = _told_now(act) if isinstance(act, Owed) else act
                if isinstance(act, Change):
                    event = changed(saying.told, act, saying.life.rules, number)
                else:
                    event = retracted(saying.told, act, number, tx.now)
                tx.publish(METRICS_LIFECYCLE, saying.key, event)
        await changes.pay(tx.conn, paid)
        for one in spoken:
            await changes.write_packed(tx.conn, one.publish(tx))
        await changes.write(tx.conn, rows, gone)
        await gaps.add(tx.conn, self._gaps)
        await gaps.keep(tx.conn, self._figures)
        for timer in self._timers:
            tx.set_timer(timer)
        return _counted(self._sayings, self._in_time)


def _row(saying: _Saying, act: Change) -> Row:
    life, change, cause = saying.life, act.transition, saying.told.cause
    return Row(
        saying.customer,
        life.shop.number,
        life.generation,
        act.n,
        change.day,
        change.previous,
        change.stage,
        change.reason,
        change.last_active,
        None if change.threshold is None else change.threshold.days,
        encode_evidence(change.threshold),
        act.late,
        saying.told.start if cause is None else cause.time,
        saying.told.change_id if saying.published else None,
        None,
    )


def _gone(saying: _Saying, act: Retraction) -> Gone:
    n = act.told.n
    by = retraction_id(saying.told, n) if saying.published else ""
    return Gone(saying.life.shop.number, saying.life.generation, saying.customer, n, by)


def _paid(saying: _Saying, act: Owed) -> Paid:
    n, told = act.told.n, saying.told
    event, by = (None, retraction_id(told, n)) if act.is_gone else (told.change_id, None)
    if not saying.published:
        event, by = (None, "") if act.is_gone else ("", None)
    return Paid(saying.life.shop.number, saying.life.generation, saying.customer, n, event, by)


def _told_now(act: Owed) -> Change | Retraction:
    """What other settings have made of a customer, as it is told."""
    if act.is_gone:
        return Retraction(act.told, "settings", act.origin, None)
    return Change(act.told.n, act.told.transition, True, act.origin, None)


def _counted(sayings: Sequence[_Saying], in_time: Sequence[InTime]) -> Deltas:
    """Customers by stage, and changes by both stages, day by day."""
    rows = []
    for saying in sayings:
        act = saying.act
        if isinstance(act, Owed):
            continue  # it was counted when it was written
        sign, change = (1, act.transition) if isinstance(act, Change) else (-1, act.told.transition)
        rows.append((sign, saying.life.number, change.day, change.previous, change.stage))
    return count_stages(rows, in_time)


def count_stages(rows: Sequence[tuple[int, int, int, int, int]], in_time: Sequence[InTime] = ()) -> Deltas:
    """What changes of stages, (sign, shop, day, previous, stage), change of counters."""
    tally = Tally()
    parts = [tuple(np.array(rows, np.int64).T)] if rows else []
    for told in in_time:
        one = np.ones(len(told.changed.n), np.int64)
        parts.append((one, one * told.life.number, told.changed.day, told.changed.previous, told.changed.stage))
    for sign, shop, day, previous, stage in parts:
        known = previous != Stage.PROSPECT
        tally.add(Measure.STAGE, shop, day, sign, param=stage)
        tally.add(Measure.STAGE, shop[known], day[known], -sign[known], param=previous[known])
        tally.add(Measure.STAGE_FLOW, shop, day, sign, param=previous * _FLOW + stage)
    return tally.deltas()
