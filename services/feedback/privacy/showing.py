"""What feedback holds of one customer, in words: all of it for an export, and how they stand for who talks to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.feedback import answers, cases, customers, surveys
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, customer_id_text

_ROWS_MAX = 100_000
_SHOWN_MAX = 20
_INVITED = ("survey", "version", "occasion", "due", "asked_at", "sent_at", "opened_at", "ended_at")
_CASE = ("cause", "opened_at", "solved_at", "outcome", "about", "survey", "score")
_ANSWERED = ("survey", "version", "by", "at", "score", "stage", "tier")


async def export(reads: Reads, shop: ShopId, customer: CustomerId) -> dict[str, Any]:
    """Everything that is kept under the customer's id."""
    number, who = int(shop), int(customer)
    known = (await customers.customers_of(reads, [(number, who)])).get((number, who))
    return {
        "service": "feedback",
        "customer": customer_id_text(customer),
        "known": None if known is None else {"locale": known.locale, "stage": known.stage, "tier": known.tier},
        "invitations": [
            {**{name: getattr(one, name) for name in _INVITED}, "state": one.state.name.lower()}
            for one in await surveys.of_customers(reads, number, [who], _ROWS_MAX)
        ],
        "answers": [
            {
                **{name: getattr(one, name) for name in _ANSWERED},
                "numbers": one.given.numbers,
                "choices": one.given.choices,
                "texts": one.given.texts,
            }
            for one in await answers.listed(reads, number, None, [who], None, most=_ROWS_MAX)
        ],
        "cases": await _cases(reads, number, who),
    }


async def standing(reads: Reads, shop: ShopId, identities: Sequence[CustomerId]) -> dict[str, Any] | None:
    """How a person of these identities stands, without what they or staff wrote."""
    number, whose = int(shop), [int(one) for one in identities]
    if not await customers.customers_of(reads, [(number, one) for one in whose]):
        return None
    answered = await answers.listed(reads, number, None, whose, None, most=_SHOWN_MAX)
    found = await cases.listed(reads, number, cases.Wanted(customers=whose), None, _ROWS_MAX)
    return {
        "answers": [{name: getattr(one, name) for name in ("survey", "score", "by", "at")} for one in answered],
        "cases": [
            {
                "case": one.id,
                **{name: getattr(one, name) for name in ("cause", "owner", "opened_at", "due_at", "outcome")},
                "state": one.state.name.lower(),
            }
            for one in sorted(found, key=lambda one: one.opened_at, reverse=True)[:_SHOWN_MAX]
        ],
    }


async def _cases(reads: Reads, shop: int, who: int) -> list[dict[str, Any]]:
    found = await cases.listed(reads, shop, cases.Wanted(customers=[who]), None, _ROWS_MAX)
    log = await cases.contacts_of(reads, shop, [one.id for one in found])
    return [
        {
            **{name: getattr(one, name) for name in _CASE},
            "state": one.state.name.lower(),
            "log": [
                {"at": each.at, "channel": each.channel, "text": each.text, "points": each.points}
                for each in log
                if each.case == one.id
            ],
        }
        for one in found
    ]
