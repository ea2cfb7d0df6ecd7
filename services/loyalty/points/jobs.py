"""Timers of points: holds whose time is over, signed roots. The day's turn of accounts is in the slice `turns`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.loyalty import clocks
from services.loyalty.points.domain import roots
from services.loyalty.points.domain.model import Cause, Who
from services.loyalty.points.domain.operations import Operation, Release
from services.loyalty.points.domain.roots import Root
from services.loyalty.points.domain.terms import Terms
from services.loyalty.points.posting import HOLD_TIMER, ROOT_TIMER, post
from services.loyalty.points.shops import slugs_of
from services.loyalty.points.signing import Signer
from services.loyalty.points.store import holds
from services.loyalty.points.store import roots as store
from shared.contracts.shops import Shop
from shared.kernel import us_of
from shared.messaging.handling import Timer, TimerHandler, Work

TermsOf = Callable[[Work, Sequence[Shop]], Awaitable[Mapping[int, Terms]]]
"""What programmes say of the ledgers of shops, by number."""
HEADS_AT_ONCE = 4_000


class PointsJobs:
    """The timers' handlers."""

    def __init__(self, terms_of: TermsOf, signer: Callable[[], Signer]) -> None:
        self._terms_of = terms_of
        self._signer = signer

    def handlers(self) -> dict[str, TimerHandler]:
        """By kind of timer."""
        return {HOLD_TIMER: self.lapse, ROOT_TIMER: self.sign}

    async def lapse(self, work: Work, timers: Sequence[Timer]) -> None:
        """Holds that nobody captured or released in their time."""
        operations: list[Operation] = []
        for shop, own in await _by_shop(work, timers):
            reached = await clocks.reached(work, shop, [timer.partition for timer in own])
            waiting = await holds.still_open(work.tx.conn, shop.number, [timer.identity for timer in own])
            for timer in own:
                if timer.identity not in waiting:
                    continue
                day, origin = reached[timer.partition]
                cause = Cause(us_of(work.tx.now), origin=origin, reason="lapsed")
                who = Who(shop.number, waiting[timer.identity])
                operations.append(Release(who, timer.identity, cause, day, lapsed=True, partition=timer.partition))
        await self._post(work, timers, operations)

    async def sign(self, work: Work, timers: Sequence[Timer]) -> None:
        """Go on with the root of each shop, some thousand accounts at a time; a next one each hour."""
        for timer in sorted(timers, key=lambda one: one.shop):
            done = await self._go_on(work, int(timer.shop))
            due = roots.next_due(work.tx.now) if done else work.tx.now
            work.tx.set_timer(Timer(timer.shop, ROOT_TIMER, timer.identity, due, timer.partition))

    async def _go_on(self, work: Work, shop: int) -> bool:
        """Whether no root is to be made before the next hour."""
        conn, cut = work.tx.conn, us_of(roots.cut_before(work.tx.now))
        root = await store.newest(conn, shop)
        if root is None or root.signature is not None:
            if root is not None and root.cut >= cut:
                return True
            n, before = (1, b"") if root is None else (root.n + 1, root.digest)
            root = roots.begin(shop, n, cut, before)
        found = await store.heads(conn, root, HEADS_AT_ONCE)
        for customer, last, head in found:
            if last is not None and head is not None:
                root = roots.folded(root, customer, last, head)
            else:
                root = root._replace(reached=customer)
        if len(found) < HEADS_AT_ONCE:
            root = self._signer().signed(root)
        await store.save(conn, root)
        return _is_newest(root, cut)

    async def _post(self, work: Work, timers: Sequence[Timer], operations: Sequence[Operation]) -> None:
        slugs = await slugs_of(work.tx.conn, [timer.shop for timer in timers])
        terms = await self._terms_of(work, [work.shop(slug) for slug in slugs.values()])
        await post(work.tx, terms, operations, shard=work.shard)


def _is_newest(root: Root, cut: int) -> bool:
    return root.signature is not None and root.cut >= cut


async def _by_shop(work: Work, timers: Sequence[Timer]) -> list[tuple[Shop, list[Timer]]]:
    slugs = await slugs_of(work.tx.conn, [timer.shop for timer in timers])
    return [
        (work.shop(slug), [timer for timer in timers if timer.shop == number]) for number, slug in sorted(slugs.items())
    ]
