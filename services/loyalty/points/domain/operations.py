"""What can be asked of the ledger, as values. Days are the shop's, as its clock stands at the operation. Pure."""

from __future__ import annotations

from typing import NamedTuple

from services.loyalty.points.domain.buckets import NEVER
from services.loyalty.points.domain.model import Cause, LotKey, Source, Who


class Part(NamedTuple):
    """What a source is worth by one rule, for one line."""

    rule: str
    version: int
    points: int
    line: str = ""
    starts_day: int = 0
    """Pending until this day begins; NEVER: until `Schedule` says. Of lots that are new."""
    expires_day: int = NEVER
    """Likewise."""


class Award(NamedTuple):
    """What a source (an order, an interaction) is worth to a customer now, all in all.

    The ledger posts the difference from what stands posted for each part: it earns, raises, claws back, reinstates.
    Parts that are not named stay as they are; one that is worth nothing any more is named with 0 points.
    """

    who: Who
    source_kind: Source
    source: str
    parts: tuple[Part, ...]
    cause: Cause
    day: int
    partition: int = 0
    """Of the customer's events: its owner fires their timer."""
    new: bool = False
    """Nothing was posted for the source before, as far as is known: thousands of these cost little. No promise."""

    def key(self, part: Part) -> LotKey:
        """What the part's lot is earned for."""
        return LotKey(self.source_kind, self.source, part.line, part.rule, part.version)


class Schedule(NamedTuple):
    """Points that wait start on a day, or points that can be spent expire on another. None leaves a day as it is.

    Without lots: all that are not spent, as with an expiry that slides.
    """

    who: Who
    cause: Cause
    day: int
    lots: tuple[LotKey, ...] | None = None
    starts_day: int | None = None
    expires_day: int | None = None
    partition: int = 0
    only_later: bool = False
    """Lots that expire later than that keep their day."""


class Reserve(NamedTuple):
    """Hold points until captured, released or lapsed. `also`: further identities of the same person."""

    who: Who
    hold: str
    points: int
    until: int
    """Microseconds since 1970."""
    cause: Cause
    day: int
    also: tuple[Who, ...] = ()
    partition: int = 0


class Spend(NamedTuple):
    """Spend points at once."""

    who: Who
    hold: str
    points: int
    cause: Cause
    day: int
    also: tuple[Who, ...] = ()
    partition: int = 0


class Capture(NamedTuple):
    """Held points are spent."""

    who: Who
    hold: str
    cause: Cause
    day: int
    partition: int = 0


class Release(NamedTuple):
    """Held points can be spent again. `lapsed`: because the time of the hold is over."""

    who: Who
    hold: str
    cause: Cause
    day: int
    lapsed: bool = False
    partition: int = 0


class GiveBack(NamedTuple):
    """So many points of a spend are to stand given back, all in all: fewer than now takes points again.

    What cannot be taken again, since it is not there, is told in `Done.short`.
    """

    who: Who
    hold: str
    total: int
    cause: Cause
    day: int
    also: tuple[Who, ...] = ()
    partition: int = 0


class Reinstate(NamedTuple):
    """An expired lot can be spent again until another day."""

    who: Who
    lot: LotKey
    expires_day: int
    cause: Cause
    day: int
    partition: int = 0


class Adjust(NamedTuple):
    """A correction by staff, up or down; the cause has its reason and who made it."""

    who: Who
    adjustment: str
    points: int
    cause: Cause
    day: int
    expires_day: int = NEVER
    partition: int = 0

    def key(self) -> LotKey:
        """What the lot of a correction upwards is earned for."""
        return LotKey(Source.CORRECTION, self.adjustment, "", "", 0)

    @property
    def hold(self) -> str:
        """Under which name a correction downwards is remembered."""
        return f"adjustment:{self.adjustment}"


class Turn(NamedTuple):
    """The day's turn: what the shop's clock does to an account, up to and with the start of `day`."""

    who: Who
    cause: Cause
    """Origin and nothing more; times follow from the days."""
    day: int
    partition: int = 0


Operation = Award | Schedule | Reserve | Spend | Capture | Release | GiveBack | Reinstate | Adjust | Turn


class Done(NamedTuple):
    """What became of an operation that was not refused."""

    entries: int
    """How many were posted; 0: all stood so already."""
    short: int = 0
    """Points that could not be taken again."""


def identities(operation: Operation) -> tuple[Who, ...]:
    """The accounts that an operation names."""
    also: tuple[Who, ...] = getattr(operation, "also", ())
    return (operation.who, *also)
