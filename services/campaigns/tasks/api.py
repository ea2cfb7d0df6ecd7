"""Tasks over HTTP: read, claimed, done, cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns import audience
from services.campaigns.tasks import domain, store
from services.campaigns.tasks.domain import Ruling, State, Task
from services.campaigns.tasks.events import Happening
from services.campaigns.tasks.store import Wanted
from services.campaigns.tasks.telling import tell
from shared.db import OpenTransaction
from shared.kernel import CustomerId, customer_id_text, us_of
from shared.web import (
    CUSTOMER_PATTERN,
    Caller,
    Cursor,
    DatabaseDep,
    Limit,
    Page,
    allow,
    conflict,
    customer_number,
    not_found,
    problem_responses,
    read_cursor,
)

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])

_CUSTOMER = "1k5f0q2v9a3bd"
_ID = "00000000-0000-8c52-9c5e-2f6d1f0a7b18"
_OTHER = "00000000-0000-8c52-9c5e-2f6d1f0a7b1c"
_WORD = "^[a-z0-9][a-z0-9_.-]{0,63}$"
_TEXT_MAX = 2_000
_SHOWN: dict[str, Any] = {
    "task": _ID,
    "customer": _CUSTOMER,
    "test": False,
    "state": "open",
    "title": "Call Sara about her first order",
    "note": "She likes tea.",
    "via": "phone",
    "owner": "staff:u-17",
    "due": "2026-03-22T09:30:00Z",
    "campaign": "onboarding",
    "step": "call",
    "occasion": "order-1042",
    "locale": "en",
    "outcome": "",
    "text": "",
    "opened_at": "2026-03-21T09:30:00Z",
    "changed_at": "2026-03-21T09:31:00Z",
}
Reader = Annotated[Caller, Depends(allow("customers:read", personal=True))]
Writer = Annotated[Caller, Depends(allow("customers:write", personal=True))]
TaskId = Annotated[str, Path(pattern="^[0-9a-z-]{1,64}$", description="The task's id.", examples=[_ID])]

OtherId = Annotated[str, Path(pattern="^[0-9a-z-]{1,64}$", description="The task's id.", examples=[_OTHER])]


class _Form(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class ClaimForm(_Form):
    """That the caller takes the task."""

    take_over: bool = Field(False, description="From whoever has it.")

    model_config = ConfigDict(json_schema_extra={"example": {"take_over": True}})


class OutcomeForm(_Form):
    """What came of it."""

    outcome: str = Field(pattern=_WORD, description="A word for machines.", examples=["reached"])
    text: str = Field("", max_length=_TEXT_MAX, description="For staff; goes with an erasure.")

    model_config = ConfigDict(json_schema_extra={"example": {"outcome": "reached", "text": "She is glad."}})


class TaskAnswer(BaseModel):
    """A task, and how it stands."""

    task: str
    customer: str = Field(description="Empty for a test of a template.")
    test: bool = Field(description="Of a template, for somebody of the staff; no event tells of it.")
    state: Literal["open", "done", "cancelled"]
    title: str
    note: str
    via: Literal["phone", "post"] | None = Field(description="How staff reach the customer, who agreed to that.")
    owner: str = Field(description="`staff:<subject>` or `key:<key id>`; empty: nobody.")
    due: datetime
    campaign: str
    step: str
    occasion: str
    locale: str = Field(description="The customer's language, of those that the template has.")
    outcome: str
    text: str
    opened_at: datetime
    changed_at: datetime

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


@router.get("", response_model=Page[TaskAnswer], summary="Tasks of staff")
async def list_tasks(
    caller: Reader,
    database: DatabaseDep,
    *,
    state: Annotated[Literal["open", "done", "cancelled"], Query(description="Those that are.")] = "open",
    owner: Annotated[str | None, Query(max_length=200, description="Whose; empty: nobody's.")] = None,
    customer: Annotated[
        str | None, Query(pattern=CUSTOMER_PATTERN, description="Of this person, any identity.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TaskAnswer]:
    """Those that are due first come first."""
    after = read_cursor(cursor, tuple[int, str])
    async with database.read(caller.shop_id) as reads:
        persons = None
        if customer is not None:
            _, persons = await audience.identities_of(reads, int(caller.shop_id), int(customer_number(customer)))
        wanted = Wanted(State[state.upper()], owner, persons)
        found = await store.listed(reads, caller.shop_id, wanted, after, limit + 1)
    page = Page[Any].of(found, limit, lambda one: (us_of(one.opening.due), one.opening.id))
    return Page[TaskAnswer](items=[_answer(one) for one in page.items], next=page.next)


@router.get("/{task}", response_model=TaskAnswer, summary="A task")
async def read_task(caller: Reader, database: DatabaseDep, task: TaskId) -> TaskAnswer:
    """What is to be done, and how it stands."""
    async with database.read(caller.shop_id) as reads:
        found = await store.find(reads, caller.shop_id, task)
    if found is None:
        raise not_found("task")
    return _answer(found)


@router.post("/{task}/claim", response_model=TaskAnswer, responses=problem_responses(409), summary="Take a task")
async def claim_task(caller: Writer, database: DatabaseDep, task: TaskId, body: ClaimForm | None = None) -> TaskAnswer:
    """The caller is its owner then. Refused where somebody else has it, unless it is said that it is taken over."""
    take_over = body is not None and body.take_over
    async with database.write(caller.shop_id) as tx:
        found = await _locked(tx, caller, task)
        return await _ruled(
            tx, caller, found, domain.claimed(found, caller.actor, tx.now, take_over=take_over), "claimed"
        )


@router.post("/{task}/done", response_model=TaskAnswer, responses=problem_responses(409), summary="Task done")
async def finish_task(caller: Writer, database: DatabaseDep, task: TaskId, body: OutcomeForm) -> TaskAnswer:
    """With what came of it. In the same words once more it is the same; what has ended otherwise stays."""
    said = body.outcome, body.text
    async with database.write(caller.shop_id) as tx:
        found = await _locked(tx, caller, task)
        return await _ruled(tx, caller, found, domain.ended(found, State.DONE, said, caller.actor, tx.now), "done")


@router.post("/{task}/cancel", response_model=TaskAnswer, responses=problem_responses(409), summary="Cancel a task")
async def cancel_task(caller: Writer, database: DatabaseDep, task: OtherId, body: OutcomeForm) -> TaskAnswer:
    """It will not be done, and why."""
    said = body.outcome, body.text
    async with database.write(caller.shop_id) as tx:
        found = await _locked(tx, caller, task)
        ruling = domain.ended(found, State.CANCELLED, said, caller.actor, tx.now)
        return await _ruled(tx, caller, found, ruling, "cancelled")


async def _locked(tx: OpenTransaction, caller: Caller, task: str) -> Task:
    found = await store.lock(tx.conn, caller.shop_id, task)
    if found is None:
        raise not_found("task")
    return found


async def _ruled(tx: OpenTransaction, caller: Caller, task: Task, ruling: Ruling, what: Happening) -> TaskAnswer:
    if ruling.refused == "taken":
        raise conflict("taken", "It stays as it is", "Somebody else has the task; say that it is taken over.")
    if ruling.refused == "ended":
        raise conflict("ended", "It stays as it is", "The task has ended.")
    if ruling.after is None:
        return _answer(task)
    await store.save(tx.conn, ruling.after)
    await tell(tx, ruling.after, what, caller.shop.slug)
    return _answer(ruling.after)


def _answer(task: Task) -> TaskAnswer:
    opening = task.opening
    about: dict[str, Any] = {
        name: getattr(opening, name)
        for name in ("title", "note", "owner", "due", "campaign", "step", "occasion", "locale")
    }
    return TaskAnswer(
        task=opening.id,
        customer="" if opening.test else customer_id_text(CustomerId(opening.customer)),
        test=opening.test,
        state=task.state.name.lower(),  # type: ignore[arg-type]  # the names of the answer
        via=opening.via or None,  # type: ignore[arg-type]  # as templates say it
        outcome=task.outcome,
        text=task.text,
        opened_at=task.opened_at,
        changed_at=task.changed_at,
        **about,
    )
