"""Members over HTTP: who they are; joining, leaving, blocking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.loyalty import persons
from services.loyalty.members import store
from services.loyalty.members.domain import Change, Member, Refused, State, Wish, changed
from services.loyalty.members.events import HOWS, JOIN_TIMER, STATES, Effect, told
from services.loyalty.programmes import load_in_force
from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.db import OpenTransaction
from shared.kernel import CustomerId, customer_id_text, moment_of
from shared.messaging.handling import OutboxKey, Timer
from shared.orders import microseconds
from shared.web import (
    CUSTOMER_PATTERN,
    Caller,
    Cursor,
    DatabaseDep,
    Limit,
    Once,
    OnceDep,
    Page,
    Problem,
    allow,
    conflict,
    customer_number,
    not_found,
    problem_responses,
    read_cursor,
)

_SAMPLE = "1k5f0q2v9a3bd"
_NAMES: Mapping[str, State] = {name: state for state, name in STATES.items()}
Customer = Annotated[
    str, Path(pattern=CUSTOMER_PATTERN, description="Surrogate id, as events and answers have it.", examples=[_SAMPLE])
]

router = APIRouter(prefix="/v1/members", tags=["members"])


class AbsenceAnswer(BaseModel):
    """A time in which a member earned nothing."""

    since: datetime
    until: datetime | None = Field(description="Null: it lasts.")
    state: str = Field(description="`left` or `blocked`.")
    reason: str
    by: str = Field(description="Who asked for it: `key:<key id>`, `staff:<subject>`.")


class MemberAnswer(BaseModel):
    """A member. Who is one person with others is a member where one of their identities is."""

    customer: str = Field(description="The identity that joined.")
    state: str = Field(description="`active`, `left` or `blocked`.")
    joined_at: datetime = Field(description="Orders from then on earn.")
    how: str = Field(description="`event`, `first_order` or `http`.")
    absences: list[AbsenceAnswer] = Field(description="The last one is what holds, where it has no end.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": _SAMPLE,
                "state": "active",
                "joined_at": "2026-03-20T10:15:00Z",
                "how": "first_order",
                "absences": [],
            }
        }
    )


class ChangeAnswer(MemberAnswer):
    """A member after a change was asked for."""

    changed: bool = Field(description="Whether this request changed anything: one that is repeated does not.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": _SAMPLE,
                "state": "blocked",
                "joined_at": "2026-03-20T10:15:00Z",
                "how": "first_order",
                "absences": [
                    {
                        "since": "2026-03-21T09:30:00Z",
                        "until": None,
                        "state": "blocked",
                        "reason": "Resells codes",
                        "by": "staff:u-17",
                    }
                ],
                "changed": True,
            }
        }
    )


class Reason(BaseModel):
    """Why: kept with the member, and shown to staff. Nothing personal."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"example": {"reason": "As the customer asked"}}
    )

    reason: str = Field("", max_length=500, description="Kept with it.")


