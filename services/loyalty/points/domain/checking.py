"""The one checker of what is always true of the ledger: entries are replayed, and all that is cached must follow. Pure.

State machines run it after each step, `mandegar ledger verify` over the tables. Entries are taken one by one, so it
holds no more than one account and the sums of one shop. Invariant 11 (a refused operation changes nothing) and 16 of
tiers compare two moments and belong to the tests; what is here of 16 are sums by the shop's days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import NamedTuple

from services.loyalty.points.domain.buckets import (
    BEGINS,
    COLUMNS,
    MEMBERS_OWN,
    NEVER,
    POINTS_MAX,
    ROUTES,
    Bucket,
    Kind,
    happening,
)
from services.loyalty.points.domain.chain import next_head
from services.loyalty.points.domain.model import (
    GENESIS,
    Account,
    Entry,
    Hold,
    HoldState,
    Lot,
    LotKey,
    Share,
    Who,
    lot_id,
)

INVARIANTS = MappingProxyType(
    {
        1: "postings of a transaction sum to zero, and so does the shop",
        2: "a cached balance is the sum of its postings, and version their count",
        3: "no balance is below zero, unless a debt is allowed",
        4: "a lot's points are all somewhere",
        5: "what expires first is spent first, nothing twice, nothing expired",
        6: "a lot is earned once for its source",
        7: "no more is taken back than was earned",
        8: "what is clawed back past the balance is a debt or forgiven, never silent",
        9: "a hold ends once",
        10: "entries stand as they were written: the chain, its head and the signed roots",
        12: "points are whole numbers from 1 to 10^9",
        13: "nothing crosses shops",
        14: "what expires, expires once and in time",
        15: "events and postings are one to one",
        16: "sums by day are what a recount gives",
    }
)
_LIMIT = 20
_TAKES = frozenset({Kind.HOLD, Kind.SPEND})
_RENEWS = frozenset({Kind.RESCHEDULE, Kind.RESTORE, Kind.REINSTATE})
_HELD, _TAKEN, _BACK, _FREED = range(4)
_OF_HOLDS = {Kind.HOLD: _HELD, Kind.SPEND: _TAKEN, Kind.CAPTURE: _TAKEN, Kind.RESTORE: _BACK, Kind.RELEASE: _FREED}


class Violation(NamedTuple):
    """Something that must not be."""

    invariant: int
    shop: int
    customer: int
    """0: of the whole shop."""
    detail: str


class AccountCheck:
    """One account, entry by entry, from the first on."""

    def __init__(self, who: Who) -> None:
        self.who = who
        self.found: list[Violation] = []
        self.head = GENESIS
        self._seen = Account(who)
        self._lots: dict[int, Lot] = {}
        self._gone: set[int] = set()
        self._transaction = 0
        self._taken: set[int] = set()
        self._words: set[str] = set()
        self._holds: dict[tuple[str, int], list[int]] = {}

    def _wrong(self, invariant: int, detail: str) -> None:
        if len(self.found) < _LIMIT:
            self.found.append(Violation(invariant, *self.who, detail))

    def take(self, entry: Entry, head: bytes) -> None:
        """The next entry, and the hash that is stored with it."""
        seen, n = self._seen, entry.n
        seen.version += 1
        if n != seen.version:
            self._wrong(2, f"entry {n} stands where entry {seen.version} should")
            seen.version = n
        if next_head(self.head, entry) != head:
            self._wrong(10, f"entry {n} is not what was written, or its predecessor is not")
        self.head = head
        if not 1 <= entry.points <= POINTS_MAX:
            self._wrong(12, f"entry {n} is of {entry.points} points")
        if entry.transaction not in (n, self._transaction):
            self._wrong(1, f"entry {n} belongs to transaction {entry.transaction}, which is not the one before it")
        if entry.transaction != self._transaction:
            self._transaction, self._taken, self._words = entry.transaction, set(), set()
        if (entry.kind, entry.debit, entry.credit) not in ROUTES:
            self._wrong(
                1, f"entry {n} moves points from {entry.debit} to {entry.credit}, which kind {entry.kind} may not"
            )
            return
        self._replay(entry)
        word = happening(entry.kind, entry.debit)
        if word is not None and word not in self._words:
            self._words.add(word)
            seen.told += 1

    def _replay(self, entry: Entry) -> None:
        lot = self._lots.get(entry.lot)
        if (entry.kind, entry.debit) in BEGINS:
            if lot is not None:
                self._wrong(6, f"entry {entry.n} earns lot {entry.lot} again")
        elif lot is None:
            self._wrong(4, f"entry {entry.n} moves points of lot {entry.lot}, which was never earned")
        if lot is None:
            lot = Lot(self.who, entry.lot, LotKey(0, "", "", "", 0), entry.at, 0, entry.expires_day)
            self._lots[entry.lot] = lot
        self._judge(entry, lot)
        lot.expires_day = entry.expires_day
        for column, sign in ROUTES[entry.kind, entry.debit, entry.credit]:
            value = getattr(lot, column) + sign * entry.points
            if value < 0:
                self._wrong(4, f"entry {entry.n} takes more from lot {lot.lot} than is {column}")
            setattr(lot, column, value)
        if lot.taken > lot.earned:
            self._wrong(7, f"entry {entry.n}: {lot.taken} of lot {lot.lot} are taken back, {lot.earned} were earned")
        for bucket, sign in ((entry.debit, -1), (entry.credit, 1)):
            self._shift(entry, bucket, sign * entry.points)
        self._remember(entry)

    def _judge(self, entry: Entry, lot: Lot) -> None:
        """What must be so before the entry."""
        kind, n = entry.kind, entry.n
        if entry.expires_day != lot.expires_day and kind not in _RENEWS:
            self._wrong(5, f"entry {n} gives lot {lot.lot} another expiry")
        if kind in _TAKES or (kind is Kind.ADJUST and entry.debit is Bucket.ACTIVE):
            if lot.expires_day <= entry.day:
                self._wrong(5, f"entry {n} takes points of lot {lot.lot}, which expired")
            if lot.lot in self._taken:
                self._wrong(5, f"entry {n} takes of lot {lot.lot} twice")
            self._taken.add(lot.lot)
            if any(
                one.remaining and entry.day < one.expires_day and one.turn < lot.turn for one in self._lots.values()
            ):
                self._wrong(5, f"entry {n} takes of lot {lot.lot} before others whose turn it was")
        if kind is Kind.EXPIRE:
            if lot.lot in self._gone:
                self._wrong(14, f"entry {n} lets lot {lot.lot} expire again")
            if lot.expires_day > entry.day or entry.points != lot.remaining:
                self._wrong(14, f"entry {n} lets lot {lot.lot} expire in part, or too early")
            self._gone.add(lot.lot)
        elif entry.credit is Bucket.ACTIVE:
            self._gone.discard(lot.lot)
        if kind in (Kind.OWE, Kind.FORGIVE) and (lot.pending or lot.remaining or lot.expired):
            self._wrong(8, f"entry {n} claws back of lot {lot.lot} as if it were spent")

    def _shift(self, entry: Entry, bucket: Bucket, points: int) -> None:
        seen = self._seen
        if bucket is Bucket.OWED:
            seen.owed -= points
        elif bucket in MEMBERS_OWN:
            name = bucket.name.lower()
            setattr(seen, name, getattr(seen, name) + points)
        if min(seen.pending, seen.active, seen.held, seen.owed) < 0:
            self._wrong(3, f"entry {entry.n} leaves {bucket.name.lower()} below zero")

    def _remember(self, entry: Entry) -> None:
        place = _OF_HOLDS.get(entry.kind)
        if entry.kind is Kind.ADJUST and entry.debit is Bucket.ACTIVE:
            place = _TAKEN
        if place is not None:
            self._holds.setdefault((entry.source, entry.lot), [0, 0, 0, 0])[place] += entry.points

    def finish(
        self, account: Account, lots: Iterable[Lot], shares: Iterable[tuple[str, HoldState, Share]]
    ) -> list[Violation]:
        """What is cached must be what the entries give. `shares`: with name and state of their hold.

        More entries may be taken after it, and it be asked again.
        """
        seen = self._seen
        for name in ("pending", "active", "held", "owed", "version"):
            cached, summed = getattr(account, name), getattr(seen, name)
            if cached != summed:
                self._wrong(2, f"{name} is {cached}, its entries give {summed}")
        if account.head != self.head:
            self._wrong(10, "the head of the account is not the hash of its last entry")
        if account.told != seen.told:
            self._wrong(15, f"{account.told} events for {seen.told} postings that a customer notices")
        self._compare_lots(account, lots)
        owed = sum(lot.owed - lot.repaid for lot in self._lots.values())
        if owed != seen.owed:
            self._wrong(8, f"{seen.owed} points are owed, lots give {owed}")
        self._compare_shares(shares)
        return self.found

    def _compare_lots(self, account: Account, lots: Iterable[Lot]) -> None:
        due, kept = NEVER, set()
        for lot in lots:
            kept.add(lot.lot)
            if lot.who != self.who:
                self._wrong(13, f"lot {lot.lot} is another account's")
            if lot_id(lot.key) != lot.lot:
                self._wrong(6, f"lot {lot.lot} has the number of another source")
            replayed = self._lots.get(lot.lot)
            if replayed is None:
                self._wrong(4, f"lot {lot.lot} has no entry")
                continue
            for column in COLUMNS:
                value, summed = getattr(lot, column), getattr(replayed, column)
                if value != summed:
                    self._wrong(4, f"{column} of lot {lot.lot} is {value}, its entries give {summed}")
            if lot.earned != _somewhere(lot):
                self._wrong(4, f"{lot.earned} points of lot {lot.lot} were earned, {_somewhere(lot)} are somewhere")
            if lot.taken > lot.earned:
                self._wrong(7, f"{lot.taken} of lot {lot.lot} are taken back, {lot.earned} were earned")
            if (lot.expires_day, lot.at) != (replayed.expires_day, replayed.at):
                self._wrong(5, f"lot {lot.lot} was earned, or expires, on another day than its entries say")
            due = min(due, lot.starts_day if lot.pending else lot.expires_day if lot.remaining else NEVER)
        for number in self._lots.keys() - kept:
            self._wrong(4, f"lot {number} has entries and is not there")
        if due < account.armed:
            self._wrong(14, f"something is due on day {due}, and the account is looked at on day {account.armed}")

    def _compare_shares(self, shares: Iterable[tuple[str, HoldState, Share]]) -> None:
        open_points, known = 0, dict(self._holds)
        for name, state, share in shares:
            held, taken, back, freed = known.pop((name, share.lot), [0, 0, 0, 0])
            ended = {
                HoldState.OPEN: held == share.points and taken == back == freed == 0,
                HoldState.CAPTURED: taken == share.points and back == share.restored and freed == 0 and held <= taken,
                HoldState.RELEASED: held == freed == share.points and taken == back == 0,
                HoldState.LAPSED: held == freed == share.points and taken == back == 0,
                HoldState.ADJUSTED: taken == share.points and held == back == freed == 0,
            }[state]
            if not ended or not 0 <= share.restored <= share.points:
                self._wrong(9, f"hold {name} is {state.name.lower()}, its entries of lot {share.lot} say otherwise")
            open_points += share.points if state is HoldState.OPEN else 0
        for name, lot in known:
            self._wrong(9, f"entries of lot {lot} name hold {name}, which does not know them")
        if open_points != self._seen.held:
            self._wrong(9, f"{self._seen.held} points are held, open holds give {open_points}")


def _somewhere(lot: Lot) -> int:
    return (
        lot.pending + lot.remaining + lot.held + lot.spent + lot.repaid + lot.expired + lot.reversed + lot.adjusted
    )  # fmt: skip


class ShopCheck:
    """Sums of a shop, by its days."""

    def __init__(self, shop: int) -> None:
        self.shop = shop
        self._sums: Counter[tuple[int, Bucket]] = Counter()
        self._members = 0

    def take(self, entry: Entry) -> None:
        """Any entry of the shop."""
        for bucket, points in ((entry.debit, -entry.points), (entry.credit, entry.points)):
            if bucket in MEMBERS_OWN:
                self._members += points
            else:
                self._sums[entry.day, bucket] += points

    def finish(self, contra: Iterable[tuple[int, Bucket, int]]) -> Iterator[Violation]:
        """`contra`: what is kept of the shop's own buckets, by day."""
        kept: Counter[tuple[int, Bucket]] = Counter()
        for day, bucket, points in contra:
            kept[day, bucket] += points
        for place in sorted(kept.keys() | self._sums.keys()):
            if kept[place] != self._sums[place]:
                detail = f"{place[1].name.lower()} of day {place[0]} is {kept[place]}, entries give {self._sums[place]}"
                yield Violation(16, self.shop, 0, detail)
        if self._members + sum(kept.values()):
            yield Violation(1, self.shop, 0, f"members and the shop differ by {self._members + sum(kept.values())}")

    def hold(self, hold: Hold) -> Iterator[Violation]:
        """A hold with its shares, which may be of several accounts."""
        taken = sum(share.points for share in hold.shares)
        net = taken - sum(share.restored for share in hold.shares)
        fits = 0 <= net <= hold.points <= taken if hold.state is HoldState.CAPTURED else net == hold.points
        if not fits:
            yield Violation(9, *hold.who, f"hold {hold.hold} is of {hold.points} points, its shares are of {net}")


def check_kept(
    account: Account, entries: Iterable[tuple[Entry, bytes]], shares: Iterable[tuple[str, HoldState, Share]]
) -> list[Violation]:
    """All of one account that is at hand."""
    check = AccountCheck(account.who)
    for entry, head in entries:
        check.take(entry, head)
    return check.finish(account, account.lots.values(), shares)
