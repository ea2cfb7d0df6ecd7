"""A shop's settings over HTTP: read them, and change some of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Header, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.gateway.shops import store
from services.gateway.shops.commands import ShopSettings, changed
from services.gateway.shops.domain import ShopError
from shared.contracts.shops import Shop
from shared.web import (
    Caller,
    DatabaseDep,
    FieldError,
    allow,
    changed_meanwhile,
    forbidden,
    invalid,
    not_found,
    problem_responses,
)

Days = Annotated[int, Field(ge=1, le=3650)]
_FIXED = ("number", "slug")
_ERASE = "personal:erase"

router = APIRouter(prefix="/v1/shops", tags=["shops"])
Slug = Annotated[
    str,
    Path(
        pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        description="Short name of the shop; the API key must be one of its own.",
        examples=["default"],
    ),
]


class _Change(BaseModel):
    """What is not given stays as it is; null is no value."""

    model_config = ConfigDict(strict=True, extra="forbid")


class LifecycleChange(_Change):
    """When a customer counts as new, lapsing and lost."""

    lost_days: Days = Field(365, description="Lost: without an order for so many days.")
    onboarding_days: Days = Field(30, description="A new or reactivated customer is active after so many days.")
    lapsing: Literal["personal", "fixed"] = Field("personal", description="By each one's own rhythm, or alike for all.")
    lapsing_days: Days = Field(90, description="The fixed threshold; also used while the shop has too few gaps.")
    lapsing_floor: Days = Field(7, description="No personal threshold is shorter.")
    lapsing_quantile: int = Field(80, ge=1, le=99, description="Percent of gaps that the threshold is to exceed.")
    activity: Literal["orders", "visits", "either"] = Field(
        "orders", description="What days without activity are counted from. Being lost always goes by orders."
    )


_USUAL = LifecycleChange.model_validate({})


class SettingsChange(_Change):
    """Settings of a shop to be changed."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"zone": "Asia/Tehran", "lifecycle": {"lost_days": 180}}}  # with those of _Change
    )

    name: str = Field("", min_length=1, max_length=200, description="Name for people.")
    zone: str = Field("UTC", max_length=64, description="IANA name. Decides where a day starts.")
    currency: str = Field("USD", max_length=3, description="ISO 4217 code where an order names none.")
    calendar: Literal["gregorian", "jalali"] = Field("gregorian", description="For reports by month.")
    languages: list[str] = Field(["en"], min_length=1, max_length=20, description="Tags, the first one preferred.")
    week_start: int = Field(0, ge=0, le=6, description="0 is Monday, 5 Saturday, 6 Sunday.")
    phone_region: str = Field("US", max_length=2, description="Of phones written without a country code.")
    windows: list[Days] = Field([365], min_length=1, max_length=50, description="Windows kept as counters, in days.")
    loyal_over: int = Field(4, ge=1, description="Loyal: more orders in the window than this.")
    periods: list[Days] = Field(
        [30], min_length=1, max_length=50, description="Periods kept on basis `booked`, in days."
    )
    closing_days: int = Field(3, ge=0, le=28, description="A month closes so many days after its end.")
    clock: Literal["wall", "stream"] = Field("wall", description="`stream`: time is what replays of the past tell.")
    lifecycle: LifecycleChange = Field(_USUAL, description="Any of its fields.")
    benchmark: str = Field("retail", min_length=1, max_length=200, description="Industry shown beside the shop's CRR.")
    blocked_identifiers: list[str] = Field([], max_length=1_000, description="Values that never identify anybody.")
    dead_letter_days: int = Field(30, ge=1, le=30, description="Bodies of dead letters are kept so long.")
    inactive_months: int = Field(
        0,
        ge=0,
        le=120,
        description="Who was not heard of for so many months is erased; 0: nobody. Preview it first. A term takes the "
        "permission `personal:erase` as well.",
    )
    visit_months: int = Field(
        0,
        ge=0,
        le=120,
        description="Days of visits are kept for so many months; 0: for ever. Refused where stages go by visits.",
    )


