"""Points and tiers in the demo: a programme published over HTTP, what it told, and the same counted anew.

Purchases earn a point a dollar, which lasts twelve months; tiers go by what was spent in the last 365 days.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from mandegar.demo import tables
from mandegar.demo.asking import Api
from mandegar.demo.comparing import Comparison
from mandegar.demo.customers import READ_LIMIT_S
from mandegar.demo.scene import Scene
from mandegar.listening import Listener, of_shop
from mandegar.recount import Recount
from mandegar.recount.points import earned_by_month, expired_by_month, left, spent_by_day, tier_changes
from shared.contracts import topics
from shared.contracts.loyalty import LoyaltyPointsEvent, LoyaltyTiersEvent, PointsEarned, PointsExpired
from shared.contracts.shops import Shop

MONTHS, WINDOW_DAYS = 12, 365
LEVELS = (("regular", 0), ("silver", 100_00), ("gold", 300_00))
BEGINS = "1996-12-31T00:00:00Z"
PROGRAMME = {
    "name": "A point a dollar",
    "currency": "USD",
    "rules": [{"id": "spend", "name": "Purchases", "earn": {"kind": "rate", "points": 1, "per": 100}}],
    "expiry": {"kind": "rolling", "months": MONTHS},
    "notices": [],
    "joining": ["first_order"],
    "tiers": {
        "by": "spend",
        "window": {"kind": "rolling", "days": WINDOW_DAYS},
        "downgrade": "reassess",
        "levels": [{"id": id, "name": id.title(), "threshold": threshold} for id, threshold in LEVELS],
    },
}
_POINTS: msgspec.json.Decoder[LoyaltyPointsEvent] = msgspec.json.Decoder(LoyaltyPointsEvent)
_TIERS: msgspec.json.Decoder[LoyaltyTiersEvent] = msgspec.json.Decoder(LoyaltyTiersEvent)
_PLACES = {id: place for place, (id, _) in enumerate(LEVELS)}

Moves = dict[str, list[tuple[date, int]]]
"""Customer to (day, place in `LEVELS`) of each change."""


@dataclass
class Heard:
    """What the topics of loyalty come to, up to a day."""

    earned: dict[str, int] = field(default_factory=dict)
    """By month."""
    expired: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    """By customer: earned less expired."""
    tiers: Moves = field(default_factory=dict)
    events: int = 0


async def publish(api: Api) -> None:
    """Have the programme in force since before the first purchase, unless the shop has one. Raises ApiError."""
    await api.wait_until_known("/v1/programmes")
    if (await api.get("/v1/programmes"))["items"]:
        return
    draft = await api.post("/v1/programmes/import", {"form": "mandegar.programme/1", "programme": PROGRAMME})
    body = {"reason": "The demo's programme", "in_force_from": BEGINS}
    await api.post(f"/v1/programmes/drafts/{draft['draft']}/publish", body)


async def listen(bootstrap_servers: str, shop: Shop, end: date) -> Heard:
    """What happened before the day `end` began; an event that comes twice counts once. Raises ListenError."""
    heard, known = Heard(), set[str]()
    async with Listener(bootstrap_servers, topics.LOYALTY_POINTS) as listener:
        async for one in listener.history(limit_s=READ_LIMIT_S):
            if not of_shop(one.value, shop.slug):
                continue
            event = _POINTS.decode(one.value)
            if event.id not in known and event.time.date() < end:
                known.add(event.id)
                _add(heard, event)
    async with Listener(bootstrap_servers, topics.LOYALTY_TIERS) as listener:
        async for one in listener.history(limit_s=READ_LIMIT_S):
            if not of_shop(one.value, shop.slug):
                continue
            change = _TIERS.decode(one.value)
            day = change.data.since.date()
            # Everybody begins on the first level: being put there when the programme comes is no change.
            if change.id not in known and day < end and change.data.after and change.data.before:
                known.add(change.id)
                _move(heard.tiers.setdefault(change.data.customer, []), day, _PLACES[change.data.after.id])
    heard.events = len(known)
    return heard


def _move(moves: list[tuple[date, int]], day: date, place: int) -> None:
    """Who rises twice on a day may be told of both levels, or of the higher one only: that counts."""
    before = moves[-2][1] if len(moves) > 1 else 0
    if moves and moves[-1][0] == day and before < moves[-1][1] < place:
        moves.pop()
    moves.append((day, place))


def _add(heard: Heard, event: LoyaltyPointsEvent) -> None:
    month, data = f"{event.time:%Y-%m}", event.data
    match event:
        case PointsEarned():
            heard.earned[month] = heard.earned.get(month, 0) + data.points
            heard.left[data.customer] = heard.left.get(data.customer, 0) + data.points
        case PointsExpired():
            heard.expired[month] = heard.expired.get(month, 0) + data.points
            heard.left[data.customer] = heard.left.get(data.customer, 0) - data.points
        case _:
            pass  # points of a day that the shop's clock had not come to yet become active with it


def months_of(earned: Mapping[str, int], expired: Mapping[str, int], tiers: Moves) -> dict[str, dict[str, int]]:
    """By month: points earned and expired, changes up and down."""
    months: dict[str, dict[str, int]] = {}

    def add(month: str, name: str, value: int) -> None:
        of_month = months.setdefault(month, {"earned": 0, "expired": 0, "up": 0, "down": 0})
        of_month[name] += value

    for month, points in earned.items():
        add(month, "earned", int(points))
    for month, points in expired.items():
        add(month, "expired", int(points))
    for changes in tiers.values():
        before = 0
        for day, place in changes:
            add(f"{day:%Y-%m}", "up" if place > before else "down", 1)
            before = place
    return months


def recounted(recount: Recount, shop: str, surrogates: Mapping[str, str], end: date) -> Heard:
    """The same by brute force."""
    thresholds = [threshold for _, threshold in LEVELS]
    tiers = {
        surrogates[customer]: tier_changes(spent, thresholds, days=WINDOW_DAYS, end=end)
        for customer, spent in spent_by_day(recount, shop).items()
    }
    return Heard(
        earned_by_month(recount, shop, months=MONTHS),
        expired_by_month(recount, shop, months=MONTHS, end=end),
        {surrogates[customer]: int(points) for customer, points in left(recount, shop, months=MONTHS, end=end).items()},
        {customer: changes for customer, changes in tiers.items() if changes},
    )


def compare(said: Heard, right: Heard, comparison: Comparison) -> list[tables.Answer]:
    """An answer for each month; beside it every customer's points and levels are compared, unseen."""
    said_months = months_of(said.earned, said.expired, said.tiers)
    right_months = months_of(right.earned, right.expired, right.tiers)
    nothing = {"earned": 0, "expired": 0, "up": 0, "down": 0}
    answers: list[tables.Answer] = []
    for month in sorted({*said_months, *right_months}):
        told, wanted = said_months.get(month, nothing), right_months.get(month, nothing)
        marks = comparison.compare_all(f"points {month}", told, wanted)
        answers.append((told, {"month": month, **wanted}, marks))
    for customer, points in right.left.items():
        comparison.compare(f"points of customer {customer}", said.left.get(customer, 0), points)
    for customer in {*said.tiers, *right.tiers}:
        told_moves, wanted_moves = said.tiers.get(customer, []), right.tiers.get(customer, [])
        comparison.compare(f"tiers of customer {customer}", told_moves, wanted_moves)
    return answers


