"""Holding, spending and giving back: always lot by lot, and every spend remembers its lots. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from services.loyalty.points.domain.book import Book
from services.loyalty.points.domain.buckets import NEVER, POINTS_MAX, Bucket, Kind, Route
from services.loyalty.points.domain.model import Account, Hold, HoldState, Lot, Refusal, Share, Who, in_turn, lot_id
from services.loyalty.points.domain.operations import Adjust, Capture, GiveBack, Release, Reserve, Spend
from services.loyalty.points.domain.terms import DebtPolicy, passed

_HOLD: Route = (Kind.HOLD, Bucket.ACTIVE, Bucket.HELD)
_SPEND: Route = (Kind.SPEND, Bucket.ACTIVE, Bucket.REDEEMED)
_TAKE_OFF: Route = (Kind.ADJUST, Bucket.ACTIVE, Bucket.ADJUSTED)


def available(book: Book, whos: Sequence[Who], day: int) -> int:
    """What a person may spend on a day. A debt of one identity binds the points of all, unless it waits for later."""
    accounts = [book.accounts[who] for who in whos]
    points = sum(lot.remaining for lot in in_turn(_lots(accounts), day))
    if book.terms(whos[0]).policy is DebtPolicy.LATER:
        return points
    return max(0, points - sum(account.owed for account in accounts))


def reserve(book: Book, asked: Reserve | Spend) -> Refusal | None:
    """Hold points, or spend them at once. Asked again with the same content it does nothing."""
    known = book.holds.get((asked.who.shop, asked.hold))
    if known is not None:
        same = known.who == asked.who and known.points == asked.points and known.state is not HoldState.ADJUSTED
        return None if same else Refusal("hold", "other_content")
    if not 1 <= asked.points <= POINTS_MAX:
        return Refusal("points", "out_of_range")
    whos = (asked.who, *asked.also)
    if available(book, whos, asked.day) < asked.points:
        return Refusal("points", "insufficient")
    at_once = isinstance(asked, Spend)
    hold = Hold(
        asked.who, asked.hold, asked.points,
        HoldState.CAPTURED if at_once else HoldState.OPEN, 0 if isinstance(asked, Spend) else asked.until,
    )  # fmt: skip
    _draw(book, hold, whos, asked.points, _SPEND if at_once else _HOLD)
    book.keep(hold)
    return None


def capture(book: Book, asked: Capture) -> Refusal | None:
    """What was held is spent. Asked again it does nothing."""
    hold = book.holds.get((asked.who.shop, asked.hold))
    if hold is None:
        return Refusal("hold", "unknown_hold")
    if hold.state is HoldState.CAPTURED:
        return None
    if hold.state is not HoldState.OPEN:
        return Refusal("hold", "hold_ended")
    if hold.until <= book.booked_at:
        return Refusal("hold", "too_late")
    for share in hold.shares:
        book.move((Kind.CAPTURE, Bucket.HELD, Bucket.REDEEMED), share.points, _lot(book, share), hold.hold)
    hold.state = HoldState.CAPTURED
    book.keep(hold)
    return None


def release(book: Book, asked: Release) -> Refusal | None:
    """What was held can be spent again; what has expired meanwhile expires now. Asked again it does nothing."""
    hold = book.holds.get((asked.who.shop, asked.hold))
    if hold is None:
        return Refusal("hold", "unknown_hold")
    if hold.state in (HoldState.RELEASED, HoldState.LAPSED):
        return None
    if hold.state is not HoldState.OPEN:
        return Refusal("hold", "hold_ended")
    if asked.lapsed and hold.until > book.booked_at:
        return Refusal("hold", "not_due")
    for share in hold.shares:
        book.move((Kind.RELEASE, Bucket.HELD, Bucket.ACTIVE), share.points, _lot(book, share), hold.hold)
    hold.state = HoldState.LAPSED if asked.lapsed else HoldState.RELEASED
    book.keep(hold)
    _settle_all(book, hold)
    return None


def give_back(book: Book, asked: GiveBack) -> Refusal | int:
    """Bring what was given back of a spend to a total. How many points could not be taken again."""
    hold = book.holds.get((asked.who.shop, asked.hold))
    if hold is None:
        return Refusal("hold", "unknown_hold")
    if hold.state is not HoldState.CAPTURED:
        return Refusal("hold", "not_spent")
    if not 0 <= asked.total <= hold.points:
        return Refusal("total", "out_of_range")
    spent = sum(share.points - share.restored for share in hold.shares)
    more = asked.total - (hold.points - spent)
    if more == 0:
        return 0
    if more > 0:
        _restore(book, hold, more)
        _settle_all(book, hold)
        book.keep(hold)
        return 0
    whos = tuple(dict.fromkeys((asked.who, *asked.also)))
    again = min(-more, available(book, whos, asked.day))
    if again:
        _draw(book, hold, whos, again, _SPEND)
        book.keep(hold)
    return -more - again


def adjust(book: Book, asked: Adjust) -> Refusal | None:
    """A correction. Upwards is a lot of its own, downwards takes points as a spend would. Once for each name."""
    number = lot_id(asked.key())
    lot = book.accounts[asked.who].lots.get(number)
    hold = book.holds.get((asked.who.shop, asked.hold))
    if lot is not None or hold is not None:
        stood = lot.earned if lot is not None else -hold.points if hold is not None else 0
        return None if stood == asked.points else Refusal("adjustment", "other_content")
    if not 1 <= abs(asked.points) <= POINTS_MAX:
        return Refusal("points", "out_of_range")
    if asked.points > 0:
        if asked.expires_day <= asked.day:
            return Refusal("expires_day", "out_of_range")
        lot = Lot(asked.who, number, asked.key(), asked.cause.at, 0, asked.expires_day)
        lot.noticed = passed(book.terms(asked.who).notices, lot.expires_day, asked.day)
        book.add(lot)
        book.move((Kind.ADJUST, Bucket.ADJUSTED, Bucket.ACTIVE), asked.points, lot)
        book.settle_up(asked.who)
        return None
    if available(book, (asked.who,), asked.day) < -asked.points:
        return Refusal("points", "insufficient")
    hold = Hold(asked.who, asked.hold, -asked.points, HoldState.ADJUSTED, 0)
    _draw(book, hold, (asked.who,), -asked.points, _TAKE_OFF)
    book.keep(hold)
    return None


def _draw(book: Book, hold: Hold, whos: Sequence[Who], points: int, route: Route) -> None:
    """Take points of lots in their turn, and remember which."""
    shares = {(share.who, share.lot): share for share in hold.shares}
    for lot in in_turn(_lots([book.accounts[who] for who in whos]), book.day):
        part = min(points, lot.remaining)
        if not part:
            break
        book.move(route, part, lot, hold.hold)
        share = shares.get((lot.who, lot.lot))
        if share is None:
            hold.shares.append(Share(lot.who, lot.lot, part))
        else:
            share.points += part
        points -= part
    if points:
        raise AssertionError("points are missing that were said to be available")


def _restore(book: Book, hold: Hold, points: int) -> None:
    """Back into the lots, what was taken last first: the points that are good for longest."""
    for share in reversed(hold.shares):
        back = min(points, share.points - share.restored)
        if not back:
            continue
        lot = _lot(book, share)
        terms = book.terms(lot.who)
        if lot.expires_day <= book.day and terms.restored_days:
            lot.expires_day = min(NEVER - 1, book.day + terms.restored_days)
            lot.noticed = passed(terms.notices, lot.expires_day, book.day)
        book.move((Kind.RESTORE, Bucket.REDEEMED, Bucket.ACTIVE), back, lot, hold.hold)
        share.restored += back
        points -= back


def _settle_all(book: Book, hold: Hold) -> None:
    for who in sorted({share.who for share in hold.shares}):
        book.settle_up(who)


def _lot(book: Book, share: Share) -> Lot:
    return book.accounts[share.who].lots[share.lot]


def _lots(accounts: Sequence[Account]) -> list[Lot]:
    return [lot for account in accounts for lot in account.lots.values()]
