"""Answers taken: from a page by its link, and handed in. In one transaction, under the customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from services.feedback import clocks, customers, surveys
from services.feedback.answers import store
from services.feedback.answers.concluding import Concluded, conclude
from services.feedback.answers.domain import Answer, Given, Why, missing, score_of
from services.feedback.surveys import Invitation, State, Version, key_of, told
from shared.contracts import topics
from shared.contracts.feedback import SurveyDismissed, SurveyOpened
from shared.contracts.shops import Shop
from shared.db import OpenTransaction, Reads
from shared.kernel import derive_event_id


class Found(NamedTuple):
    """An invitation by its link."""

    invitation: Invitation
    token: str
    version: Version
    kept: Given
    """What was answered so far."""
    locale: str | None
    now: datetime
    """The shop's time."""

    @property
    def is_open(self) -> bool:
        """Whether it takes an answer."""
        return self.invitation.is_open(self.now)


async def look(reads: Reads, shop: Shop, token: str, now: datetime) -> Found | None:
    """What a link leads to; None: nowhere."""
    invitation = await surveys.find_by_token(reads, shop.number, token)
    if invitation is None:
        return None
    listed = await surveys.find_version(reads, shop.number, invitation.survey, invitation.version)
    assert listed is not None, "it was asked"
    begun = await store.find(reads, shop.number, invitation.id)
    how = await customers.standing(reads, shop.number, invitation.customer)
    kept = Given() if begun is None else begun.given
    return Found(invitation, token, listed.as_version(), kept, how.locale, await clocks.time_now(reads, shop, now))


async def hold(tx: OpenTransaction, shop: Shop, token: str) -> Found | None:
    """The same, while nobody else writes anything of the customer."""
    found = await surveys.find_by_token(tx.conn, shop.number, token)
    if found is None:
        return None
    await customers.lock(tx.conn, {(shop.number, found.customer)})
    return await look(tx.conn, shop, token, tx.now)


async def opened(tx: OpenTransaction, shop: Shop, found: Found) -> None:
    """The page was fetched: observed once, and nothing else comes of it. The customer must be locked."""
    one = found.invitation
    if await surveys.note_opened(tx.conn, shop.number, one.id, found.now):
        await _tell(tx, shop, found, SurveyOpened)


async def dismiss(tx: OpenTransaction, shop: Shop, found: Found) -> None:
    """No answer is wanted. What was begun is dropped."""
    await store.drop(tx.conn, shop.number, found.invitation.id)
    await surveys.end(tx.conn, shop.number, found.invitation.id, State.DISMISSED, found.now)
    await _tell(tx, shop, found, SurveyDismissed)


async def take(tx: OpenTransaction, shop: Shop, found: Found, given: Given, *, send: bool) -> dict[str, Why]:
    """Keep what was answered; with `send` it counts, unless something is missing: that is given back."""
    one, version = found.invitation, found.version
    lacking: dict[str, Why] = dict.fromkeys(missing(version.body, given), "missing")
    counts = send and not lacking
    about = {"id": one.id, "customer": one.customer, "invitation": one.id, "by": "page"}
    answer = await _answer(tx, shop, version, given, now=found.now, counts=counts, complete=not lacking, **about)
    await store.keep(tx.conn, answer)
    if counts:
        await surveys.end(tx.conn, shop.number, one.id, State.ANSWERED, found.now)
        await conclude(tx, [Concluded(shop, answer, version, one.occasion, found.now)])
    return lacking if send else {}


async def hand_in(
    tx: OpenTransaction, shop: Shop, version: Version, customer: int, given: Given, *, ref: str
) -> tuple[Answer, bool]:
    """An answer that came another way, and whether it is new. `ref`: the shop's own id of it, which makes it one."""
    await customers.lock(tx.conn, {(shop.number, customer)})
    cause = "\x1f".join((version.survey, surveys.name_of(customer), ref))
    ident = derive_event_id(0, shop.slug, cause, "answer")
    now = await clocks.time_now(tx.conn, shop, tx.now)
    about = {"id": ident, "customer": customer, "invitation": None, "by": "api"}
    answer = await _answer(tx, shop, version, given, now=now, counts=True, complete=True, **about)
    if not await store.keep(tx.conn, answer):
        known = await store.find(tx.conn, shop.number, ident)
        assert known is not None, "it is kept"
        return known, False
    await conclude(tx, [Concluded(shop, answer, version, f"api:{ref}", now)])
    return answer, True


async def _answer(
    tx: OpenTransaction,
    shop: Shop,
    version: Version,
    given: Given,
    *,
    now: datetime,
    counts: bool,
    complete: bool,
    **about: Any,
) -> Answer:
    how = await customers.standing(tx.conn, shop.number, about["customer"])
    return Answer(
        shop=shop.number,
        survey=version.survey,
        version=version.number,
        kind=version.body.kind,
        at=now,
        score=score_of(version.body, given),
        counts=counts,
        complete=complete,
        stage=how.stage or "",
        tier=how.tier or "",
        given=given,
        **about,
    )


async def _tell(
    tx: OpenTransaction, shop: Shop, found: Found, form: type[SurveyOpened] | type[SurveyDismissed]
) -> None:
    key = key_of(shop, found.invitation.customer)
    await tx.lock_keys({key: 1})
    about: dict[str, Any] = {"slug": shop.slug, "now": found.now, "sequence": tx.sequence(key)}
    tx.publish(topics.FEEDBACK_SURVEYS, key, told(form, found.invitation, found.version, **about))
