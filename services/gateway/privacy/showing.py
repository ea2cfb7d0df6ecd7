"""What people are shown: a person's data, a certificate, and what an erasure would remove."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.gateway import consents, identity
from services.gateway.identity import Merged, Shown
from services.gateway.privacy import store
from services.gateway.privacy.domain import Erasure, is_overdue, waiting
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, customer_id_text
from shared.messaging.cluster import COMPACTED_WITHIN_DAYS, RAW_DAYS

# A closed segment is looked at once it is so old, and its newest record decides: a day more each.
_RAW_GONE_AFTER = timedelta(days=RAW_DAYS + 1)
_COMPACTED_AFTER = timedelta(days=2 * COMPACTED_WITHIN_DAYS)
KEPT_BECAUSE = {
    "orders": "sums rest on them; they name a random id that leads to nobody any more",
    "refunds": "as orders",
    "stage_changes": "counts of stages rest on them, as on orders",
    "visit_days": "stages by visits rest on them, or their term has not come: days, by that random id",
    "identities": "the random id and its pointer stay, without any identifier or contact",
    "unreadable_dead_letters": "sealed with another secret: nobody can read them; they go by their term",
    "dead_letters_not_searched": "too many to search in one go; they go by their term",
}


def export_of(
    identities: Sequence[Shown], said: Sequence[Any], merges: Sequence[Merged], erasure: Erasure | None
) -> dict[str, Any]:
    """What gateway holds of a person."""
    return {
        "service": "gateway",
        "customer": customer_id_text(identities[0].canonical),
        "identities": [
            {
                "customer": customer_id_text(one.customer),
                "shop_customer_id": one.shop_customer_id,
                "name": one.name,
                "email": one.email,
                "phone": one.phone,
                "locale": one.locale,
                "birthday": one.birthday,
                "known_since": one.known_since,
                "identifiers": one.identifiers,
            }
            for one in identities
        ],
        "consents": [
            {
                "customer": customer_id_text(one.customer),
                "channel": one.channel,
                "purpose": one.purpose,
                "state": one.state,
                "occurred_at": one.occurred_at,
                "source": one.source,
                "evidence": one.evidence,
                "record": one.record,
            }
            for one in said
        ],
        "merges": [
            {
                "customer": customer_id_text(one.customer),
                "other": customer_id_text(one.other),
                "action": one.action,
                "reason": one.reason,
                "by": one.by,
                "at": one.at,
            }
            for one in merges
        ],
        "erasure": None if erasure is None else erasure.erasure_id,
    }


async def export(reads: Reads, shop: ShopId, customer: CustomerId) -> dict[str, Any] | None:
    """The same, read; None when there is no such customer."""
    identities = await identity.whole_person(reads, shop, customer)
    if not identities:
        return None
    customers = [one.customer for one in identities]
    said = await consents.statements_of(reads, shop, customers)
    merges = await identity.merges_of(reads, shop, customers)
    return export_of(identities, said, merges, await store.of_customer(reads, shop, customer))


async def preview(reads: Reads, shop: ShopId, customer: CustomerId) -> dict[str, Any] | None:
    """What an erasure would remove; None when there is no such customer."""
    found = await identity.whole_person(reads, shop, customer)
    if not found:
        return None
    said = await consents.statements_of(reads, shop, [one.customer for one in found])
    fields = ("shop_customer_id", "name", "email", "phone", "locale", "birthday")
    identifiers = {kind for one in found for kind in one.identifiers}
    removes = {field: sum(getattr(one, field) is not None for one in found) for field in fields}
    removes |= {f"{kind}_identifiers": sum(one.identifiers.get(kind, 0) for one in found) for kind in identifiers}
    removes["consents"] = len(said)
    return {
        "customers": [customer_id_text(one.customer) for one in found],
        "removes": {name: count for name, count in sorted(removes.items()) if count},
        "searches": ["dead letters that tell of the person, found by identifiers", "events that wait in the outbox"],
        "keeps": KEPT_BECAUSE,
    }


async def certificate(reads: Reads, erasure: Erasure, now: datetime) -> dict[str, Any]:
    """Who was asked, who answered when, what is gone, what stays and why, and until when topics may show it."""
    answers = await store.answers_of(reads, erasure)
    state = "complete" if erasure.completed_at else "waiting"
    return {
        "erasure": erasure.erasure_id,
        "customer": customer_id_text(erasure.customer),
        "state": state,
        "overdue": is_overdue(erasure, now),
        "reason": erasure.reason,
        "reference": erasure.reference,
        "requested_at": erasure.requested_at,
        "erased_at": erasure.erased_at,
        "completed_at": erasure.completed_at,
        "asked": list(erasure.asked),
        "waiting": waiting(erasure, answers),
        "answers": [one._asdict() for one in answers],
        "kept_because": {kind: KEPT_BECAUSE[kind] for one in answers for kind in one.kept if kind in KEPT_BECAUSE},
        "topics": _topics(erasure),
    }


def _topics(erasure: Erasure) -> list[dict[str, Any]]:
    since = erasure.erased_at
    cleared = erasure.raw_cleared_at
    return [
        {
            "topic": "customers.v1",
            "how": "tombstones; the log cleaner removes what lies before them, once the partition is written to again",
            "gone_by": None if since is None else since + _COMPACTED_AFTER,
        },
        {
            "topic": "raw.*.v1",
            "how": "cut off behind all that was taken in" if cleared else f"kept for {RAW_DAYS} days",
            "gone_by": cleared or (None if since is None else since + _RAW_GONE_AFTER),
        },
        {"topic": "all others", "how": "hold ids only", "gone_by": since},
    ]
