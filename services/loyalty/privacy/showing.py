"""What loyalty holds of one customer, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from services.loyalty.cards import cards_of
from services.loyalty.corrections import of_customer as corrections_of
from services.loyalty.entitlements import of_customer as deliveries_of
from services.loyalty.members import Member, member_of, members_of, membership
from services.loyalty.points import Bucket, Kind
from services.loyalty.privacy import store
from services.loyalty.rewards import of_customer as redemptions_of
from services.loyalty.segments import changes_of
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, customer_id_text, moment_of

_STATUS = ("unknown", "cancelled", "completed")


async def export(reads: Reads, shop: ShopId, customer: CustomerId) -> dict[str, Any]:
    """Everything that is kept under the customer's id; empty lists where there is nothing."""
    member = await member_of(reads, shop, customer)
    occasions = await store.occasions_of(reads, shop, customer)
    return {
        "service": "loyalty",
        "customer": customer_id_text(customer),
        "membership": None if member is None else _membership(member),
        "account": await store.account_of(reads, shop, customer),
        "tier": await store.tier_of(reads, shop, customer),
        "cards": [
            {"number": one.number, "kind": one.kind.name.lower(), "state": one.state.name.lower()}
            for one in await cards_of(reads, shop, [customer])
        ],
        "orders": [
            {
                "order_id": one["id"],
                "completed_at": one["first_at"],
                "status": _STATUS[one["status"]],
                "revenue": one["revenue"],
                "currency": one["currency"],
                "points": one["points"],
            }
            for one in occasions
            if not one["name"]
        ],
        "interactions": [
            {"name": one["name"], "at": one["first_at"], "points": one["points"]} for one in occasions if one["name"]
        ],
        "postings": [
            {
                **one,
                "kind": Kind(one["kind"]).name.lower(),
                "debit": Bucket(one["debit"]).name.lower(),
                "credit": Bucket(one["credit"]).name.lower(),
            }
            for one in await store.postings_of(reads, shop, customer)
        ],
        "redemptions": [
            {**one._asdict(), "state": one.state.name.lower(), "customer": customer_id_text(customer)}
            for one in await redemptions_of(reads, shop, [customer], None, store.ROWS_MAX)
        ],
        "deliveries": [
            {"delivery": str(one.place), "what": one.what, "state": one.state.name.lower(), "made_at": one.made_at}
            for one in await deliveries_of(reads, shop, customer, store.ROWS_MAX)
        ],
        "segments": [
            {"segment": one.segment, "at": moment_of(one.at), "entered": one.entered}
            for one in sorted((await changes_of(reads, [(shop, customer)])).get((shop, customer), ()))
        ],
        "corrections": [
            {**one._asdict(), "state": one.state.name.lower(), "customer": customer_id_text(customer)}
            for one in await corrections_of(reads, shop, customer, store.ROWS_MAX)
        ],
    }


async def standing(reads: Reads, shop: ShopId, identities: Sequence[CustomerId]) -> dict[str, Any] | None:
    """Memberships of these identities, and what all of their accounts hold; None where there is neither.

    Of what staff wrote only whether there is anything.
    """
    members = await members_of(reads, [(shop, identity) for identity in identities])
    accounts = [await store.account_of(reads, shop, identity) for identity in identities]
    held: Counter[str] = Counter()
    for account in accounts:
        held.update(account or {})
    if not members and not any(accounts):
        return None
    shown = [_membership(one) for one in members.values()]
    return {"memberships": [one | {"reason": bool(one["reason"])} for one in shown], "points": dict(held)}


def _membership(member: Member) -> dict[str, Any]:
    said = membership(member)
    return {
        "state": said.state,
        "joined_at": said.joined_at,
        "how": said.how,
        "reason": next((one.reason for one in reversed(member.absences) if one.until is None), ""),
        "absences": len(member.absences),
    }
