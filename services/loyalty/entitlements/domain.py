"""Deliveries: what is told, when it is tried again, and when it is given up. Pure.

waiting → delivered, or failed once all attempts are used up, the receiver is gone, or nobody is to be told by itself.
Deliveries of one redemption go out in their order: the next one once the one before is delivered or failed.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal, NamedTuple

import msgspec

Happening = Literal["granted", "revoked"]
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 72_000)
)
"""Between the first attempt and the second, and so on: three days in all. After the last one it has failed."""
SPREAD = 0.1
"""By so much of itself a pause is longer at most, so that what failed together is not tried together."""
_ASKED_MAX = timedelta(days=1)
_GONE = 410
_ID = re.compile(r"([0-9a-f]{13,32})-([1-9][0-9]{0,4})")
_NUMBER_MAX = 32_767


class State(IntEnum):
    """Where a delivery stands."""

    WAITING = 1
    DELIVERED = 2
    FAILED = 3


class Place(NamedTuple):
    """Which delivery of which redemption: the webhook's id."""

    redemption: str
    number: int

    def __str__(self) -> str:
        return f"{self.redemption}-{self.number}"


def place_of(text: str) -> Place | None:
    """The delivery of an id; None for what cannot be one."""
    found = _ID.fullmatch(text)
    return None if found is None or int(found[2]) > _NUMBER_MAX else Place(found[1], int(found[2]))


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """Money, in minor units."""

    amount: int
    currency: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver is told of a redemption: random ids, and what the catalogue says."""

    shop: str
    redemption: str
    number: int
    """From 1 up, of the redemption: a greater one is later."""
    customer: str
    reward: str
    version: int
    name: str
    entitlement: str
    quantity: int
    worth: Worth
    points: int
    order: str | None
    reason: str
    """Of one that was taken back: `order`, or the word that staff gave."""


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a webhook, as Standard Webhooks advises it."""

    type: str
    timestamp: datetime
    data: Told


class Notice(NamedTuple):
    """What happened to an entitlement, to be told where it was granted."""

    what: Happening
    at: datetime
    customer: int
    told: Told
    """Its number is given when it is written."""
    from_history: bool = False
    """An import told of it: no webhook follows that by itself."""


def body_of(notice: Notice, number: int) -> str:
    """The same bytes at each attempt."""
    told = msgspec.structs.replace(notice.told, number=number)
    body = Body(type=f"entitlement.{notice.what}", timestamp=notice.at, data=told)
    return msgspec.json.encode(body).decode()


class Outcome(NamedTuple):
    """What an attempt comes to."""

    state: State
    pause: timedelta = timedelta(0)
    """Of one that waits: until the next attempt."""
    gone: bool = False
    """The receiver wants no more webhooks at all."""


def outcome_of(status: int | None, failures: int, share: float, asked: str = "") -> Outcome:
    """By the answer's status (None: no answer) and how many attempts failed with this one.

    `share`: 0 to 1, drawn at random. `asked`: the answer's `Retry-After`; a longer pause is granted, up to a day.
    """
    if status is not None and 200 <= status < 300:
        return Outcome(State.DELIVERED)
    if status == _GONE:
        return Outcome(State.FAILED, gone=True)
    if failures > len(PAUSES):
        return Outcome(State.FAILED)
    pause = PAUSES[failures - 1] * (1 + SPREAD * share)
    wanted = timedelta(seconds=int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else timedelta(0)
    return Outcome(State.WAITING, max(pause, min(wanted, _ASKED_MAX)))


def trouble_of(status: int | None, why: str) -> str:
    """What staff read of an attempt that failed. It repeats nothing of the answer."""
    if status is None:
        return why
    if status == _GONE:
        return "the receiver wants no more webhooks (410): set the endpoint again once it does"
    if 300 <= status < 400:
        return f"the receiver sends elsewhere ({status}): set the address that it sends to"
    return f"the receiver answers with {status}"
