"""Sending: some messages at a time are claimed, handed over outside of any transaction, and ended.

1 claim: lock what is due; hold the runs it belongs to, those persons and their consents; judge; CLAIMED,
  SUPPRESSED, or put off; commit
2 write each with its template, and hand it to its channel's adaptor
3 end: SENT, FAILED, UNKNOWN, or PLANNED again, where the message is still ours; tell; commit

Killed between 1 and 3 a message stays CLAIMED. After `HELD` it is UNKNOWN: nobody can say whether it was sent. Where
the other side takes a repeat once, it is PLANNED again instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Any, TypeAlias

import asyncpg
import structlog

from services.campaigns import addresses, audience, consent, devices, hooks, reports, templates
from services.campaigns.audience import Person
from services.campaigns.devices import Browser
from services.campaigns.hooks import Hook
from services.campaigns.messages import store
from services.campaigns.messages.desk import Desk
from services.campaigns.messages.domain import (
    CHANNELS,
    Answer,
    Claimed,
    Contact,
    Outcome,
    Standing,
    State,
    Verdict,
    consented_channel,
    contact_of,
    judge,
    lost,
    outcome,
)
from services.campaigns.messages.events import deferred, ended, key_of, suppressed
from services.campaigns.messages.outside import Lane, Means, configured
from services.campaigns.messages.paced import Paces
from services.campaigns.messages.portion import Portion
from services.campaigns.messages.refusals import bounced
from services.campaigns.messages.store import Due
from services.campaigns.messages.writing import parcel_of, tested
from services.campaigns.settings import CampaignsSettings
from shared import pointers
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.db import AWAY, OpenTransaction, create_pool, write_transaction
from shared.kernel import Clock, SystemClock
from shared.messaging import crash
from shared.messaging.handling import OutboxKey
from shared.outgoing.client import Outgoing
from shared.receivers.calling import ANSWER_BYTES_MAX, SECONDS_MAX

log = structlog.get_logger(__name__)

HELD = timedelta(minutes=15)
"""More than a claim can take: what is handed over in time, and the last letter of each connection at its limits."""
_HANDING_SECONDS = 300.0
"""What nobody has begun to hand over by then is planned again: the servers outside have become slow."""
RunKey = tuple[int, str]
RunsStanding: TypeAlias = (
    "Callable[[asyncpg.Connection[Any], Collection[RunKey]], Awaitable[Mapping[RunKey, Standing]]]"
)
_LINK_DAYS = timedelta(days=180)
_LOOK_SECONDS = 0.5
_TOKEN_BYTES = 24


class Sender:
    """One for each process; several may stand side by side."""

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        settings: CampaignsSettings,
        clock: Clock | None = None,
        token: Callable[[], str] = lambda: secrets.token_urlsafe(_TOKEN_BYTES),
        standing: RunsStanding | None = None,
    ) -> None:
        """`standing`: how runs stand, by (shop, run), held until the claim commits. None: all of them go on."""
        self._pool, self._settings, self._token, self._standing = pool, settings, token, standing
        self._clock = clock or SystemClock()
        self._shops: dict[int, Shop] = {}
        self._dormant = set(CHANNELS) - configured(settings)
        self._marker = addresses.Marker(settings.secret_key.get_secret_value())
        self._limits = addresses.Limits(settings.bounce_times, timedelta(days=settings.bounce_days))
        self._outgoing: Outgoing | None = None
        self._lanes: list[Lane] = []
        self._complained: set[tuple[int, str, int]] = set()
        self._portion = Portion(most=settings.send_batch, least=settings.send_connections)

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.rest()
        outgoing, self._outgoing = self._outgoing, None
        if outgoing is not None:
            await outgoing.__aexit__(kind, error, trace)

    async def step(self) -> int:
        """Claim some messages and send them; how many were claimed or suppressed."""
        limit, began = self._portion.limit, monotonic()
        claimed, seen = await self.claim()
        if claimed:
            await self.end(await self.hand_over(claimed))
            self._portion.took(monotonic() - began, full=seen == limit)
        if not seen:
            await self.rest()
        return seen

    async def rest(self) -> None:
        """Close what was kept open from one batch to the next: nobody knows when the next comes."""
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            await lane.close()

    async def claim(self) -> tuple[list[tuple[Claimed, str]], int]:
        """(messages that are ours to send, each with the token of its link; how many were looked at)."""
        async with write_transaction(self._pool, self._clock) as tx:
            found, now = await store.due(tx.conn, self._portion.limit, self._dormant)
            if now is None:
                return [], 0
            claimed, refused = await self._judged(tx, found, now)
            keys = {one.plan.id: self._key(one) for one, _ in refused if not one.test}
            await tx.lock_keys(Counter(keys.values()))
            await store.claim(tx.conn, claimed)
            await self._refuse(tx, refused, keys, now)
            tokens = [(one, self._token()) for one in claimed]
            await consent.add_links(tx.conn, [_link(one, token, now) for one, token in tokens if _links(one)])
            await consent.purge_links(tx.conn)
            crash.at("send_before_claim")
        crash.at("send_after_claim")
        return tokens, len(found)

    async def hand_over(self, claimed: Sequence[tuple[Claimed, str]]) -> list[tuple[Claimed, Answer]]:
        """Write and send, over a few connections side by side. Each takes the next, so a slow one holds up no other."""
        means = Means(self._settings, await self._client(), lambda: Desk(self._pool, self._clock))
        lanes = min(self._settings.send_connections, len(claimed))
        self._lanes += [Lane(means) for _ in range(lanes - len(self._lanes))]
        left, until = iter(claimed), monotonic() + _HANDING_SECONDS
        parts = await asyncio.gather(*(self._lane(lane, left, until) for lane in self._lanes[:lanes]))
        return [one for part in parts for one in part]

    async def end(self, answers: Sequence[tuple[Claimed, Answer]]) -> None:
        """Write what came of it, and tell."""
        async with write_transaction(self._pool, self._clock) as tx:
            outcomes = {
                (one.plan.shop, one.plan.id, one.attempt): outcome(answer, one.attempt, tx.now, one.plan.id)
                for one, answer in answers
            }
            keys = {one.plan.id: self._key(Due(one.plan, one.attempt)) for one, _ in answers if one.trial is None}
            await tx.lock_keys(Counter(keys.values()))
            ours = await store.end(tx.conn, outcomes)
            await devices.gone(tx.conn, {(one.plan.shop, gone) for one, answer in answers for gone in answer.gone})
            await hooks.gone(
                tx.conn,
                {
                    (one.plan.shop, one.to.url)
                    for one, answer in answers
                    if isinstance(one.to, Hook) and _is_gone(answer)
                },
            )
            await reports.add(tx.conn, bounced(answers, outcomes, ours, tx.now))
            for one, _ in answers:
                done = outcomes[one.plan.shop, one.plan.id, one.attempt]
                is_told = one.trial is None and done.state is not State.PLANNED
                if (one.plan.shop, one.plan.id) in ours and is_told:
                    self._tell(tx, one, done, keys[one.plan.id])
            crash.at("send_before_end")
        crash.at("send_after_end")

    async def give_up(self) -> int:
        """What was claimed by who is no more is UNKNOWN; how many there were."""
        async with write_transaction(self._pool, self._clock) as tx:
            found, now = await store.lost(tx.conn, HELD, self._settings.send_batch)
            if now is None:
                return 0
            await self._know(tx, {one.plan.shop for one in found})
            keys = {one.plan.id: self._key(Due(one.plan, one.attempt)) for one in found if not one.test}
            await tx.lock_keys(Counter(keys.values()))
            ends = {one.plan.id: outcome(lost(one.plan.channel, one.plan.id), one.attempt, now) for one in found}
            await store.end(tx.conn, {(one.plan.shop, one.plan.id, one.attempt): ends[one.plan.id] for one in found})
            for one in found:
                done = ends[one.plan.id]
                if done.state is State.PLANNED or one.test:
                    continue
                key, slug = keys[one.plan.id], self._shops[one.plan.shop].slug
                about: dict[str, Any] = {"reason": done.reason, "version": one.version, "locale": one.locale}
                event = ended(one.plan, slug, State.UNKNOWN, now, tx.sequence(key), **about)
                tx.publish(topics.CAMPAIGNS_MESSAGES, key, event)
        return len(found)

    async def _judged(
        self, tx: OpenTransaction, found: Sequence[Due], now: datetime
    ) -> tuple[list[Claimed], list[tuple[Due, Verdict]]]:
        """Runs, persons, consents are held before they are read: a withdrawal has committed before, or waits for us."""
        await self._know(tx, {one.plan.shop for one in found})
        found, refused = await self._of_runs_that_stand(tx, found, now)
        asked = {(one.plan.shop, one.plan.customer) for one in found}
        whose = await pointers.identities_of_all(tx.conn, asked)
        paces = await Paces.read(tx.conn, self._shops, whose)
        everybody = {(shop, one) for (shop, _), (_, all_) in whose.items() for one in all_}
        await consent.lock(tx.conn, everybody, shared=True)
        said = defaultdict[tuple[int, int], list[consent.Word]](list)
        for word in await consent.words_of(tx.conn, everybody):
            said[word.shop, word.customer].append(word)
        persons = await audience.persons_of(tx.conn, asked)
        browsers = (
            await devices.browsers_of(tx.conn, everybody) if "push" in {one.plan.channel for one in found} else {}
        )
        told = await hooks.hooks_of(tx.conn, {one.plan.shop for one in found if one.plan.channel == "webhook"})
        versions = await templates.last_versions(tx.conn, {(one.plan.shop, one.plan.template) for one in found})
        places = {
            one.plan.id: self._place(one, persons[one.plan.shop, one.plan.customer], browsers, told) for one in found
        }
        faults = await addresses.faults_of(tx.conn, {at for _, at in places.values() if at}, self._limits)
        claimed: list[Claimed] = []
        for one in found:
            plan = one.plan
            person, version = persons[plan.shop, plan.customer], versions.get((plan.shop, plan.template))
            own = [word for identity in person.identities for word in said[plan.shop, identity]]
            languages = self._shops[plan.shop].languages
            hook = told.get(plan.shop)
            if one.test:
                trial = tested(one, person, version, hook, languages)
                claimed += [trial] if trial else []
                refused += [] if trial else [(one, Verdict("no_template"))]
                continue
            to, at = places[plan.id]
            pace, bounces = paces.of(plan, person, now), at in faults
            verdict = judge(
                plan, person, own, version, contact=to, languages=languages, now=now, pace=pace, bounces=bounces
            )
            if verdict.suppressed is None and version is not None:
                went_to = None if at is None else at[1]
                claimed.append(Claimed(plan, one.attempt + 1, person, version, verdict.locale, to, went_to=went_to))
                paces.count(plan, person, now)
            else:
                refused.append((one, verdict))
        return claimed, refused

    def _place(
        self,
        one: Due,
        person: Person,
        browsers: Mapping[tuple[int, int], Sequence[Browser]],
        told: Mapping[int, Hook],
    ) -> tuple[Contact, addresses.Address | None]:
        """Where a message goes; and its address by mark, where such addresses bounce."""
        shop, channel = one.plan.shop, one.plan.channel
        to = contact_of(channel, person, browsers, told.get(shop))
        mark = None if one.test else self._marker.mark(channel, to)
        return to, None if mark is None else (shop, mark)

    async def _refuse(
        self, tx: OpenTransaction, refused: Sequence[tuple[Due, Verdict]], keys: Mapping[str, OutboxKey], now: datetime
    ) -> None:
        """Write what is not sent, or not now, and tell it of those that have a key: nothing is told of tests."""
        ends: dict[store.Key, str] = {}
        waits: dict[store.Key, tuple[datetime, str]] = {}
        for one, verdict in refused:
            plan, why, slug = one.plan, verdict.suppressed, self._shops[one.plan.shop].slug
            assert why is not None, "refused"
            if verdict.until is not None:
                waits[plan.shop, plan.id] = verdict.until, why
            else:
                ends[plan.shop, plan.id] = verdict.detail or why
            if (key := keys.get(plan.id)) is None:
                continue
            number = tx.sequence(key)
            if verdict.until is not None:
                event = deferred(plan, slug, (why, verdict.until), now, number)
            else:
                assert why != "weekend", "what expires before a weekend ends is quiet"
                event = suppressed(plan, slug, why, now, number, detail=verdict.detail)
            tx.publish(topics.CAMPAIGNS_MESSAGES, key, event)
        await store.suppress(tx.conn, ends)
        await store.put_off(tx.conn, waits)

    async def _of_runs_that_stand(
        self, tx: OpenTransaction, found: Sequence[Due], now: datetime
    ) -> tuple[list[Due], list[tuple[Due, Verdict]]]:
        """Messages to be judged, and those whose run has ended, with why. What rests with its journey is put off."""
        runs = {(one.plan.shop, one.plan.run) for one in found if one.plan.run is not None}
        standing = await self._standing(tx.conn, runs) if self._standing is not None and runs else {}
        judged, ended, resting = [], [], set()
        for one in found:
            how = standing.get((one.plan.shop, one.plan.run or ""), "stands")
            if how in ("goal", "exit"):
                ended.append((one, Verdict(how)))
            elif how == "paused" and one.plan.expires_at > now:
                resting.add((one.plan.shop, one.plan.id))
            else:
                judged.append(one)
        await store.hold(tx.conn, resting)
        return judged, ended

    async def _lane(
        self, lane: Lane, left: Iterator[tuple[Claimed, str]], until: float
    ) -> list[tuple[Claimed, Answer]]:
        late = Answer(State.PLANNED, "late")
        return [(one, await self._send(lane, one, token) if monotonic() < until else late) for one, token in left]

    async def _send(self, lane: Lane, one: Claimed, token: str) -> Answer:
        shop = self._shops[one.plan.shop]
        try:
            parcel = parcel_of(one, shop, token, self._settings, self._clock.now())
        except templates.Trouble as trouble:
            self._complain(one, shop.slug, str(trouble))
            return Answer(State.FAILED, "template")
        crash.at("send_before_call")
        answer = await lane.send(parcel)
        crash.at("send_after_call")
        return answer

    def _complain(self, one: Claimed, slug: str, why: str) -> None:
        """Once for each version of a template: a campaign whose template is broken fails for everybody."""
        about = (one.plan.shop, one.plan.template, one.version.number)
        if about not in self._complained:
            self._complained.add(about)
            log.warning("a message cannot be written", template=one.plan.template, shop=slug, why=why)

    async def _client(self) -> Outgoing:
        if self._outgoing is None:
            self._outgoing = Outgoing(
                loopback=self._settings.send_loopback, seconds_max=SECONDS_MAX, bytes_max=ANSWER_BYTES_MAX
            )
        return self._outgoing

    async def _know(self, tx: OpenTransaction, numbers: set[int]) -> None:
        self._shops |= await store.shops(tx.conn, numbers)

    def _key(self, one: Due) -> OutboxKey:
        return key_of(one.plan, self._shops[one.plan.shop].slug)

    def _tell(self, tx: OpenTransaction, one: Claimed, done: Outcome, key: OutboxKey) -> None:
        slug = self._shops[one.plan.shop].slug
        about: dict[str, Any] = {"reason": done.reason, "version": one.version.number, "locale": one.locale}
        event = ended(one.plan, slug, done.state, tx.now, tx.sequence(key), **about, segments=done.segments)
        tx.publish(topics.CAMPAIGNS_MESSAGES, key, event)


async def keep_sending(settings: CampaignsSettings, stop: asyncio.Event, standing: RunsStanding | None = None) -> None:
    """What a worker does beside its topics until `stop` is set. A database that is away is waited for."""
    url = settings.database_url.get_secret_value()
    while not stop.is_set():
        try:
            pool = await create_pool(url, "campaigns", application="campaigns-send", max_size=2)
            async with pool, Sender(pool, settings, standing=standing) as sender:
                while not stop.is_set():
                    if not await sender.step() and not await sender.give_up():
                        await _wait(stop, _LOOK_SECONDS)
        except AWAY as error:
            log.warning("sending waits for the database", error=type(error).__name__)
            await _wait(stop, _LOOK_SECONDS)


def _link(one: Claimed, token: str, now: datetime) -> consent.NewLink:
    plan = one.plan
    return consent.NewLink(plan.shop, token, plan.customer, plan.channel, plan.id, one.locale, now + _LINK_DAYS)


def _links(one: Claimed) -> bool:
    """Whether the message reaches the customer, who may then say that they want no more."""
    return one.trial is None and one.plan.channel == consented_channel(one.plan.channel, one.version)


def _is_gone(answer: Answer) -> bool:
    return (answer.state, answer.reason) == (State.FAILED, "410")


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
