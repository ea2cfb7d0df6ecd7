"""Awards that only earn, thousands at once: what the careful path would post, without looking at other lots. Pure.

A test holds this to `deciding.decide`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.loyalty.points.domain.buckets import POINTS_MAX, Bucket, Kind
from services.loyalty.points.domain.chain import chained, values
from services.loyalty.points.domain.model import NOTHING_TOLD, Account, Who, number_of
from services.loyalty.points.domain.operations import Award, Operation, Part, identities
from services.loyalty.points.domain.terms import Terms, next_notice, passed

_EARN, _ISSUED, _PENDING, _ACTIVE = int(Kind.EARN), int(Bucket.ISSUED), int(Bucket.PENDING), int(Bucket.ACTIVE)


class PlainEntry(NamedTuple):
    """An entry that earns: it has no source of its own, no reason and no actor."""

    head: bytes
    """Its hash."""
    n: int
    transaction: int
    award: Award
    credit: int
    points: int
    lot: int
    expires_day: int
    cause: bytes


class PlainLot(NamedTuple):
    """A lot of which nothing was taken yet."""

    award: Award
    part: Part
    lot: int
    waits: bool
    noticed: int


class PlainTelling(NamedTuple):
    """What a customer notices of an award."""

    award: Award
    first: int
    """Number of its first entry."""
    last: int
    pending: int
    starts_day: int
    """Of the points that wait, the first of them; 0: none waits."""
    active: int
    """The account's, after it; and what waits, is held and owed."""
    waits: int
    held: int
    owed: int


class Plain(NamedTuple):
    """What plain awards do. Their accounts are changed."""

    entries: list[PlainEntry]
    lots: list[PlainLot]
    tellings: list[PlainTelling]
    sums: Counter[tuple[int, int, int]]
    """Of the shop's own buckets, by (shop, bucket, day)."""


def plain_accounts(operations: Sequence[Operation], accounts: Mapping[Who, Account]) -> set[Who]:
    """Accounts to which nothing happens here but that they earn. None of their lots need be looked at."""
    chosen: set[Who] = set()
    others: set[Who] = set()
    sources: set[tuple[Who, str]] = set()  # without their kinds: two of one name may well go the careful way
    for one in operations:
        if type(one) is not Award:
            others.update(identities(one))
            continue
        who, _, source, parts, cause, day, _, new = one
        place, account = (who, source), accounts[who]
        free = new and not account.owed and account.armed > day and place not in sources
        if free and not cause.reason and not cause.actor and _earns(parts, day):
            sources.add(place)
            chosen.add(who)
        else:
            others.add(who)
    return chosen - others


def _earns(parts: Sequence[Part], day: int) -> bool:
    for part in parts:
        if not 1 <= part.points <= POINTS_MAX or part.expires_day <= day or part.expires_day <= part.starts_day:
            return False
    return len(parts) == 1 or 0 < len(parts) == len({(part.rule, part.version, part.line) for part in parts})


def post_plain(
    awards: Sequence[Award], accounts: Mapping[Who, Account], terms: Mapping[int, Terms], booked_at: int
) -> Plain:
    """Post awards to accounts that `plain_accounts` named, in their order."""
    done = Plain([], [], [], Counter())
    entries, lots, tellings, sums = done
    ahead: dict[tuple[int, int, int, int], tuple[bool, int, int, int]] = {}
    for award in awards:
        who, kind, source, parts, cause, day, _, _ = award
        shop, customer = who
        account = accounts[who]
        head, n, text = account.head, account.version, cause.event_id.encode()
        first, at, pending, total, starts_day = n + 1, cause.at, 0, 0, 0
        for part in parts:
            n += 1
            rule, version, points, line, starts, expires = part
            known = ahead.get((shop, day, starts, expires))
            if known is None:
                known = ahead[shop, day, starts, expires] = _ahead(terms[shop].notices, day, starts, expires)
            waits, credit, noticed, due = known
            if waits:
                pending += points
                starts_day = min(starts_day, due) if starts_day else due
            total += points
            lot = number_of(kind, source, line, rule, version)
            fixed = values(
                shop, customer, n, first, at, booked_at, day,
                _EARN, _ISSUED, credit, points, lot, expires, len(text), 0, 0, 0,
            )  # fmt: skip
            head = chained(head, fixed, text)
            entries.append(PlainEntry(head, n, first, award, credit, points, lot, expires, text))
            lots.append(PlainLot(award, part, lot, waits, noticed))
            account.armed = min(account.armed, due)
        account.head, account.version = head, n
        account.pending += pending
        account.active += total - pending
        account.told += 1
        sums[shop, _ISSUED, day] -= total
        tellings.append(
            PlainTelling(
                award, first, n, pending, starts_day, account.active, account.pending, account.held, account.owed
            )
        )
    return done


def _ahead(notices: Sequence[int], day: int, starts_day: int, expires_day: int) -> tuple[bool, int, int, int]:
    """Whether a lot waits, where its points go, which notices lie behind it, and when something is due."""
    if starts_day > day:
        return True, _PENDING, NOTHING_TOLD, starts_day
    noticed = passed(notices, expires_day, day)
    return False, _ACTIVE, noticed, next_notice(notices, expires_day, noticed)
