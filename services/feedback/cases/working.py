"""What is done with cases, each in the transaction of whoever does it, under the customer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from services.feedback import clocks, customers, policy, surveys
from services.feedback.cases import store
from services.feedback.cases.domain import Case, Contact, State, case_id, case_of, deadline, late_at, reopened, solved
from services.feedback.cases.events import Form, points, told
from services.feedback.policy import Policy
from services.feedback.surveys import key_of
from shared.contracts import topics
from shared.contracts.feedback import (
    CaseAssigned,
    CaseCause,
    CaseContacted,
    CaseOpened,
    CaseReopened,
    CaseSolved,
)
from shared.contracts.shops import Shop
from shared.db import OpenTransaction
from shared.kernel import ShopId
from shared.messaging.handling import Timer, Transaction

DUE_TIMER = "case_due"
"""Its identity is a case, which may be late."""


class Bad(NamedTuple):
    """An answer that is owed one."""

    shop: Shop
    customer: int
    answer: str
    survey: str
    score: int
    occasion: str
    now: datetime


class Held(NamedTuple):
    """A case that nobody else changes, and the shop's time and policy."""

    shop: Shop
    case: Case
    policy: Policy
    now: datetime


async def open_for_answers(tx: Transaction, bad: Collection[Bad]) -> None:
    """Bad answers open cases; one about a case that was solved opens that one again. The customers must be locked."""
    rules = await policy.policies(tx.conn, {one.shop.number for one in bad}) if bad else {}
    for one in bad:
        rule = rules[one.shop.number]
        about = case_of(one.occasion)
        before = None if about is None else await store.find(tx.conn, one.shop.number, about)
        if before is not None:
            await _reopen(tx, Held(one.shop, before, rule, one.now))
            continue
        case = Case(
            shop=one.shop.number,
            id=case_id(one.shop.slug, "answer", one.answer),
            customer=one.customer,
            cause="answer",
            state=State.OPEN,
            opened_at=one.now,
            due_at=deadline(rule, one.now),
            score=one.score,
            survey=one.survey,
            answer=one.answer,
        )
        if await store.add(tx.conn, case):
            await _tell(tx, CaseOpened, Held(one.shop, case, rule, one.now))


async def open_by_hand(
    tx: OpenTransaction, shop: Shop, customer: int, cause: CaseCause, *, ref: str, about: str
) -> Case:
    """A complaint, or a chat or ticket that was rated badly. `ref`: the shop's own id of it, which makes it one."""
    await customers.lock(tx.conn, {(shop.number, customer)})
    now = await clocks.time_now(tx.conn, shop, tx.now)
    rule = (await policy.policies(tx.conn, [shop.number]))[shop.number]
    ident = case_id(shop.slug, cause, f"{surveys.name_of(customer)}\x1f{ref}")
    case = Case(shop.number, ident, customer, cause, State.OPEN, now, deadline(rule, now), about=about)
    if await store.add(tx.conn, case):
        await _tell(tx, CaseOpened, Held(shop, case, rule, now))
    kept = await store.find(tx.conn, shop.number, ident)
    assert kept is not None, "kept now, or before"
    return kept


async def hold(tx: OpenTransaction, shop: Shop, case: str) -> Held | None:
    """A case, while nobody else writes anything of its customer; None: there is none."""
    found = await store.find(tx.conn, shop.number, case)
    if found is None:
        return None
    await customers.lock(tx.conn, {(shop.number, found.customer)})
    held = await store.find(tx.conn, shop.number, case)
    assert held is not None, "cases stay"
    rule = (await policy.policies(tx.conn, [shop.number]))[shop.number]
    return Held(shop, held, rule, await clocks.time_now(tx.conn, shop, tx.now))


async def assign(tx: OpenTransaction, held: Held, owner: str) -> Case:
    """Somebody works on it from now on."""
    after = held.case._replace(owner=owner)
    if after != held.case:
        await _save(tx, CaseAssigned, held._replace(case=after))
    return after


async def contact(tx: OpenTransaction, held: Held, done: Contact) -> Case:
    """What was done is kept, once for each `ref`; points are asked of loyalty."""
    if not await store.add_contact(tx.conn, done):
        return held.case
    after = held._replace(case=held.case._replace(contacts=held.case.contacts + 1))
    await _save(tx, CaseContacted, after)
    if done.points is not None:
        key = key_of(held.shop, after.case.customer)
        await tx.lock_keys({key: 1})
        event = points(after.case, done, slug=held.shop.slug, now=held.now, sequence=tx.sequence(key))
        tx.publish(topics.LOYALTY_REQUESTS, key, event)
    return after.case


async def solve(tx: OpenTransaction, held: Held, outcome: str) -> Case:
    """It is solved, and the customer is asked, in their turn, whether it is."""
    after = solved(held.case, outcome, held.now)
    if after is None:
        return held.case
    await _save(tx, CaseSolved, held._replace(case=after))
    await surveys.wish(tx, held.shop, "case_solved", (after.customer, after.occasion), held.now)
    return after


async def reopen(tx: OpenTransaction, held: Held) -> Case:
    """It was not solved after all."""
    return await _reopen(tx, held)


async def _reopen(tx: Transaction, held: Held) -> Case:
    after = reopened(held.case, held.policy, held.now)
    if after is None:
        return held.case
    await _save(tx, CaseReopened, held._replace(case=after))
    return after


async def _save(tx: Transaction, form: Form, held: Held) -> None:
    await store.save(tx.conn, held.case)
    await _tell(tx, form, held)


async def _tell(tx: Transaction, form: Form, held: Held) -> None:
    """The change, and a timer for when it is late."""
    key = key_of(held.shop, held.case.customer)
    await tx.lock_keys({key: 1})
    event = told(form, held.case, slug=held.shop.slug, now=held.now, sequence=tx.sequence(key))
    tx.publish(topics.FEEDBACK_CASES, key, event)
    late = late_at(held.case, held.policy)
    if late is not None:
        place = clocks.place_of(held.shop, 0)
        tx.set_timer(Timer(ShopId(held.shop.number), DUE_TIMER, held.case.id, late, place))
