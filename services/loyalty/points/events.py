"""What a customer notices of the ledger, as the contract has it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from msgspec import UNSET

from services.loyalty.points.domain import book, model
from services.loyalty.points.domain.buckets import NEVER, Bucket, Happening, Kind
from services.loyalty.points.domain.model import Cause
from services.loyalty.points.domain.terms import Terms
from shared.contracts import loyalty as contract
from shared.contracts.envelope import Envelope, Origin
from shared.kernel import CustomerId, customer_id_text, derive_event_id, moment_of

SOURCE = "mandegar/loyalty"
KINDS: dict[int, contract.SourceKind] = {
    model.Source.ORDER: "order",
    model.Source.INTERACTION: "interaction",
    model.Source.CORRECTION: "correction",
    model.Source.REWARD: "reward",
}
_FORMS: dict[Happening, type[contract.PointsEarned]] = {
    "earned": contract.PointsEarned,
    "activated": cast(type[contract.PointsEarned], contract.PointsActivated),
    "redeemed": cast(type[contract.PointsEarned], contract.PointsRedeemed),
    "expired": cast(type[contract.PointsEarned], contract.PointsExpired),
    "clawed_back": cast(type[contract.PointsEarned], contract.PointsClawedBack),
    "restored": cast(type[contract.PointsEarned], contract.PointsRestored),
}
TYPES: dict[Happening, str] = {word: str(form.__struct_config__.tag) for word, form in _FORMS.items()}


def told(telling: book.Telling, terms: Terms, sequence: int) -> Envelope:
    """Entries of one transaction."""
    entries, word = telling.entries, telling.happening
    counted = [entry for entry in entries if entry.debit is not Bucket.OWED or entry.kind is Kind.OWE]
    keys = {entry.n: key for entry, key in zip(entries, telling.keys, strict=True)}
    named = [(keys[entry.n], entry.points) for entry in counted]
    parts = parts_of((key.rule, key.line, points) for key, points in named if key.rule)
    versions = {key.version for key in telling.keys if key.rule}
    expiry = min(entry.expires_day for entry in entries)
    name, first = name_of(entries[0].who.customer), entries[0].n
    return _FORMS[word](
        id=event_id(terms.slug, telling.cause.at, f"{name}:{first}", TYPES[word]),
        **_attributes(name, telling.cause, terms, sequence),
        data=contract.PointsChange(
            customer=name,
            posting=entries[-1].n,
            points=sum(entry.points for entry in counted),
            balance=balance(telling.balance),
            source=_source(telling),
            programme=versions.pop() if len(versions) == 1 else None,
            parts=[contract.Part(rule=rule, points=one, line=line or None) for (rule, line), one in parts.items()],
            pending=sum(entry.points for entry in entries if entry.credit is Bucket.PENDING),
            active_at=start_of(terms, telling.starts_day),
            expires_at=start_of(terms, expiry) if word in ("earned", "activated", "restored") else None,
            owed=sum(entry.points for entry in entries if entry.kind is Kind.OWE),
            forgiven=sum(entry.points for entry in entries if entry.kind is Kind.FORGIVE),
            reason=telling.cause.reason,
        ),
    )


def expiring(notice: book.Expiring, terms: Terms, sequence: int) -> Envelope:
    """Points that will expire."""
    name = name_of(notice.who.customer)
    cause = f"{name}:{notice.day}:{notice.expires_day}:{notice.lead}"
    return contract.PointsExpiring(
        id=event_id(terms.slug, notice.cause.at, cause, "points.expiring"),
        **_attributes(name, notice.cause, terms, sequence),
        data=contract.PointsChange(
            customer=name,
            posting=notice.posting,
            points=notice.points,
            balance=balance(notice.balance),
            source=contract.Source(kind="term"),
            expires_at=start_of(terms, notice.expires_day),
            days=notice.expires_day - notice.day,
        ),
    )


def _source(telling: book.Telling) -> contract.Source:
    """What had it done: a redemption, the term of points, or what the points were earned for."""
    first, key = telling.entries[0], telling.keys[0]
    if first.kind in (Kind.ACTIVATE, Kind.EXPIRE):
        return contract.Source(kind="term")
    if first.kind is Kind.ADJUST:
        return contract.Source(kind="correction", id=key.source if first.debit is Bucket.ADJUSTED else _bare(first))
    if first.source:
        return contract.Source(kind="reward", id=first.source)
    return contract.Source(kind=KINDS[key.source_kind], id=key.source)


def _bare(entry: model.Entry) -> str:
    """The name of a correction downwards."""
    return entry.source.partition(":")[2]


def _attributes(name: str, cause: Cause, terms: Terms, sequence: int) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "subject": name,
        "time": moment_of(cause.at),
        "shop": terms.slug,
        "origin": cast(Origin, cause.origin),
        "sequence": sequence,
        "causationid": cause.event_id or UNSET,
        "correlationid": cause.correlation or UNSET,
    }


def event_id(slug: str, at: int, cause: str, event_type: str) -> str:
    """The same for the same posting, whenever it is published."""
    return derive_event_id(at // 1000, slug, cause, event_type)


def balance(of: book.Balance) -> contract.Balance:
    """As the contract has it."""
    return contract.Balance(active=of.active, pending=of.pending, held=of.held, owed=of.owed)


def start_of(terms: Terms, day: int) -> datetime | None:
    """When a day begins; None for never, or not known."""
    return None if day in (0, NEVER) else moment_of(terms.start_of(day))


def name_of(customer: int) -> str:
    """The customer as events name them."""
    return customer_id_text(CustomerId(customer))


def parts_of(pairs: Iterable[tuple[str, str, int]]) -> dict[tuple[str, str], int]:
    """Points by rule and line, in order of appearance."""
    found: dict[tuple[str, str], int] = {}
    for rule, line, points in pairs:
        found[rule, line] = found.get((rule, line), 0) + points
    return found
