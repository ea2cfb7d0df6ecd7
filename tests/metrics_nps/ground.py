"""Answers as feedback tells them, and the score by the letter of its definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from shared.contracts.feedback import Answering, Asking, NpsDetractor, SurveyAnswered, SurveyDismissed, SurveyKind
from shared.kernel import CustomerId, customer_id_text, derive_event_id

SCALES: Mapping[SurveyKind, int] = {"nps": 10, "csat": 5, "ces": 7}

_MINUTES = (0, 630, 1_230, 1_410)
_ASKED: tuple[SurveyKind, ...] = ("nps", "nps", "nps", "csat", "ces")


class Said(NamedTuple):
    """Something that a customer was asked and said; no score: dismissed."""

    shop: str
    number: int
    customer: str
    kind: SurveyKind
    score: int | None
    at: datetime

    @property
    def answer(self) -> str:
        """feedback's id of it."""
        return derive_event_id(0, self.shop, str(self.number), "answer")


def name(customer: int) -> str:
    """The id of a customer."""
    return customer_id_text(CustomerId(customer))


def sayings(rng: Random, shop: str, count: int, *, people: int, since: datetime, days: int) -> list[Said]:
    """Answers of all kinds and dismissals, some of one instant, on hours at which days begin and end."""
    found = []
    for number in range(count):
        kind: SurveyKind = rng.choice(_ASKED)
        score = rng.randint(1, SCALES[kind]) if kind != "nps" else rng.randint(0, 10)
        at = since + timedelta(days=rng.randrange(days), minutes=rng.choice(_MINUTES))
        dismissed = rng.random() < 0.2
        found.append(Said(shop, number, name(rng.randrange(1, people + 1)), kind, None if dismissed else score, at))
    return found


def events_of(said: Iterable[Said]) -> list[Any]:
    """What feedback tells: of a detractor twice, of a dismissal that nothing was answered."""
    return [event for one in said for event in _events(one)]


def _events(one: Said) -> list[Any]:
    asking: dict[str, Any] = {
        "survey": f"by-{one.kind}",
        "version": 1,
        "kind": one.kind,
        "customer": one.customer,
        "occasion": f"order:{one.number}",
    }
    if one.score is None:
        return [SurveyDismissed(**_about(one, "survey.dismissed"), data=Asking(**asking))]
    data = Answering(**asking, answer=one.answer, by="page", score=one.score)
    told: list[Any] = [SurveyAnswered(**_about(one, "survey.answered"), data=data)]
    if one.kind == "nps" and one.score <= 6:
        told.append(NpsDetractor(**_about(one, "nps.detractor"), data=data))
    return told


def _about(one: Said, word: str) -> dict[str, Any]:
    return {
        "id": derive_event_id(int(one.at.timestamp() * 1000), one.shop, str(one.number), word),
        "source": "mandegar/feedback",
        "subject": one.customer,
        "time": one.at,
        "shop": one.shop,
        "receivedat": one.at,
    }


def recount(
    said: Iterable[Said], day: int, window: int, zone: str, canonical: Mapping[str, str] | None = None
) -> Counter[int]:
    """How many customers stand with which score: of each the last answer from 0 to 10 in the window that ends on a day.

    `canonical`: whom merged identities are.
    """
    info, last = ZoneInfo(zone), dict[str, tuple[datetime, str, int]]()
    for one in said:
        on = one.at.astimezone(info).date().toordinal()
        if one.kind != "nps" or one.score is None or not day - window < on <= day:
            continue
        who = (canonical or {}).get(one.customer, one.customer)
        last[who] = max(last.get(who, (one.at, "", 0)), (one.at, one.answer, one.score))
    return Counter(score for _, _, score in last.values())
