"""The shops of a generated stream: zones with midnights that do not exist, and currencies of 0, 2 and 3 digits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class GeneratedShop:
    """Settings with which the shop must be created, and what its events look like."""

    slug: str
    name: str
    zone: str
    currency: str
    quoted: tuple[str, ...]
    """Currencies in which its orders are quoted; IRT is settled as IRR."""
    phone_region: str
    phone_prefix: str
    numeric_ids: bool
    """Sends order and customer ids as JSON numbers, and event ids that another shop uses too."""


def generated_shops() -> tuple[GeneratedShop, ...]:
    """Six shops; the first takes part in every stream."""
    return (
        GeneratedShop("tehran-books", "کتاب تهران", "Asia/Tehran", "IRR", ("IRT", "IRT", "IRR"), "IR", "98", False),
        GeneratedShop("cairo-crafts", "حرف القاهرة", "Africa/Cairo", "EGP", ("EGP", "USD"), "EG", "20", True),
        GeneratedShop("beirut-bakery", "فرن بيروت", "Asia/Beirut", "USD", ("USD", "EUR"), "LB", "961", True),
        GeneratedShop("kuwait-coffee", "قهوة الكويت", "Asia/Kuwait", "KWD", ("KWD",), "KW", "965", False),
        GeneratedShop("berlin-bikes", "Berlin Bikes", "Europe/Berlin", "EUR", ("EUR",), "DE", "49", False),
        GeneratedShop("paulista", "Paulista Sapatos", "America/Sao_Paulo", "BRL", ("BRL", "USD"), "BR", "55", False),
    )


def odd_days(zone: str, start: date, days: int) -> list[date]:
    """Days of the range that do not have 24 hours, or do not begin at midnight."""
    info = ZoneInfo(zone)
    found = []
    for step in range(days):
        day = start + timedelta(days=step)
        begin = datetime.combine(day, datetime.min.time(), info)
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), info)
        if end.astimezone(UTC) - begin.astimezone(UTC) != timedelta(days=1):
            found.append(day)
    return found


def pick_instant(rng: Random, info: ZoneInfo, day: date) -> datetime:
    """An instant (UTC, whole milliseconds) at about `day` in the zone; a fifth of them within minutes of midnight.

    Near midnight of an odd day the instant may fall on a neighbouring local date: ask the zone, not this argument.
    """
    begin = datetime.combine(day, datetime.min.time(), info).astimezone(UTC)
    chance = rng.random()
    if chance < 0.1:
        seconds = rng.uniform(0, 900)
    elif chance < 0.2:
        seconds = rng.uniform(86_400 - 900, 86_400)
    else:
        seconds = min(rng.gauss(15, 4) % 24, 23.99) * 3600
    return begin + timedelta(milliseconds=int(seconds * 1000))