class NeededReason(BaseModel):
    """The same, where staff act against a member."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {"reason": "Resells codes"}})

    reason: str = Field(min_length=1, max_length=500, description="Kept with it. Nothing personal.")


Writer = Annotated[Caller, Depends(allow("loyalty:write", personal=True))]


@router.get("", response_model=Page[MemberAnswer], summary="Members of the programme")
async def list_members(
    caller: Annotated[Caller, Depends(allow("customers:list", personal=True))],
    database: DatabaseDep,
    state: Annotated[
        Literal["active", "left", "blocked"] | None, Query(description="Only those in this state.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[MemberAnswer]:
    """Members in the order in which they joined."""
    after = read_cursor(cursor, tuple[int, int])
    wanted = None if state is None else _NAMES[state]
    async with database.read(caller.shop_id) as reads:
        found = await store.listed(reads, caller.shop_id, wanted, after, limit + 1)
    page = Page[Member].of(found, limit, lambda one: (one.joined.at, one.customer))
    return Page[MemberAnswer](items=[MemberAnswer(**_answer(one)) for one in page.items], next=page.next)


@router.get("/{customer}", response_model=MemberAnswer, summary="One member")
async def read_member(
    caller: Annotated[Caller, Depends(allow("customers:read", personal=True))],
    database: DatabaseDep,
    customer: Customer,
) -> MemberAnswer:
    """Since when somebody is a member, and when not. By the identity that joined."""
    async with database.read(caller.shop_id) as reads:
        found = await store.member_of(reads, caller.shop_id, customer_number(customer))
    if found is None:
        raise not_found("customer")
    return MemberAnswer(**_answer(found))


@router.post(
    "/{customer}/join", response_model=ChangeAnswer, responses=problem_responses(409), summary="Join the programme"
)
async def join(caller: Writer, database: DatabaseDep, once: OnceDep, customer: Customer) -> Response:
    """From now on orders earn. Also for who had left; where the programme lets customers join over HTTP."""
    async with database.write(caller.shop_id) as tx:
        if (told_before := await once.before(tx.conn, caller)) is not None:
            return told_before
        version = await load_in_force(tx.conn, caller.shop_id, tx.now)
        if version is None or "http" not in version.programme.joining:
            raise _conflict("not-joinable", "the programme in force lets nobody join over HTTP; change its `joining`")
        return await _change((tx, once), caller, customer, "join", "")


@router.post("/{customer}/leave", response_model=ChangeAnswer, responses=problem_responses(409), summary="Leave it")
async def leave(
    caller: Writer, database: DatabaseDep, once: OnceDep, customer: Customer, body: Reason | None = None
) -> Response:
    """What was earned stays, and nothing more is earned until they join again."""
    async with database.write(caller.shop_id) as tx:
        if (told_before := await once.before(tx.conn, caller)) is not None:
            return told_before
        return await _change((tx, once), caller, customer, "leave", "" if body is None else body.reason)


@router.post("/{customer}/block", response_model=ChangeAnswer, responses=problem_responses(409), summary="Block")
async def block(
    caller: Writer, database: DatabaseDep, once: OnceDep, customer: Customer, body: NeededReason
) -> Response:
    """A blocked member earns nothing, and joins nothing, until unblocked. The reason is kept."""
    async with database.write(caller.shop_id) as tx:
        if (told_before := await once.before(tx.conn, caller)) is not None:
            return told_before
        return await _change((tx, once), caller, customer, "block", body.reason)


@router.post("/{customer}/unblock", response_model=ChangeAnswer, responses=problem_responses(409), summary="Unblock")
async def unblock(
    caller: Writer, database: DatabaseDep, once: OnceDep, customer: Customer, body: Reason | None = None
) -> Response:
    """Orders from now on earn again; those of the time between do not."""
    async with database.write(caller.shop_id) as tx:
        if (told_before := await once.before(tx.conn, caller)) is not None:
            return told_before
        return await _change((tx, once), caller, customer, "unblock", "" if body is None else body.reason)


async def _change(
    writing: tuple[OpenTransaction, Once], caller: Caller, customer: str, change: Change, reason: str
) -> Response:
    tx, once = writing
    shop, number = caller.shop_id, customer_number(customer)
    # Batches that decide by this member share the shop, and see what is written here whole or not at all.
    await persons.hold(tx.conn, [shop])
    found = (await store.members_of(tx.conn, [(shop, number)], lock=True)).get((shop, number))
    if found is None and not await persons.is_known(tx.conn, shop, number):
        raise not_found("customer")
    after = changed(found, number, Wish(change, microseconds(tx.now), reason, caller.actor))
    if isinstance(after, Refused):
        if found is None or after.reason != "already":
            raise not_found("customer") if found is None else _conflict(after.reason.replace("_", "-"), after.detail)
        return await once.keep(tx.conn, caller, _told(found, changed=False))
    key = OutboxKey(shop, message_key(caller.shop.slug, customer))
    await tx.lock_keys(Counter([key]))
    await store.save(tx.conn, shop, after)
    version = await load_in_force(tx.conn, shop, moment_of(after.joined.at))
    effect = Effect(tx.now, 0 if version is None else version.number)
    tx.publish(topics.LOYALTY_MEMBERS, key, told(caller.shop.slug, after, change, effect, tx.sequence(key)))
    if found is None:
        tx.set_timer(Timer(shop, JOIN_TIMER, customer, tx.now, 0))
    return await once.keep(tx.conn, caller, _told(after, changed=True))


def _conflict(code: str, detail: str) -> Problem:
    return conflict(code, "The membership stays as it is", detail)


def _told(member: Member, *, changed: bool) -> Response:
    return Response(ChangeAnswer(**_answer(member), changed=changed).model_dump_json(), media_type="application/json")


def _answer(member: Member) -> dict[str, Any]:
    return {
        "customer": customer_id_text(CustomerId(member.customer)),
        "state": STATES[member.state],
        "joined_at": moment_of(member.joined.at),
        "how": HOWS[member.joined.how],
        "absences": [
            AbsenceAnswer(
                since=moment_of(one.since),
                until=None if one.until is None else moment_of(one.until),
                state=STATES[one.state],
                reason=one.reason,
                by=one.actor,
            )
            for one in member.absences
        ],
    }