async def show(scene: Scene, api: Api, *, end: date) -> None:
    """Listen, count, print the months side by side, and what HTTP says of the whole and of who has most points."""
    console, comparison = scene.console, scene.comparison
    said = await listen(scene.bootstrap_servers, scene.shop, end)
    right = await asyncio.to_thread(recounted, scene.recount, scene.shop.slug, scene.surrogates, end)
    console.print(tables.points(compare(said, right, comparison)))
    liability = (await api.get("/v1/points/liability"))["outstanding"]
    total = sum(right.left.values())
    mark = comparison.compare("points outstanding", liability, total)
    console.print(
        f"\n{said.events:,} events on {topics.LOYALTY_POINTS} and {topics.LOYALTY_TIERS}; each customer's points and "
        f"levels are compared. Outstanding over HTTP: {liability:,} {mark} {total:,}. Who has most:"
    )
    for customer in sorted(right.left, key=lambda one: -right.left[one])[:3]:
        console.print(await _member(api, customer, right, comparison), markup=False, soft_wrap=True)
    console.print()


async def _member(api: Api, customer: str, right: Heard, comparison: Comparison) -> str:
    account = (await api.get(f"/v1/members/{customer}/account"))["balance"]["active"]
    tier = await api.get(f"/v1/members/{customer}/tier")
    points, level = right.left[customer], LEVELS[_last(right.tiers.get(customer, []))][0]
    same_points = comparison.compare(f"account of {customer}", account, points)
    same_level = comparison.compare(f"level of {customer}", tier["level"]["id"], level)
    sentence = " ".join(tier["sentences"])
    return f"  {account:,} {same_points} {points:,} points, {tier['level']['id']} {same_level} {level}. {sentence}"


def _last(changes: Sequence[tuple[date, int]]) -> int:
    return changes[-1][1] if changes else 0
