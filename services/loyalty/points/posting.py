"""Posts operations: what other slices call, inside their own transaction.

1 lock the accounts of the batch, sorted   2 awards that only earn are decided by themselves, for the others lots and
holds are read in one query each   3 decide   4 lock the keys   5 write, publish, arm timers

The number of statements does not grow with the batch.

**The order of locks in loyalty**, kept by every transaction: `persons.hold`, occasions, members, accounts, outbox keys,
the rows that are written, timers; of each all at once, sorted. A slice with rows of its own locks them before accounts.
So a handler posts all its operations together: accounts of a second call would come after keys of the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import asyncpg

from services.loyalty.points.beside import Beside, Told, in_turn
from services.loyalty.points.domain.book import Book, Expiring, Telling
from services.loyalty.points.domain.buckets import NEVER
from services.loyalty.points.domain.chain import next_head
from services.loyalty.points.domain.deciding import decide
from services.loyalty.points.domain.model import Account, Entry, Hold, HoldState, Refusal, Who, lot_id
from services.loyalty.points.domain.operations import (
    Adjust,
    Award,
    Done,
    Operation,
    Reinstate,
    Reserve,
    Schedule,
    Turn,
    identities,
)
from services.loyalty.points.domain.plain import Plain, PlainTelling, plain_accounts, post_plain
from services.loyalty.points.domain.roots import next_due
from services.loyalty.points.domain.terms import Terms
from services.loyalty.points.events import expiring, name_of, told
from services.loyalty.points.forms import Forms
from services.loyalty.points.store import accounts as accounts_store
from services.loyalty.points.store import entries as entries_store
from services.loyalty.points.store import holds as holds_store
from services.loyalty.points.store import plain as plain_store
from services.loyalty.points.store.entries import Sums
from services.loyalty.points.store.holds import Place
from shared.clocks import timers_of
from shared.contracts.envelope import message_key
from shared.contracts.topics import LOYALTY_POINTS
from shared.db.together import Together
from shared.kernel import ShopId, moment_of, us_of
from shared.messaging.handling import OutboxKey, Timer, Transaction

TURN_TIMER = "points"
"""Of a customer: something falls due on a day, of the ledger or of what others tell in the day's turn."""
HOLD_TIMER = "points_hold"
"""Of a hold: its time is over."""

ROOT_TIMER = "points_root"
"""Of a shop, by slug: the next signed root."""

Answer = Done | Refusal


class Moved(TimeoutError):
    """A hold took points of another account while this one looked: the batch is to be tried again."""


class _Name(NamedTuple):
    """Of an account's customer."""

    key: OutboxKey
    text: str


@dataclass
class _Posting:
    """One batch on its way."""

    tx: Transaction
    terms: Mapping[int, Terms]
    operations: Sequence[Operation]
    shard: int
    besides: Sequence[Beside] = ()
    accounts: dict[Who, Account] = field(default_factory=dict)
    armed: dict[Who, int] = field(default_factory=dict)
    """As it was before."""
    answers: list[Answer | None] = field(default_factory=list)
    book: Book | None = None
    plain: Plain | None = None
    names: dict[Who, _Name] = field(default_factory=dict)


async def post(
    tx: Transaction,
    terms: Mapping[int, Terms],
    operations: Sequence[Operation],
    *,
    shard: int = 0,
    besides: Sequence[Beside] = (),
) -> list[Answer]:
    """Post operations in their order; for each, what became of it. `terms` by shop, `shard`: the writer's.

    Call it once, before any lock on accounts or outbox keys. Operations of one customer take effect in their order;
    those of different customers do not touch one another.

    `besides`: what other slices tell of the same customers in their day's turn; their keys are locked with the others.
    """
    if not operations and not besides:
        return []
    await accounts_store.prepare(tx.conn)
    mark = tx.mark()
    posting = _Posting(tx, terms, operations, shard, besides)
    try:
        await _post(posting)
    except asyncpg.UniqueViolationError:
        if posting.plain is None:
            raise
        # A plain award turned out to have been posted before: all are posted with care.
        tx.back_to(mark)
        await accounts_store.go_back(tx.conn)
        posting = _Posting(tx, terms, operations, shard, besides)
        await _post(posting, plainly=False)
    return [answer for answer in posting.answers if answer is not None]


