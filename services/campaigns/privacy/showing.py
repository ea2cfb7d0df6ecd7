"""What campaigns holds of one customer, in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec

from services.campaigns import audience, consent, devices, journeys, messages, segments, tasks
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, customer_id_text, moment_of

_ROWS_MAX = 100_000
_SHOWN = ("id", "channel", "purpose", "campaign", "step", "occasion", "template")

_OF_RUNS = ("id", "journey", "version", "key", "control", "step", "variant", "trigger", "since", "entered_at")


async def export(reads: Reads, shop: ShopId, customer: CustomerId) -> dict[str, Any]:
    """Everything that is kept under the customer's id."""
    found = await audience.profiles_of(reads, [(int(shop), int(customer))])
    profile = found.get((int(shop), int(customer)))
    return {
        "service": "campaigns",
        "customer": customer_id_text(customer),
        "profile": None if profile is None else _profile(profile),
        "consents": [
            {name: value for name, value in one._asdict().items() if name not in ("shop", "customer")}
            for one in sorted(await consent.words_of(reads, [(int(shop), int(customer))]))
        ],
        "segments": [one._asdict() for one in await segments.memberships_of(reads, int(shop), int(customer))],
        "messages": [
            {
                **{name: getattr(one.plan, name) for name in _SHOWN},
                "values": msgspec.json.decode(one.plan.fields),
                "state": one.state.name.lower(),
                "reason": one.reason,
                "planned_at": one.planned_at,
                "ended_at": one.ended_at,
            }
            for one in await messages.of_customers(reads, int(shop), [int(customer)], _ROWS_MAX)
        ],
        "tasks": [
            {
                **{name: getattr(one.opening, name) for name in ("id", "campaign", "step", "title", "note", "due")},
                "state": one.state.name.lower(),
                "outcome": one.outcome,
                "text": one.text,
            }
            for one in await tasks.shown_of(reads, int(shop), [int(customer)], _ROWS_MAX)
        ],
        "browsers": [
            {"endpoint": endpoint, "added_at": at} for endpoint, at in await devices.shown_of(reads, shop, customer)
        ],
        "journeys": [
            {
                **{name: getattr(one, name) for name in _OF_RUNS},
                "state": one.state.name.lower(),
                "entered_with": msgspec.json.decode(one.context),
            }
            for one in await journeys.of_customers(reads, int(shop), [int(customer)], _ROWS_MAX)
        ],
    }


def _profile(profile: audience.Profile) -> dict[str, Any]:
    shown = {**asdict(profile), **profile.contacts._asdict()}
    shown |= {"money": dict(profile.money), "counts": dict(profile.counts)}
    for name in ("last_answer", "last_nps"):
        answer: audience.Answered | None = getattr(profile, name)
        shown[name] = None if answer is None else {**answer._asdict(), "at": moment_of(answer.at)}
    for instant in ("first_order_at", "last_order_at"):
        shown[instant] = None if shown[instant] is None else moment_of(shown[instant])
    return {name: value for name, value in shown.items() if name not in ("customer", "contacts")}
