"""What a change of settings would cost, and how far a build has come, over HTTP."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.metrics.generations.domain.effects import Effect, effects_of
from services.metrics.generations.domain.progress import Progress
from services.metrics.generations.domain.settings import chosen_by
from services.metrics.generations.store.costs import cost_of_change
from services.metrics.generations.store.progress import progress_of
from services.metrics.questions import SCOPE
from shared.contracts.shops import Shop
from shared.kernel import Zone
from shared.web import Caller, DatabaseDep, FieldError, allow, invalid
from shared.web.validation import safe_name

_FIXED = frozenset({"number", "slug"})
_WHERE = re.compile(r" - at `\$\.?([^`]*)`$")

router = APIRouter(prefix="/v1/settings", tags=["settings"])
CallerDep = Annotated[Caller, Depends(allow(SCOPE))]
AskerDep = Annotated[Caller, Depends(allow(SCOPE, writes=False))]


class EffectAnswer(BaseModel):
    """What a changed setting does. The key is one under which a console may keep the text in another language."""

    setting: str
    key: str
    text: str


class BuildAnswer(BaseModel):
    """A build under way: the figures with the new settings, made beside those in force."""

    generation: int
    phase: str = Field(
        description="`orders`, `customers`, `stages`, `ready` for the switch, or `settling`: in force, and orders are "
        "given their new days."
    )
    percent: float
    orders: int
    orders_done: int
    customers: int
    customers_done: int
    stages_done: int = Field(description="Customers whose stages have been worked out.")
    seconds_left: float | None = Field(description="At the speed so far; null before that is known.")


class PreviewAnswer(BaseModel):
    """What a change would do and take."""

    rebuild: bool = Field(description="Whether figures are built anew beside those in force.")
    effects: list[EffectAnswer]
    orders: int = Field(description="Orders that the build would look at.")
    customers: int
    seconds: float = Field(description="Estimate. The figures in force are answered from meanwhile.")
    moved: int = Field(description="Orders that could fall on another day, at most.")
    standstill_seconds: float = Field(description="Estimate of how long the shop's events wait at the switch.")
    settling_seconds: float = Field(
        description="Estimate of how long after the switch questions that search orders are answered by 503."
    )
    build: BuildAnswer | None = Field(description="The one under way; a further change begins it anew.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rebuild": True,
                "effects": [
                    {
                        "setting": "lifecycle.lost_days",
                        "key": "effects.lifecycle",
                        "text": "Stages of all customers are worked out anew; changes that differ are taken back",
                    }
                ],
                "orders": 69_659,
                "customers": 23_570,
                "seconds": 7.1,
                "moved": 0,
                "standstill_seconds": 0.0,
                "settling_seconds": 0.0,
                "build": None,
            }
        }
    )


class BuildStateAnswer(BaseModel):
    """Whether a build is under way."""

    build: BuildAnswer | None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "build": {
                    "generation": 2,
                    "phase": "customers",
                    "percent": 36.0,
                    "orders": 69_659,
                    "orders_done": 69_659,
                    "customers": 23_570,
                    "customers_done": 12_554,
                    "stages_done": 0,
                    "seconds_left": 1.4,
                }
            }
        }
    )


@router.post("/preview", response_model=PreviewAnswer, summary="What a change of settings would cost")
async def preview(
    caller: AskerDep,
    database: DatabaseDep,
    change: Annotated[
        dict[str, Any],
        Body(
            description="As for PATCH of the shop's settings at gateway: what is not given stays as it is.",
            examples=[{"lifecycle": {"lost_days": 180}}],
        ),
    ],
) -> Response:
    """Which figures would change, how many orders and customers would be counted anew, and about how long that takes.

    Nothing is changed by asking.
    """
    wanted = changed(caller.shop, change)
    async with database.read(caller.shop_id) as reads:
        cost = await cost_of_change(reads, caller.shop_id, chosen_by(wanted))
        progress = await progress_of(reads, caller.shop_id)
    body = {
        "rebuild": bool(cost.changed),
        "effects": [_effect(effect) for effect in effects_of(caller.shop, wanted)],
        "orders": cost.orders if cost.changed else 0,
        "customers": cost.customers if cost.changed else 0,
        "seconds": round(cost.seconds, 1),
        "moved": cost.moved,
        "standstill_seconds": round(cost.standstill_seconds, 1),
        "settling_seconds": round(cost.settling_seconds, 1),
        "build": None if progress is None else _build(progress),
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


@router.get("/build", response_model=BuildStateAnswer, summary="How far a build of new settings has come")
async def read_build(caller: CallerDep, database: DatabaseDep) -> Response:
    """Null when the figures in force have the shop's settings, or a build has not begun yet."""
    async with database.read(caller.shop_id) as reads:
        progress = await progress_of(reads, caller.shop_id)
    body = {"build": None if progress is None else _build(progress)}
    return Response(msgspec.json.encode(body), media_type="application/json")


def changed(shop: Shop, change: dict[str, Any]) -> Shop:
    """The shop with the change. 422 for what it cannot have; the last word has gateway, which writes it."""
    now: dict[str, Any] = msgspec.to_builtins(shop)
    given = dict(change)
    lifecycle = given.get("lifecycle", {})
    if isinstance(lifecycle, dict):
        _refuse_unknown(lifecycle, now["lifecycle"], "body.lifecycle.")
        given["lifecycle"] = now["lifecycle"] | lifecycle
    _refuse_unknown(given, {name: None for name in now if name not in _FIXED}, "body.")
    try:
        wanted = msgspec.convert(now | given, Shop)
    except msgspec.ValidationError as error:
        found = _WHERE.search(str(error))
        field = re.sub(r"\[(?:\.\.\.|\d+)\]", "", found[1]) if found else ""
        raise invalid(FieldError(f"body.{field}" if field else "body", _WHERE.sub("", str(error)))) from None
    try:
        Zone(wanted.zone)
    except ValueError as error:
        raise invalid(FieldError("body.zone", str(error))) from None
    if wanted.calendar not in ("gregorian", "jalali"):
        raise invalid(FieldError("body.calendar", "must be gregorian or jalali"))
    return wanted


def _refuse_unknown(given: dict[str, Any], known: dict[str, Any], room: str) -> None:
    if unknown := [name for name in given if name not in known]:
        raise invalid(*(FieldError(room + safe_name(name), "is not a known field") for name in unknown[:20]))


def _effect(effect: Effect) -> dict[str, str]:
    return {"setting": effect.setting, "key": f"effects.{effect.key}", "text": effect.text}


def _build(progress: Progress) -> dict[str, Any]:
    left = progress.seconds_left
    return {
        "generation": progress.generation,
        "phase": progress.phase.name.lower(),
        "percent": progress.percent,
        "orders": progress.orders,
        "orders_done": progress.orders_done,
        "customers": progress.customers,
        "customers_done": progress.customers_done,
        "stages_done": progress.stages_done,
        "seconds_left": None if left is None else round(left, 1),
    }