class SettingsAnswer(BaseModel):
    """The settings in force, those left at their default included."""

    shop: str
    version: int = Field(
        description="Rises with each change; as `If-Match` it keeps two people from undoing each other."
    )
    changed: list[str] = Field(description="What this request changed; empty when reading.")
    settings: dict[str, Any]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "shop": "default",
                "version": 3,
                "changed": ["lifecycle.lost_days", "zone"],
                "settings": {"zone": "Asia/Tehran", "lifecycle": {"lost_days": 180}},
            }
        }
    )


@router.get("/{slug}/settings", response_model=SettingsAnswer, summary="A shop's settings")
async def read_settings(
    caller: Annotated[Caller, Depends(allow("shops:read"))], database: DatabaseDep, slug: Slug
) -> Response:
    """All settings as they are in force, with their version."""
    _own(caller, slug)
    async with database.read(caller.shop_id) as reads:
        found = await store.load_shop(reads, caller.shop_id)
    if found is None:
        raise not_found("shop")
    return _answer(*found, changes=[])


@router.patch(
    "/{slug}/settings",
    response_model=SettingsAnswer,
    responses=problem_responses(412),
    summary="Change a shop's settings",
)
async def change_settings(
    *,
    caller: Annotated[Caller, Depends(allow("shops:write"))],
    database: DatabaseDep,
    slug: Slug,
    change: SettingsChange,
    if_match: Annotated[
        str | None,
        Header(
            pattern=r'^"\d{1,18}"$',
            description="The version that the change was made from, in quotes; another one in force answers 412.",
        ),
    ] = None,
) -> Response:
    """What is given is changed, the rest stays. All services hear of it through `shops.v1`, in the same transaction.

    Ask metrics first what it will cost: `POST /v1/settings/preview`. Figures of a changed zone, calendar, window or
    threshold are built beside the ones in force, and exchanged for them at once.
    """
    _own(caller, slug)
    given: ShopSettings = change.model_dump(exclude_unset=True)  # type: ignore[assignment]  # the fields are the keys
    async with database.write(caller.shop_id) as tx:
        found = await store.lock_shop(tx.conn, caller.shop_id)
        if found is None:
            raise not_found("shop")
        before, version = found
        if if_match is not None and if_match != f'"{version}"':
            raise changed_meanwhile()
        after = _checked(before, given)
        _may_erase(caller, before, after)
        if after != before:
            version = await store.update_shop(tx, after)
    return _answer(after, version, changes=_differences(before, after))


def _own(caller: Caller, slug: str) -> None:
    # Whether another shop exists is nobody's business.
    if slug != caller.shop.slug:
        raise not_found("shop")


def _may_erase(caller: Caller, before: Shop, after: Shop) -> None:
    # A term erases people as surely as asking for each of them does.
    if after.inactive_months not in (0, before.inactive_months) and _ERASE not in caller.permissions:
        raise forbidden(_ERASE)


def _checked(before: Shop, given: ShopSettings) -> Shop:
    tuples: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    try:
        return changed(before, tuples)
    except ShopError as error:
        # Its messages begin with the setting, and say what to give instead.
        field, _, reason = str(error).partition(": ")
        raise invalid(FieldError(f"body.{field}", reason)) from None


def _differences(before: Shop, after: Shop) -> list[str]:
    pairs = [
        *(("", name, before, after) for name in Shop.__struct_fields__ if name != "lifecycle"),
        *(("lifecycle.", name, before.lifecycle, after.lifecycle) for name in before.lifecycle.__struct_fields__),
    ]
    return sorted(room + name for room, name, one, other in pairs if getattr(one, name) != getattr(other, name))


def _answer(shop: Shop, version: int, *, changes: list[str]) -> Response:
    settings = {name: value for name, value in msgspec.structs.asdict(shop).items() if name not in _FIXED}
    body = {"shop": shop.slug, "version": version, "changed": changes, "settings": settings}
    return Response(msgspec.json.encode(body), media_type="application/json", headers={"ETag": f'"{version}"'})
