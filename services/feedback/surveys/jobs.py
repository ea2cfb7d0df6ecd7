"""Timers: whose turn it is to be asked, and customers of old for whom a survey at intervals begins."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.feedback import clocks, customers, policy
from services.feedback.customers import Standing, standing_of
from services.feedback.surveys import wishing
from services.feedback.surveys.domain.asking import Decision, Wish, decide
from services.feedback.surveys.domain.body import Version
from services.feedback.surveys.domain.invitations import Invitation
from services.feedback.surveys.domain.occasions import next_interval
from services.feedback.surveys.events import key_of, requested
from services.feedback.surveys.links import Links
from services.feedback.surveys.store import invitations, versions
from services.feedback.surveys.store.invitations import Ask
from services.feedback.surveys.wishing import ASK_TIMER, ROUND_TIMER
from shared import pointers
from shared.contracts import topics
from shared.contracts.envelope import Origin
from shared.contracts.shops import Shop
from shared.kernel import ShopId, parse_customer_id
from shared.messaging.handling import Timer, TimerHandler, Work

EXPIRY_TIMER = "survey_expiry"
"""Its identity is an invitation, whose link expires. What becomes of it is for answers to say."""
_WITHOUT_ADDRESS = timedelta(hours=6)
_ROUND = 500
_SHOPS = "SELECT number, slug FROM shop WHERE number = ANY($1::int[]) ORDER BY number"
_INTERVAL = "interval:"
Place = tuple[int, int]


class Turn(NamedTuple):
    """A person whose turn it may be."""

    shop: Shop
    identities: tuple[int, ...]
    now: datetime
    how: Standing

    @property
    def lost(self) -> bool:
        """Whether they are lost."""
        return self.how.stage == "lost"


class AskJobs:
    """The timers' handlers."""

    def __init__(self, links: Callable[[], Links]) -> None:
        """`links`: asked for at the first timer."""
        self._links = links

    def handlers(self) -> dict[str, TimerHandler]:
        """By kind of timer."""
        return {ASK_TIMER: self.ask, ROUND_TIMER: self.go_round}

    async def ask(self, work: Work, timers: Sequence[Timer]) -> None:
        """Ask whoever's turn it is, and set when to look again."""
        shops = await shops_of(work, timers)
        if not self._links().base:
            for timer in timers:
                again = clocks.time_of(shops[int(timer.shop)], work.tx.now, timer) + _WITHOUT_ADDRESS
                work.tx.set_timer(Timer(timer.shop, timer.kind, timer.identity, again, timer.partition))
            return
        turns = await self._turns(work, shops, timers)
        own = {(turn.shop.number, one) for turn in turns for one in turn.identities}
        waiting: dict[Place, list[Invitation]] = defaultdict(list)
        for one in await invitations.waiting(work.tx.conn, own):
            waiting[one.shop, one.customer].append(one)
        asked = await invitations.last_asked(work.tx.conn, own)
        last = await versions.last_versions(work.tx.conn, shops)
        rules = await policy.policies(work.tx.conn, shops)
        asks: list[tuple[Turn, Ask, Version]] = []
        for turn in turns:
            number = turn.shop.number
            wishes = [one for identity in turn.identities for one in waiting[number, identity]]
            decision = self._decide(turn, wishes, asked, last[number], rules[number].rest)
            await self._settle(work, turn, wishes, decision, last[number])
            chosen = next((one for one in wishes if decision.ask is not None and one.id == decision.ask.id), None)
            if chosen is not None:
                version = last[number][chosen.survey]
                asks.append((turn, await self._made(work, turn, chosen, version), version))
        await self._send(work, asks)

    async def go_round(self, work: Work, timers: Sequence[Timer]) -> None:
        """Some more customers of old wait for a survey at intervals."""
        shops = await shops_of(work, timers)
        last = await versions.last_versions(work.tx.conn, shops)
        for timer in timers:
            shop = shops[int(timer.shop)]
            after = await versions.round_at(work.tx.conn, shop.number, timer.identity)
            version = last[shop.number].get(timer.identity)
            if after is None or version is None:
                continue
            some = await customers.some_after(work.tx.conn, shop.number, after, _ROUND)
            if not some:
                continue
            await customers.lock(work.tx.conn, {(shop.number, one.customer) for one in some})
            first = {one.customer: (one.first_order_at, one.place) for one in some if one.first_order_at is not None}
            await wishing.begin_intervals(work.tx, shop, {version.survey: version.body}, first)
            await versions.step_round(work.tx.conn, shop.number, timer.identity, some[-1].customer)
            work.tx.set_timer(timer)  # due as before: at once

    async def _turns(self, work: Work, shops: Mapping[int, Shop], timers: Sequence[Timer]) -> list[Turn]:
        """The persons of these timers, all their identities locked while no pointer moves."""
        conn = work.tx.conn
        await customers.hold_pointers(conn, shops)
        now: dict[Place, datetime] = {}
        for timer in timers:
            key = int(timer.shop), int(parse_customer_id(timer.identity))
            at = clocks.time_of(shops[key[0]], work.tx.now, timer)
            now[key] = max(at, now.get(key, at))
        whose = await pointers.identities_of_all(conn, now.keys())
        everybody = {(shop, one) for (shop, _), (_, own) in whose.items() for one in own}
        await customers.lock(conn, everybody)
        known = await customers.customers_of(conn, everybody)
        found: dict[Place, Turn] = {}
        for (shop, asked_of), (canonical, own) in sorted(whose.items()):
            how = standing_of(canonical, [known[shop, one] for one in own])
            before = found.get((shop, canonical))
            at = now[shop, asked_of] if before is None else max(before.now, now[shop, asked_of])
            found[shop, canonical] = Turn(shops[shop], own, at, how)
        return list(found.values())

    @staticmethod
    def _decide(
        turn: Turn,
        wishes: Sequence[Invitation],
        asked: Mapping[Place, Mapping[str, datetime]],
        last: Mapping[str, Version],
        rest: timedelta,
    ) -> Decision:
        before: dict[str, datetime] = {}
        for one in turn.identities:
            for survey, at in asked.get((turn.shop.number, one), {}).items():
                before[survey] = max(at, before.get(survey, at))
        again = {
            name: version.body.again for name, version in last.items() if version.body.active and not turn.how.erased
        }
        standing = [
            Wish(one.id, one.survey if _is_asked(one, last, lost=turn.lost) else "", one.due, one.until)
            for one in wishes
        ]
        return decide(standing, before, again, rest, turn.now)

    @staticmethod
    async def _settle(
        work: Work, turn: Turn, wishes: Sequence[Invitation], decision: Decision, last: Mapping[str, Version]
    ) -> None:
        """Give up what lapsed, begin the next interval after what was asked, and look again when that is due."""
        shop, gone = turn.shop, {one.id for one in decision.lapsed}
        await invitations.lapse(work.tx.conn, {(shop.number, one) for one in gone}, turn.now)
        follows = []
        for one in wishes:
            done = (decision.ask is not None and one.id == decision.ask.id) or one.id in gone
            if done and _is_asked(one, last, lost=turn.lost) and one.occasion.startswith(_INTERVAL):
                number = int(one.occasion.removeprefix(_INTERVAL)) + 1
                body = last[one.survey].body
                wanted = next_interval(shop.slug, one.survey, body, one.customer, since=turn.now, number=number)
                follows.append(invitations.New(shop.number, wanted, one.place))
                work.tx.set_timer(wishing.look_at(shop, one.customer, wanted.wish.due, one.place))
        await invitations.add(work.tx.conn, follows)
        left = [one for one in wishes if one.id not in gone and (decision.ask is None or one.id != decision.ask.id)]
        for one in left:
            if decision.look is not None:
                work.tx.set_timer(wishing.look_at(shop, one.customer, decision.look, one.place))

    async def _made(self, work: Work, turn: Turn, one: Invitation, version: Version) -> Ask:
        token = self._links().token(turn.shop.slug, one.id)
        history = await clocks.origin_of(work.tx.conn, turn.shop) == "backfill"
        ends = turn.now + timedelta(days=version.body.answer_days)
        return Ask(one, turn.now, version.number, ends, token, history)

    async def _send(self, work: Work, asks: Sequence[tuple[Turn, Ask, Version]]) -> None:
        await invitations.ask(work.tx.conn, [ask for _, ask, _ in asks])
        keys = [key_of(turn.shop, ask.invitation.customer) for turn, ask, _ in asks]
        await work.tx.lock_keys(Counter(keys))
        for key, (turn, ask, version) in zip(keys, asks, strict=True):
            one, shop = ask.invitation, turn.shop
            values = self._links().values(shop.slug, ask.token, version.body, (turn.how.locale, *shop.languages))
            origin: Origin = "backfill" if ask.history else "live"
            event = requested(one, version, values, slug=shop.slug, now=turn.now, origin=origin)
            work.tx.publish(topics.CAMPAIGNS_REQUESTS, key, event)
            work.tx.set_timer(Timer(ShopId(shop.number), EXPIRY_TIMER, one.id, ask.expires_at, one.place))


def _is_asked(one: Invitation, last: Mapping[str, Version], *, lost: bool) -> bool:
    """Whether anybody still asks so. Who is lost is asked no more at intervals."""
    if not one.occasion.startswith(_INTERVAL):
        return one.survey in last
    version = last.get(one.survey)
    return version is not None and version.body.trigger.on == "interval" and not lost


async def shops_of(work: Work, timers: Sequence[Timer]) -> dict[int, Shop]:
    """The shops of timers, by number."""
    rows = await work.tx.conn.fetch(_SHOPS, sorted({int(timer.shop) for timer in timers}))
    return {number: work.shop(slug) for number, slug in rows}