async def _post(posting: _Posting, *, plainly: bool = True) -> None:
    holds = await _lock(posting)
    posting.answers = [None] * len(posting.operations)
    posting.armed = {who: account.armed for who, account in posting.accounts.items()}
    if plainly:
        _post_plain(posting)
    await _post_with_care(posting, holds)
    await _save(posting)


async def _lock(posting: _Posting) -> dict[Place, Hold]:
    """Lock all accounts that may be concerned, and read the holds that are named."""
    conn, others = posting.tx.conn, [one for one in posting.operations if type(one) is not Award]
    named = {place for one in others for place in _place(one)}
    seen = await holds_store.load(conn, named)
    whos = {one.who for one in posting.operations} | _shared(seen.values())
    whos.update(who for one in others for who in identities(one))
    posting.accounts = await accounts_store.lock(conn, whos)
    holds = await holds_store.load(conn, named) if named else {}
    if _shared(holds.values()) - whos:
        raise Moved
    return holds


def _place(operation: Operation) -> list[Place]:
    name = getattr(operation, "hold", "")
    return [(operation.who.shop, name)] if name else []


def _shared(holds: Iterable[Hold]) -> set[Who]:
    return {share.who for hold in holds for share in hold.shares}


def _post_plain(posting: _Posting) -> None:
    """Awards that only earn."""
    chosen = plain_accounts(posting.operations, posting.accounts)
    awards = [one for one in posting.operations if one.who in chosen and isinstance(one, Award)]
    if not awards:
        return
    posting.plain = post_plain(awards, posting.accounts, posting.terms, us_of(posting.tx.now))
    for at, one in enumerate(posting.operations):
        if one.who in chosen and isinstance(one, Award):
            posting.answers[at] = Done(len(one.parts))


async def _post_with_care(posting: _Posting, holds: Mapping[Place, Hold]) -> None:
    left = [(at, one) for at, one in enumerate(posting.operations) if posting.answers[at] is None]
    if not left:
        return
    whos = {who for _, one in left for who in identities(one)} | _shared(holds.values())
    accounts = {who: posting.accounts[who] for who in whos}
    await accounts_store.load_lots(posting.tx.conn, accounts, _named(left, holds))
    book = Book(accounts, holds, posting.terms, us_of(posting.tx.now))
    for at, one in left:
        posting.answers[at] = decide(book, one)
    posting.book = book


def _named(operations: Iterable[tuple[int, Operation]], holds: Mapping[Place, Hold]) -> set[tuple[Who, int]]:
    """Lots that are asked for, whatever is left of them."""
    found = {(share.who, share.lot) for hold in holds.values() for share in hold.shares}
    for _, one in operations:
        match one:
            case Award():
                found.update((one.who, lot_id(one.key(part))) for part in one.parts)
            case Schedule(lots=tuple(keys)):
                found.update((one.who, lot_id(key)) for key in keys)
            case Reinstate():
                found.add((one.who, lot_id(one.lot)))
            case Adjust():
                found.add((one.who, lot_id(one.key())))
            case _:
                pass
    return found


async def _save(posting: _Posting) -> None:
    """Lock keys, write, publish, arm."""
    tx, conn, book, plain = posting.tx, posting.tx.conn, posting.book, posting.plain
    tellings: list[Told] = [*(plain.tellings if plain else ())]
    tellings += book.tellings if book else ()
    keys = _keys(posting, tellings)
    await tx.lock_keys(Counter(chain(keys, [one.key for one in posting.besides])))
    sums: Sums = Counter()
    writes = Together()
    if plain:
        await plain_store.add(conn, writes, plain.lots)
        await entries_store.add_plain(conn, writes, plain.entries, us_of(tx.now))
        sums.update(plain.sums)
    changed: dict[Who, None] = dict.fromkeys(one.award.who for one in plain.entries) if plain else {}
    if book:
        changed |= book.touched
        accounts_store.save_lots(writes, list(book.touched_lots.values()), book.new_lots)
        entries_store.add(writes, _chain(book))
        holds_store.save(writes, [book.holds[place] for place in book.touched_holds])
        sums.update(entries_store.sums_of(book.entries))
    accounts_store.save(writes, [posting.accounts[who] for who in changed])
    entries_store.count(writes, sums, posting.shard)  # alone of these may wait for others
    await writes.run(conn)
    _publish(posting, tellings, keys)
    _arm(posting, changed)


