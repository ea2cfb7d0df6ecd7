"""The catalogue over HTTP: each change of a reward is a version with author and reason; codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.loyalty.rewards.api.forms import (
    REWARD_PATTERN,
    SAMPLE_REWARD,
    ChangedRewardForm,
    Form,
    NewRewardForm,
    RewardAnswer,
    RewardId,
    json_answer,
    reward_answer,
    reward_of,
    version_answer,
)
from services.loyalty.rewards.domain.reward import Voucher
from services.loyalty.rewards.store import catalogue as store
from services.loyalty.rewards.store.catalogue import Published
from shared.web import (
    Caller,
    Cursor,
    DatabaseDep,
    Limit,
    OnceDep,
    Page,
    allow,
    changed_meanwhile,
    conflict,
    not_found,
    problem_responses,
    read_cursor,
)

router = APIRouter(prefix="/v1/rewards", tags=["rewards"])
Reader = Annotated[Caller, Depends(allow("programmes:read"))]
Writer = Annotated[Caller, Depends(allow("programmes:write"))]
VoucherId = Annotated[str, Path(pattern=REWARD_PATTERN, description="Id in the catalogue.", examples=["spa"])]


class VersionAnswer(BaseModel):
    """One version of a reward."""

    version: int
    reward: dict[str, Any]
    author: str
    reason: str
    published_at: datetime


class VersionsAnswer(BaseModel):
    """All versions, the newest first."""

    items: list[VersionAnswer]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "version": 1,
                        "reward": SAMPLE_REWARD,
                        "author": "staff:ava",
                        "reason": "",
                        "published_at": "2026-03-20T09:30:00Z",
                    }
                ]
            }
        }
    )


class CodesForm(Form):
    """Codes of a partner."""

    model_config = ConfigDict(json_schema_extra={"example": {"codes": ["SPA-7Q2X", "SPA-9M4K"]}})

    codes: list[Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")]] = Field(
        min_length=1, max_length=10_000, description="Each is given to one customer, once."
    )


class CodesAnswer(BaseModel):
    """What became of uploaded codes."""

    added: int
    known: int = Field(description="There already, under this or another reward.")

    model_config = ConfigDict(json_schema_extra={"example": {"added": 2, "known": 0}})


@router.get("", response_model=Page[RewardAnswer], summary="The catalogue")
async def list_rewards(caller: Reader, database: DatabaseDep, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """All rewards in the versions in force, by id, with what is left of each; also those that are not offered."""
    after = read_cursor(cursor, tuple[str])
    async with database.read(caller.shop_id) as reads:
        found = await store.listed(reads, caller.shop_id, after[0] if after else "", limit + 1)
    page = Page[Any].of(found, limit, lambda one: (one.id,))
    return json_answer({"items": [reward_answer(one) for one in page.items], "next": page.next})


@router.post("", response_model=RewardAnswer, responses=problem_responses(409), summary="Make a reward")
async def make_reward(caller: Writer, database: DatabaseDep, once: OnceDep, body: NewRewardForm) -> Response:
    """Its first version. One that is there already just as it is sent stays as it is."""
    reward = reward_of(body)
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        if await store.make(tx.conn, caller.shop_id, body.id, reward) is None:
            found = await store.load(tx.conn, caller.shop_id, body.id)
            if found is None or found.reward != reward:
                raise conflict("exists", "There is another reward of this id", "Change it, or choose another `id`.")
        else:
            await store.publish(tx.conn, caller.shop_id, body.id, Published(1, reward, caller.actor, "", tx.now))
        return await once.keep(tx.conn, caller, await _answer(tx.conn, caller, body.id))


@router.get("/{reward}", response_model=RewardAnswer, summary="A reward")
async def read_reward(caller: Reader, database: DatabaseDep, reward: RewardId) -> Response:
    """In the version in force."""
    async with database.read(caller.shop_id) as reads:
        return await _answer(reads, caller, reward)


@router.put("/{reward}", response_model=RewardAnswer, responses=problem_responses(409, 412), summary="Change a reward")
async def change_reward(
    caller: Writer, database: DatabaseDep, once: OnceDep, reward: RewardId, body: ChangedRewardForm
) -> Response:
    """The next version, in force at once. What was granted stays as its own version says."""
    wanted = reward_of(body)
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        number = await store.change(tx.conn, caller.shop_id, reward, body.version, wanted)
        if number is None:
            found = await store.load(tx.conn, caller.shop_id, reward)
            if found is None:
                raise not_found("reward")
            if body.version is not None and found.version != body.version:
                raise changed_meanwhile()
            raise conflict("taken", "More is taken than would be left", "Raise `stock` and `budget` to what is taken.")
        said = Published(number, wanted, caller.actor, body.reason, tx.now)
        await store.publish(tx.conn, caller.shop_id, reward, said)
        return await once.keep(tx.conn, caller, await _answer(tx.conn, caller, reward))


@router.get("/{reward}/versions", response_model=VersionsAnswer, summary="Versions of a reward")
async def list_versions(caller: Reader, database: DatabaseDep, reward: RewardId) -> Response:
    """Who changed what, when and why."""
    async with database.read(caller.shop_id) as reads:
        found = await store.versions_of(reads, caller.shop_id, reward)
    if not found:
        raise not_found("reward")
    return json_answer({"items": [version_answer(one) for one in found]})


@router.post("/{reward}/codes", response_model=CodesAnswer, responses=problem_responses(409), summary="Upload codes")
async def upload_codes(
    caller: Writer, database: DatabaseDep, once: OnceDep, reward: VoucherId, body: CodesForm
) -> Response:
    """For a voucher with uploaded codes. Codes that are there already stay as they are."""
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        found = await store.load(tx.conn, caller.shop_id, reward)
        if found is None:
            raise not_found("reward")
        if not isinstance(found.reward.what, Voucher) or found.reward.what.codes != "uploaded":
            raise conflict("no-codes", "The reward takes no codes", "Make a voucher whose `codes` are `uploaded`.")
        added = await store.upload(tx.conn, caller.shop_id, reward, body.codes)
        answer = json_answer({"added": added, "known": len(set(body.codes)) - added})
        return await once.keep(tx.conn, caller, answer)


async def _answer(reads: Any, caller: Caller, reward: str) -> Response:
    found = await store.load(reads, caller.shop_id, reward)
    if found is None:
        raise not_found("reward")
    return json_answer(reward_answer(found))
