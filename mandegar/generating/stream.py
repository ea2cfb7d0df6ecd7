"""The whole stream: customers of several shops, their orders' stories, and then the disorder of arrival."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

from mandegar.generating.arrival import arrive
from mandegar.generating.bad import bad_lines
from mandegar.generating.people import nobody, person
from mandegar.generating.plots import tell
from mandegar.generating.rendering import render
from mandegar.generating.shops import GeneratedShop, generated_shops, odd_days, pick_instant
from mandegar.generating.stories import Fact, Story

_GUEST_SHARE = 0.05
_SAME_DAY_SHARE = 0.07
_ODD_DAY_SHARE = 0.05
_FREE_SHARE = 0.02
_GAP_DAYS_MEAN = 45.0
_LONG_GAP_SHARE = 0.06
"""Customers who stay away longer than a year are won back, if they return."""
_EDGE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides the stream. `start` should leave `days` and some weeks for what follows an order before today."""

    customers: int
    days: int
    seed: int
    start: date = date(2014, 1, 1)
    """In 2014 Tehran, Beirut and Cairo each had a midnight that does not exist, within one half-year."""
    shops: int = 5
    bad: int = 0
    """Lines among them that must be refused, beside all others."""
    window: int = 1_000
    """Neighbouring events are shuffled over about this many places."""
    edges: tuple[int, ...] = ()
    """Days on which something falls due, such as a window's: many orders come so many days after the last, or on a
    day beside."""
    received: bool = False
    """Each event says when it was first received."""
    in_order: bool = False
    """Each event arrives once, when it occurs, and nothing is shuffled."""


@dataclass(frozen=True, slots=True)
class Stream:
    """`lines` are JSON events in order of arrival, without line ends; `facts` are the truth of every order."""

    lines: list[bytes]
    facts: list[Fact]
    shops: tuple[GeneratedShop, ...]


def generate(settings: Settings) -> Stream:
    """The stream of these settings, always the same. About two kilobytes of memory an order.

    Raises ValueError for settings that no stream can have.
    """
    shops = shops_of(settings)
    facts: list[Fact] = []
    arrivals: list[tuple[float, bytes]] = []
    for at, shop in enumerate(shops):
        rng = seeded(settings, shop.slug)
        people = settings.customers // len(shops) + (at < settings.customers % len(shops))
        for story, identifiers in stories(rng, shop, settings, people):
            facts.append(story.fact())
            arriving = arrive(rng, settings, render(rng, shop, story, identifiers))
            arrivals += [(at, event.line(received if settings.received else None)) for at, received, event in arriving]
    rng = seeded(settings, "arrival")
    arrivals.sort()
    window = 0 if settings.in_order else settings.window
    placed = [(place + rng.uniform(0, window), line) for place, (_, line) in enumerate(arrivals)]
    placed += [(rng.uniform(0, len(arrivals)), line) for line in bad_lines(rng, shops, settings.bad)]
    placed.sort()
    return Stream([line for _, line in placed], facts, shops)


def shops_of(settings: Settings) -> tuple[GeneratedShop, ...]:
    """The shops that take part. Raises ValueError for settings that no stream can have."""
    if settings.customers < 1 or settings.days < 1 or not 1 <= settings.shops <= len(generated_shops()):
        raise ValueError("a stream needs at least one customer, one day, and one to six shops")
    return generated_shops()[: settings.shops]


def seeded(settings: Settings, purpose: str) -> Random:
    """Randomness of its own for each purpose: what one draws does not disturb another."""
    return Random(f"{settings.seed}/{purpose}")  # noqa: S311 - repeatable on purpose, and no secret


def stories(
    rng: Random, shop: GeneratedShop, settings: Settings, people: int
) -> Iterator[tuple[Story, dict[str, str | int | None]]]:
    """Each order of the shop, with the identifiers that all of its events may carry."""
    odd = odd_days(shop.zone, settings.start, settings.days)
    number = 0
    for count in range(people):
        somebody = person(rng, shop, count)
        for day in _order_days(rng, settings, odd):
            number += 1
            guest = rng.random() < _GUEST_SHARE
            identifiers = nobody(rng) if guest else somebody.identifiers(rng, shop)
            yield _story(rng, shop, number, None if guest else somebody.label, day), identifiers


def _story(rng: Random, shop: GeneratedShop, number: int, customer: str | None, day: date) -> Story:
    zone = ZoneInfo(shop.zone)
    price = 0 if rng.random() < _FREE_SHARE else int(rng.lognormvariate(9, 0.8)) + 100
    pieces = {f"l{line}": rng.randint(1, 4) for line in range(rng.randint(0, 2))}
    story = Story(shop.slug, str(number), customer, zone, rng.choice(shop.quoted), price, pieces)
    tell(story, rng, pick_instant(rng, zone, day))
    return story


def _order_days(rng: Random, settings: Settings, odd: list[date]) -> Iterator[date]:
    """Days on which one customer orders: repeats, long absences, several orders on a day, and odd days of the zone."""
    at = rng.uniform(0, settings.days * 0.8)
    while at < settings.days:
        day = settings.start + timedelta(days=int(at))
        if odd and rng.random() < _ODD_DAY_SHARE:
            day = rng.choice(odd)
        yield day
        while rng.random() < _SAME_DAY_SHARE:
            yield day
        if rng.random() < 0.22:
            return
        if settings.edges and rng.random() < _EDGE_SHARE:
            at += max(0, rng.choice(settings.edges) + rng.choice((-1, 0, 0, 0, 1)))
        else:
            at += rng.uniform(366, 420) if rng.random() < _LONG_GAP_SHARE else rng.expovariate(1 / _GAP_DAYS_MEAN)
