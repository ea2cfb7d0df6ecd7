"""Events of changes as the bytes they are published as, put together from pieces: there are very many of them.

What `events.changed` gives, encoded, is the same; a test holds them together.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

import numpy as np
from msgspec import UNSET

from services.metrics.counters import Ints
from services.metrics.lifecycle.domain.evidence import Thresholds
from services.metrics.lifecycle.domain.stages import Stage
from services.metrics.lifecycle.events import REASONS, SOURCE, STAGES, type_of
from shared.contracts.envelope import ENCODER, Envelope
from shared.kernel import DayOrdinal, Zone, event_stamp, stamped_event_id

_TYPES: dict[int, str] = {stage: type_of(stage) for stage in Stage}
_LEADS: dict[tuple[int, int, int], str] = {
    (before, after, reason): f'"previous":"{STAGES[before]}","stage":"{STAGES[after]}","day":"%s","reason":"{word}"'
    for before in Stage
    for after in Stage
    for reason, word in REASONS.items()
}


class Evidence(NamedTuple):
    """A threshold and what it rests on, as JSON: of the event and of the table."""

    days: int
    event: str
    row: bytes


class Cause(NamedTuple):
    """What an event says of the one that caused it."""

    time: str
    moment: datetime
    ids: str


class Day(NamedTuple):
    """A day of the shop, as events say it."""

    text: str
    start: datetime
    start_text: str
    stamp: str


class Forms:
    """Writes events of one shop."""

    def __init__(self, slug: str, zone: Zone, window_days: int) -> None:
        self._slug, self._zone, self._window = slug, zone, window_days
        self._days: dict[int, Day] = {}

    def day(self, day: int) -> Day:
        """A day."""
        known = self._days.get(day)
        if known is None:
            start = self._zone.start_of(DayOrdinal(day))
            stamp = event_stamp(int(start.timestamp() * 1000))
            known = Day(date.fromordinal(day).isoformat(), start, _json(start), stamp)
            self._days[day] = known
        return known

    def days(self, days: Ints) -> list[Day]:
        """Of each."""
        known = {day: self.day(day) for day in np.unique(days).tolist()}
        return [known[day] for day in days.tolist()]

    def event_id(self, cause: str, day: Day, stage: int) -> str:
        """As `events.change_id`. `cause`: customer and number."""
        return stamped_event_id(day.stamp, self._slug, cause, _TYPES[stage])

    def changed(self, name: str, change: Saying, sequence: int) -> bytes:
        """The event of a change."""
        n, day, number, previous, stage, reason, last_active, evidence, origin, cause, event_id = change
        time, ids = (day.start_text, "") if cause is None else (cause.time, cause.ids)
        since = '"last_active":null,"days":null'
        if last_active:
            since = f'"last_active":"{self.day(last_active).text}","days":{number - last_active}'
        return (
            f'{{"type":"{_TYPES[stage]}","id":"{event_id}","source":"{SOURCE}","subject":"{name}",'
            f'"time":{time},"shop":"{self._slug}","origin":"{origin}","sequence":{sequence}{ids},'
            f'"effectiveat":{day.start_text},"specversion":"1.0","data":{{"customer":"{name}","number":{n},'
            f'{_LEADS[previous, stage, reason] % day.text},{since},"threshold":{evidence.event},'
            f'"window_days":{self._window},"late":false}}}}'
        ).encode()


class Saying(NamedTuple):
    """A change to be told, in time."""

    n: int
    on: Day
    day: int
    previous: int
    stage: int
    reason: int
    last_active: int
    """0: none."""
    evidence: Evidence
    origin: str
    cause: Cause | None
    id: str


def cause_of(event: Envelope) -> Cause:
    """What the events it causes say of an event."""
    ids = f',"causationid":{_json(event.id)}'
    if event.correlationid is not UNSET:
        ids += f',"correlationid":{_json(event.correlationid)}'
    return Cause(_json(event.time), event.time, ids)


def evidence_of(thresholds: Thresholds, places: Ints) -> list[Evidence]:
    """Of some thresholds."""
    columns = [
        column[places].tolist()
        for column in (
            *(thresholds.days, thresholds.personal, thresholds.own_gaps, thresholds.own_gap_days),
            *(thresholds.shop_gaps, thresholds.shop_gap_days, thresholds.figure_day),
        )
    ]
    dates: dict[int, str] = {}
    fixed: dict[tuple[int, int], Evidence] = {}
    found = []
    for days, personal, own, own_days, gaps, gap_days, figure in zip(*columns, strict=True):
        if personal:
            if figure not in dates:
                dates[figure] = date.fromordinal(figure).isoformat()
            own_text = own_days if own else "null"
            event = (
                f'{{"days":{days},"kind":"personal","own_gaps":{own},"own_gap_days":{own_text},"shop_gaps":{gaps},'
                f'"shop_gap_days":{gap_days},"shop_gaps_as_of":"{dates[figure]}"}}'
            )
            row = f"[{days},true,{own},{own_text},{gaps},{gap_days},{figure}]".encode()
            found.append(Evidence(days, event, row))
            continue
        if (days, own) not in fixed:
            fixed[days, own] = _fixed(days, own)
        found.append(fixed[days, own])
    return found


def _fixed(days: int, own: int) -> Evidence:
    event = (
        f'{{"days":{days},"kind":"fixed","own_gaps":{own},"own_gap_days":null,"shop_gaps":0,'
        '"shop_gap_days":null,"shop_gaps_as_of":null}'
    )
    return Evidence(days, event, f"[{days},false,{own},null,0,null,null]".encode())


def _json(value: object) -> str:
    return ENCODER.encode(value).decode()
