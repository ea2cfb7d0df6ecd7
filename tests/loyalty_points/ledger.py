"""A ledger in memory: the domain without a database, with the checker after each step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from services.loyalty.points.domain.book import Book, Expiring, Telling
from services.loyalty.points.domain.buckets import MEMBERS_OWN, Bucket
from services.loyalty.points.domain.chain import next_head
from services.loyalty.points.domain.checking import AccountCheck, ShopCheck, Violation
from services.loyalty.points.domain.deciding import catch_up, decide
from services.loyalty.points.domain.model import Account, Cause, Entry, Hold, Refusal, Who
from services.loyalty.points.domain.operations import Done, Operation, identities
from services.loyalty.points.domain.terms import DebtPolicy, Terms
from shared.kernel import Zone

DAY = 739_000
"""An ordinal day that tests count from."""
UTC_ZONE = Zone("UTC")


def terms(policy: DebtPolicy = DebtPolicy.DEBT, restored_days: int = 0) -> Terms:
    return Terms("laleh", UTC_ZONE, policy, (30, 7, 1), restored_days)


def cause(day: int, name: str = "", reason: str = "") -> Cause:
    """Something that happened at the start of a day."""
    return Cause(terms().start_of(day), name or f"event-{day}", "", "live", reason)


@dataclass
class Ledger:
    """What a store would keep."""

    terms: Terms = field(default_factory=terms)
    accounts: dict[Who, Account] = field(default_factory=dict)
    holds: dict[tuple[int, str], Hold] = field(default_factory=dict)
    entries: dict[Who, list[tuple[Entry, bytes]]] = field(default_factory=dict)
    contra: Counter[tuple[int, int, Bucket]] = field(default_factory=Counter)
    tellings: list[Telling | Expiring] = field(default_factory=list)
    now: int = 0
    _checks: dict[Who, AccountCheck] = field(default_factory=dict)
    _shops: dict[int, ShopCheck] = field(default_factory=dict)
    _unchecked: list[tuple[Entry, bytes]] = field(default_factory=list)

    def post(self, operation: Operation) -> Done | Refusal:
        """Post one operation, as a transaction would: working copies first."""
        known = self.holds.get((operation.who.shop, getattr(operation, "hold", "")))
        also = [share.who for share in known.shares] if known else []
        for who in (*identities(operation), *also):
            self.accounts.setdefault(who, Account(who))
        copies = {who: account.copy() for who, account in self.accounts.items()}
        holds = {place: hold.copy() for place, hold in self.holds.items()}
        shops = {who.shop for who in self.accounts}
        book = Book(copies, holds, dict.fromkeys(shops, self.terms), self.now or operation.cause.at)
        catch_up(book, operation)
        posted = len(book.entries)
        stood = {who: account.copy() for who, account in copies.items()}
        held = {place: hold.copy() for place, hold in book.holds.items()}
        answer = decide(book, operation)
        if isinstance(answer, Refusal):
            assert len(book.entries) == posted, "a refused operation posted"
            assert not book.touched_holds, "a refused operation touched a hold"
            left = self._snapshot_of(copies, book.holds)
            assert left == self._snapshot_of(stood, held), "a refused operation left something"
        self.accounts, self.holds = book.accounts, book.holds
        self.tellings += book.tellings
        for entry in book.entries:
            account = self.accounts[entry.who]
            account.head = next_head(account.head, entry)
            self.entries.setdefault(entry.who, []).append((entry, account.head))
            self._unchecked.append((entry, account.head))
            for bucket, points in ((entry.debit, -entry.points), (entry.credit, entry.points)):
                if bucket not in MEMBERS_OWN:
                    self.contra[entry.who.shop, entry.day, bucket] += points
        return answer

    @staticmethod
    def _snapshot_of(accounts: dict[Who, Account], holds: dict[tuple[int, str], Hold]) -> object:
        stood = {
            who: repr(account)
            for who, account in accounts.items()
            if account.version or account.armed < 2**31 - 1 or account.lots
        }
        return stood, {place: repr(hold) for place, hold in holds.items()}

    def violations(self) -> list[Violation]:
        """Whatever is not as it must be. Each entry is replayed once: those before it stay as they were."""
        found: list[Violation] = []
        for entry, head in self._unchecked:
            self._checks.setdefault(entry.who, AccountCheck(entry.who)).take(entry, head)
            self._shops.setdefault(entry.who.shop, ShopCheck(entry.who.shop)).take(entry)
        self._unchecked.clear()
        for who, account in self.accounts.items():
            shares = [
                (hold.hold, hold.state, share)
                for hold in self.holds.values()
                for share in hold.shares
                if share.who == who
            ]
            check = self._checks.setdefault(who, AccountCheck(who))
            found += check.finish(account, account.lots.values(), shares)
        for shop in sorted({who.shop for who in self.accounts}):
            sums = self._shops.setdefault(shop, ShopCheck(shop))
            rows = [(day, bucket, points) for (of, day, bucket), points in self.contra.items() if of == shop]
            found += sums.finish(rows)
            for hold in self.holds.values():
                found += sums.hold(hold)
        told = Counter(one.who for one in self.tellings if isinstance(one, Telling))
        found += [
            Violation(15, *who, "events differ from those counted")
            for who, account in self.accounts.items()
            if account.told != told[who]
        ]
        return found

    def balance(self, who: Who) -> tuple[int, int, int, int]:
        """Pending, active, held, owed."""
        account = self.accounts[who]
        return account.pending, account.active, account.held, account.owed
