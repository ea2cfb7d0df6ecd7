"""What a source is worth: the difference from what stands posted is earned, raised, clawed back or reinstated. Pure."""

from __future__ import annotations

from services.loyalty.points.domain.book import Book
from services.loyalty.points.domain.buckets import NEVER, POINTS_MAX, Bucket, Kind
from services.loyalty.points.domain.model import Lot, Refusal, lot_id
from services.loyalty.points.domain.operations import Award, Part, Reinstate, Schedule
from services.loyalty.points.domain.terms import DebtPolicy, passed
from services.loyalty.points.domain.turning import start

_THERE = ((Bucket.PENDING, "pending"), (Bucket.ACTIVE, "remaining"), (Bucket.EXPIRED, "expired"))


def award(book: Book, asked: Award) -> Refusal | None:
    """Bring each part to what it is worth. What is worth more comes first, so that it can bear what is worth less."""
    if any(not 0 <= part.points <= POINTS_MAX for part in asked.parts):
        return Refusal("parts.points", "out_of_range")
    keys = [asked.key(part) for part in asked.parts]
    if len(set(keys)) != len(keys):
        return Refusal("parts", "named_twice")
    lots = book.accounts[asked.who].lots
    found = [(part, key, lots.get(lot_id(key))) for part, key in zip(asked.parts, keys, strict=True)]
    if any(lot is not None and lot.key != key for _, key, lot in found):
        return Refusal("parts", "numbers_collide")
    for part, key, lot in found:
        extra = part.points - (lot.standing if lot else 0)
        if extra <= 0:
            continue
        if lot is None:
            new = Lot(asked.who, lot_id(key), key, asked.cause.at, part.starts_day, part.expires_day)
            _begin(book, new, part)
        else:
            again = min(extra, lot.taken)
            _take_less(book, lot, again)
            if extra > again:
                book.move((Kind.RAISE, Bucket.ISSUED, _where(book, lot)), extra - again, lot)
    for part, _, lot in found:
        if lot is not None and lot.standing > part.points:
            _claw_back(book, lot, lot.standing - part.points)
    book.settle_up(asked.who)
    return None


def _begin(book: Book, lot: Lot, part: Part) -> None:
    book.add(lot)
    where = _where(book, lot)
    if where is Bucket.ACTIVE:
        lot.noticed = passed(book.terms(lot.who).notices, lot.expires_day, book.day)
    book.move((Kind.EARN, Bucket.ISSUED, where), part.points, lot)


def _where(book: Book, lot: Lot) -> Bucket:
    return Bucket.PENDING if lot.starts_day > book.day else Bucket.ACTIVE


def _claw_back(book: Book, lot: Lot, points: int) -> None:
    """From what is there of the lot; for the rest the policy decides. Never silent."""
    for bucket, column in _THERE:
        there = min(points, getattr(lot, column))
        if there:
            book.move((Kind.CLAW_BACK, bucket, Bucket.REVERSED), there, lot)
            points -= there
    if not points:
        return
    account, owe = book.accounts[lot.who], points
    if book.terms(lot.who).policy is DebtPolicy.PARTIAL:
        owe = min(points, max(0, account.active - account.owed))
    if owe:
        book.move((Kind.OWE, Bucket.OWED, Bucket.REVERSED), owe, lot)
    if points > owe:
        book.move((Kind.FORGIVE, Bucket.ADJUSTED, Bucket.REVERSED), points - owe, lot)


def _take_less(book: Book, lot: Lot, points: int) -> None:
    """Undo what was clawed back: what was forgiven first, then the debt, then what was taken."""
    account = book.accounts[lot.who]
    forgiven = min(points, lot.forgiven)
    if forgiven:
        book.move((Kind.REINSTATE, Bucket.REVERSED, Bucket.ADJUSTED), forgiven, lot)
    owed = min(points - forgiven, lot.owed)
    if owed:
        _give_up_repayments(book, lot, owed - account.owed)
        book.move((Kind.REINSTATE, Bucket.REVERSED, Bucket.OWED), owed, lot)
    taken = points - forgiven - owed
    if taken:
        book.move((Kind.REINSTATE, Bucket.REVERSED, _where(book, lot)), taken, lot)


def _give_up_repayments(book: Book, lot: Lot, points: int) -> None:
    """A debt that is no longer one was repaid: the lots that repaid it, the last to expire first, get back theirs."""
    for other in sorted(book.accounts[lot.who].lots.values(), key=lambda one: one.turn, reverse=True):
        back = min(points, other.repaid)
        if back > 0:
            book.move((Kind.REINSTATE, Bucket.OWED, Bucket.ACTIVE), back, other)
            points -= back


def schedule(book: Book, asked: Schedule) -> Refusal | None:
    """Other days for lots. Lots with nothing left to wait or to be spent keep theirs."""
    lots = book.accounts[asked.who].lots
    if asked.lots is None:
        chosen = sorted(lots.values(), key=lambda lot: lot.turn)
    else:
        missing = [key for key in asked.lots if lot_id(key) not in lots]
        if missing:
            return Refusal("lots", "unknown_lot")
        chosen = [lots[lot_id(key)] for key in asked.lots]
    for lot in chosen:
        if lot.pending or lot.remaining:
            later = asked.only_later and asked.expires_day is not None
            expires_day = max(lot.expires_day, asked.expires_day or 0) if later else asked.expires_day
            _reschedule(book, lot, asked.starts_day, expires_day)
    book.settle_up(asked.who)
    return None


def _reschedule(book: Book, lot: Lot, starts_day: int | None, expires_day: int | None) -> None:
    starts = lot.starts_day if starts_day is None or not lot.pending else starts_day
    expires = lot.expires_day if expires_day is None else expires_day
    if (starts, expires) == (lot.starts_day, lot.expires_day):
        return
    lot.starts_day, lot.expires_day = starts, expires
    for bucket, points in ((Bucket.PENDING, lot.pending), (Bucket.ACTIVE, lot.remaining)):
        if points:
            book.move((Kind.RESCHEDULE, bucket, bucket), points, lot)
    if lot.pending and starts <= book.day:
        start(book, lot)
    lot.noticed = passed(book.terms(lot.who).notices, expires, book.day)


def reinstate(book: Book, asked: Reinstate) -> Refusal | None:
    """What had expired of a lot can be spent again."""
    lot = book.accounts[asked.who].lots.get(lot_id(asked.lot))
    if lot is None:
        return Refusal("lot", "unknown_lot")
    if not lot.expired:
        return Refusal("lot", "not_expired")
    if not book.day < asked.expires_day <= NEVER:
        return Refusal("expires_day", "out_of_range")
    lot.expires_day = asked.expires_day
    lot.noticed = passed(book.terms(lot.who).notices, lot.expires_day, book.day)
    book.move((Kind.REINSTATE, Bucket.EXPIRED, Bucket.ACTIVE), lot.expired, lot)
    book.settle_up(asked.who)
    return None
