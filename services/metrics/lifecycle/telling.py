"""Publishes and writes what was decided, in the transaction it was decided in.

Order of locks: customers' rows first, then outbox keys, sorted, then counters, as decision 10 says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Deltas, Measure, Tally
from services.metrics.lifecycle.domain.clocks import timers_of
from services.metrics.lifecycle.domain.figures import GapChange
from services.metrics.lifecycle.domain.stages import Stage, next_due
from services.metrics.lifecycle.domain.thresholds import Figure, Rules
from services.metrics.lifecycle.domain.walking import Act, Change, Person
from services.metrics.lifecycle.events import Told, change_id, changed, retracted, retraction_id
from services.metrics.lifecycle.store import changes, gaps
from services.metrics.lifecycle.store.changes import Gone, Row, encode_evidence
from services.metrics.lifecycle.store.gaps import GapKey, Kept
from shared.contracts.envelope import Envelope, message_key
from shared.contracts.shops import Shop
from shared.contracts.topics import METRICS_LIFECYCLE
from shared.kernel import CustomerId, DayOrdinal, ShopId, Zone, customer_id_text
from shared.messaging.handling import OutboxKey, Timer, Work

LIFECYCLE_TIMER = "lifecycle"
PUT_OFF = timedelta(seconds=60)
_FLOW = 8


class Life(NamedTuple):
    """A shop as its customers' stages see it: the settings of its live generation, the clock of now."""

    shop: Shop
    generation: int
    zone: Zone
    rules: Rules

    @property
    def streams(self) -> bool:
        """Whether the shop's time goes by its events."""
        return self.shop.clock == "stream"

    @property
    def number(self) -> ShopId:
        """The shop's number."""
        return ShopId(self.shop.number)


class _Saying(NamedTuple):
    life: Life
    customer: int
    act: Act
    cause: Envelope | None
    silent: bool

    @property
    def published(self) -> bool:
        return not self.silent and (isinstance(self.act, Change) or self.act.told.published)

    @property
    def key(self) -> OutboxKey:
        name = customer_id_text(CustomerId(self.customer))
        return OutboxKey(self.life.number, message_key(self.life.shop.slug, name))


@dataclass
class Telling:
    """Gathers what a transaction has to tell; `finish` tells it."""

    _sayings: list[_Saying] = field(default_factory=list)
    _timers: list[Timer] = field(default_factory=list)
    _gaps: Counter[GapKey] = field(default_factory=Counter)
    _figures: list[Kept] = field(default_factory=list)

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
        for act in acts:
            cause = None if act.position is None else cause_of(act.position)
            self._sayings.append(_Saying(life, customer, act, cause, silent))

    def arm(self, life: Life, customer: int, due: int, partition: int) -> None:
        """Have the customer looked at when a day begins. `partition`: of their events."""
        place = timers_of(life.number, partition) if life.streams else partition
        start = life.zone.start_of(DayOrdinal(due))
        self._timers.append(Timer(life.number, LIFECYCLE_TIMER, _name(customer), start, place))

    def arm_soon(self, work: Work, life: Life, customer: int, partition: int) -> None:
        """Have the customer looked at when history has come in."""
        due = work.tx.now + PUT_OFF
        self._timers.append(Timer(life.number, LIFECYCLE_TIMER, _name(customer), due, partition))

    def rearm(self, life: Life, customer: int, person: Person, armed: int, partition: int) -> int:
        """Arm for what is due next, if nothing is armed for then or before. Gives the day that is armed now."""
        due = next_due(person.standing, life.rules)
        if due is None or 0 < armed <= due:
            return armed
        self.arm(life, customer, due, partition)
        return due

    def count_gaps(self, life: Life, partition: int, found: Iterable[GapChange]) -> None:
        """Gaps that came and went."""
        for change in found:
            self._gaps[GapKey(life.number, life.generation, partition, change.first, change.gap)] += change.sign

    def keep(self, life: Life, partition: int, figures: Iterable[Figure]) -> None:
        """Figures that were frozen."""
        self._figures += [Kept(life.number, life.generation, partition, figure) for figure in figures]

    async def finish(self, work: Work) -> Deltas:
        """Lock keys, write, publish. The rows of all customers concerned are locked or written. Changes of counters."""
        tx = work.tx
        await tx.lock_keys(Counter(saying.key for saying in self._sayings if saying.published))
        rows, gone = [], []
        for saying in self._sayings:
            if isinstance(saying.act, Change):
                rows.append(_row(saying))
            else:
                gone.append(_gone(saying))
            if saying.published:
                key = saying.key
                event = _event(work, saying, tx.sequence(key))
                tx.publish(METRICS_LIFECYCLE, key, event)
        await changes.write(tx.conn, rows, gone)
        await gaps.add(tx.conn, self._gaps)
        await gaps.keep(tx.conn, self._figures)
        for timer in self._timers:
            tx.set_timer(timer)
        return _counted(self._sayings)


def _event(work: Work, saying: _Saying, sequence: int) -> Envelope:
    life = saying.life
    told = Told(life.shop.slug, life.zone, saying.customer, sequence, saying.cause)
    if isinstance(saying.act, Change):
        return changed(told, saying.act, life.rules)
    return retracted(told, saying.act, work.tx.now)


def _row(saying: _Saying) -> Row:
    act, life = saying.act, saying.life
    assert isinstance(act, Change)
    change = act.transition
    return Row(
        customer=saying.customer,
        shop=life.number,
        generation=life.generation,
        n=act.n,
        day=change.day,
        previous=change.previous,
        stage=change.stage,
        reason=change.reason,
        last_active=change.last_active,
        threshold=None if change.threshold is None else change.threshold.days,
        evidence=encode_evidence(change.threshold),
        late=act.late,
        time=life.zone.start_of(DayOrdinal(change.day)) if saying.cause is None else saying.cause.time,
        event_id=None if saying.silent else change_id(life.shop.slug, life.zone, saying.customer, act.n, change),
        retracted_by=None,
    )


def _gone(saying: _Saying) -> Gone:
    act, life = saying.act, saying.life
    assert not isinstance(act, Change)
    told = act.told
    by = retraction_id(life.shop.slug, life.zone, saying.customer, told.n, told.transition)
    return Gone(life.number, life.generation, saying.customer, told.n, by if saying.published else "")


def _counted(sayings: Sequence[_Saying]) -> Deltas:
    """Customers by stage, and changes by both stages, day by day."""
    rows = []
    for saying in sayings:
        act = saying.act
        sign, change = (1, act.transition) if isinstance(act, Change) else (-1, act.told.transition)
        rows.append((sign, saying.life.number, change.day, change.previous, change.stage))
    tally = Tally()
    if rows:
        sign, shop, day, previous, stage = np.array(rows, np.int64).T
        known = previous != Stage.PROSPECT
        tally.add(Measure.STAGE, shop, day, sign, param=stage)
        tally.add(Measure.STAGE, shop[known], day[known], -sign[known], param=previous[known])
        tally.add(Measure.STAGE_FLOW, shop, day, sign, param=previous * _FLOW + stage)
    return tally.deltas()


def _name(customer: int) -> str:
    return customer_id_text(CustomerId(customer))