def _chain(book: Book) -> list[tuple[Entry, bytes]]:
    """Entries with their hashes; accounts get the new heads."""
    chained = []
    for entry in book.entries:
        account = book.accounts[entry.who]
        account.head = next_head(account.head, entry)
        chained.append((entry, account.head))
    return chained


def _keys(posting: _Posting, tellings: Sequence[Told]) -> list[OutboxKey]:
    """The key of each telling."""
    found, names = [], posting.names
    for one in tellings:
        who = one.award.who if isinstance(one, PlainTelling) else one.who
        known = names.get(who)
        if known is None:
            name = name_of(who.customer)
            key = OutboxKey(ShopId(who.shop), message_key(posting.terms[who.shop].slug, name))
            known = names[who] = _Name(key, name)
        found.append(known.key)
    return found


def _publish(posting: _Posting, tellings: Sequence[Told], keys: Sequence[OutboxKey]) -> None:
    tx, forms = posting.tx, {shop: Forms.of(terms) for shop, terms in posting.terms.items()}
    names, sequence, publish = posting.names, tx.sequence, tx.publish_encoded
    for key, one in in_turn(tellings, keys, posting.besides) if posting.besides else zip(keys, tellings, strict=True):
        if type(one) is PlainTelling:
            who = one.award.who
            publish(LOYALTY_POINTS, key, forms[who.shop].earned(one, names[who].text, sequence(key)))
        elif isinstance(one, Telling):
            tx.publish(LOYALTY_POINTS, key, told(one, posting.terms[one.who.shop], sequence(key)))
        elif isinstance(one, Beside):
            tx.publish(one.topic, key, one.event(sequence(key)))
        else:
            assert isinstance(one, Expiring), "nothing else is told"
            tx.publish(LOYALTY_POINTS, key, expiring(one, posting.terms[one.who.shop], sequence(key)))


def _arm(posting: _Posting, changed: Mapping[Who, None]) -> None:
    """Timers of accounts that something falls due for, unless one stands already; those of new holds and of roots."""
    for shop in {who.shop: None for who in changed}:
        slug, due = posting.terms[shop].slug, next_due(posting.tx.now)
        posting.tx.set_timer(Timer(ShopId(shop), ROOT_TIMER, slug, due, posting.operations[0].partition))
    # A timer that fires is gone, though the account may have been looked at meanwhile and be armed for later.
    fired = {one.who for one in posting.operations if isinstance(one, Turn)}
    arming = [
        who
        for who in {**changed, **dict.fromkeys(fired)}
        if (day := posting.accounts[who].armed) != NEVER and (who in fired or day != posting.armed[who])
    ]
    if arming:
        partitions = {who: one.partition for one in posting.operations for who in identities(one)}
        for who in arming:
            day, terms, partition = posting.accounts[who].armed, posting.terms[who.shop], partitions.get(who, 0)
            place = timers_of(who.shop, partition) if terms.streams else partition
            due = moment_of(terms.start_of(day))
            posting.tx.set_timer(Timer(ShopId(who.shop), TURN_TIMER, name_of(who.customer), due, place))
    for one in posting.operations:
        hold = posting.book.holds.get((one.who.shop, one.hold)) if posting.book and isinstance(one, Reserve) else None
        if hold is not None and hold.state is HoldState.OPEN:
            shop = ShopId(one.who.shop)
            posting.tx.set_timer(Timer(shop, HOLD_TIMER, hold.hold, moment_of(hold.until), one.partition))
