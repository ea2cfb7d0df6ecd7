"""Awards that only earn, thousands at once: what the careful path would post, without looking at other lots. Pure.

A test holds this to `deciding.decide`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.loyalty.points.domain.book import Balance, balance_of
from services.loyalty.points.domain.buckets import POINTS_MAX, Bucket, Kind
from services.loyalty.points.domain.chain import chained
from services.loyalty.points.domain.model import NOTHING_TOLD, Account, Who, number_of
from services.loyalty.points.domain.operations import Award, Operation, Part
from services.loyalty.points.domain.terms import Terms, next_notice, passed

_EARN, _ISSUED, _PENDING, _ACTIVE = int(Kind.EARN), int(Bucket.ISSUED), int(Bucket.PENDING), int(Bucket.ACTIVE)
_NO_TEXTS = (b"", b"", b"")


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
    balance: Balance


class Plain(NamedTuple):
    """What plain awards do. Their accounts are changed."""

    entries: list[PlainEntry]
    lots: list[PlainLot]
    tellings: list[PlainTelling]
    sums: Counter[tuple[int, int, int]]
    """Of the shop's own buckets, by (shop, bucket, day)."""


def plain_accounts(operations: Sequence[Operation], accounts: Mapping[Who, Account]) -> set[Who]:
    """Accounts to which nothing happens here but that they earn. None of their lots need be looked at."""
    fit: dict[Who, bool] = {}
    sources: set[tuple[Who, int, str]] = set()
    for one in operations:
        who = one.who
        if not isinstance(one, Award):
            fit[who] = False
            for other in getattr(one, "also", ()):
                fit[other] = False
            continue
        if fit.get(who) is False:
            continue
        account, place = accounts[who], (who, int(one.source_kind), one.source)
        fit[who] = (
            one.new
            and not account.owed
            and account.armed > one.day
            and place not in sources
            and not one.cause.reason
            and not one.cause.actor
            and _earns(one)
        )
        sources.add(place)
    return {who for who, fits in fit.items() if fits}


def _earns(award: Award) -> bool:
    day, seen = award.day, set()
    for part in award.parts:
        seen.add((part.rule, part.version, part.line))
        if not 1 <= part.points <= POINTS_MAX or part.expires_day <= max(day, part.starts_day):
            return False
    return 0 < len(award.parts) == len(seen)


class Standing(NamedTuple):
    """How an account stood, for whoever has to go back."""

    pending: int
    active: int
    version: int
    told: int
    head: bytes
    armed: int


def standing(account: Account) -> Standing:
    """What `post_plain` changes of an account."""
    return Standing(account.pending, account.active, account.version, account.told, account.head, account.armed)


def go_back(account: Account, stood: Standing) -> None:
    """As if nothing had been posted."""
    account.pending, account.active, account.version, account.told, account.head, account.armed = stood


def post_plain(
    awards: Sequence[Award], accounts: Mapping[Who, Account], terms: Mapping[int, Terms], booked_at: int
) -> Plain:
    """Post awards to accounts that `plain_accounts` named, in their order."""
    done = Plain([], [], [], Counter())
    entries, lots, tellings, sums = done
    ahead: dict[tuple[int, int, int, int], tuple[bool, int, int, int]] = {}
    for award in awards:
        who, _, _, parts, cause, day, *_ = award
        shop, customer = who
        account = accounts[who]
        head, n, first, texts = account.head, account.version, account.version + 1, cause.event_id.encode()
        pending = total = starts_day = 0
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
            lot = number_of(award.source_kind, award.source, line, rule, version)
            fixed = (
                shop, customer, n, first, cause.at, booked_at, day,
                _EARN, _ISSUED, credit, points, lot, expires,
            )  # fmt: skip
            head = chained(head, fixed, (texts, *_NO_TEXTS))
            entries.append(PlainEntry(head, n, first, award, credit, points, lot, expires, texts))
            lots.append(PlainLot(award, part, lot, waits, noticed))
            account.armed = min(account.armed, due)
        account.head, account.version = head, n
        account.pending += pending
        account.active += total - pending
        account.told += 1
        sums[shop, _ISSUED, day] -= total
        tellings.append(PlainTelling(award, first, n, pending, starts_day, balance_of(account)))
    return done


def _ahead(notices: Sequence[int], day: int, starts_day: int, expires_day: int) -> tuple[bool, int, int, int]:
    """Whether a lot waits, where its points go, which notices lie behind it, and when something is due."""
    if starts_day > day:
        return True, _PENDING, NOTHING_TOLD, starts_day
    noticed = passed(notices, expires_day, day)
    return False, _ACTIVE, noticed, next_notice(notices, expires_day, noticed)
