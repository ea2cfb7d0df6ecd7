"""What campaigns holds of one customer, in words: all of it for an export, and how they stand for who talks to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from services.campaigns import addresses, audience, consent, devices, journeys, messages, segments, tasks
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, customer_id_text, moment_of

_ROWS_MAX = 100_000
_SHOWN_MAX = 20
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
        "addresses": [one._asdict() for one in await addresses.lifts_of(reads, int(shop), int(customer))],
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


async def standing(reads: Reads, shop: ShopId, identities: Sequence[CustomerId]) -> dict[str, Any] | None:
    """How a person of these identities stands, without contacts and without what messages showed."""
    number, whose = int(shop), sorted(int(one) for one in identities)
    keys = [(number, one) for one in whose]
    if not await audience.profiles_of(reads, keys):
        return None
    held = consent.holding(await consent.words_of(reads, keys))
    sent = await messages.of_customers(reads, number, whose, _SHOWN_MAX)
    runs = await journeys.of_customers(reads, number, whose, _ROWS_MAX)
    belongs = [one for who in whose for one in await segments.memberships_of(reads, number, who)]
    return {
        "consents": {f"{channel}/{purpose}": word.state for (channel, purpose), word in held.items()},
        "segments": [{"segment": one.segment, "since": one.since} for one in belongs],
        "messages": [
            {
                **{name: getattr(one.plan, name) for name in ("campaign", "step", "channel", "template")},
                "state": one.state.name.lower(),
                "reason": one.reason,
                "at": one.ended_at or one.planned_at,
            }
            for one in sent
        ],
        "journeys": [
            {
                **{name: getattr(one, name) for name in ("journey", "step", "control", "variant", "entered_at")},
                "state": one.state.name.lower(),
            }
            for one in sorted(runs, key=lambda one: one.entered_at, reverse=True)[:_SHOWN_MAX]
        ],
        "tasks": [
            {
                "task": one.opening.id,
                "owner": one.opening.owner,
                "due": one.opening.due,
                "state": one.state.name.lower(),
            }
            for one in (await tasks.shown_of(reads, number, whose, _ROWS_MAX))[-_SHOWN_MAX:]
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
