"""Forms of the answers of the slice's routes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_CUSTOMER = "1k5f0q2v9a3bd"
ERASURE = "019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b14"
_TIME = "2026-03-21T09:30:00Z"


_CERTIFICATE: Any = {
    "erasure": ERASURE,
    "customer": _CUSTOMER,
    "state": "waiting",
    "overdue": False,
    "reason": "request",
    "reference": "DSR-2026-17",
    "requested_at": _TIME,
    "erased_at": _TIME,
    "completed_at": None,
    "asked": ["campaigns", "feedback", "gateway", "loyalty", "metrics"],
    "waiting": ["gateway"],
    "answers": [{"service": "metrics", "answered_at": _TIME, "removed": {}, "kept": {"orders": 3}}],
    "kept_because": {"orders": "sums rest on them"},
    "topics": [{"topic": "raw.*.v1", "how": "kept for 7 days", "gone_by": "2026-03-29T09:30:00Z"}],
}


class FoundAnswer(BaseModel):
    """Whom an identifier leads to."""

    customer: str = Field(description="The person, as all identities are counted.", examples=[_CUSTOMER])
    identities: list[str] = Field(description="All identities of the person.")

    model_config = ConfigDict(json_schema_extra={"example": {"customer": _CUSTOMER, "identities": [_CUSTOMER]}})


class ExportAnswer(BaseModel):
    """What gateway holds of a person."""

    service: str
    customer: str
    identities: list[dict[str, Any]] = Field(description="Contacts as last known, and how many identifiers lead there.")
    consents: list[dict[str, Any]] = Field(description="All statements, the oldest first, with their evidence.")
    merges: list[dict[str, Any]] = Field(description="What was merged and undone, with what staff wrote beside it.")
    erasure: str | None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "service": "gateway",
                "customer": _CUSTOMER,
                "identities": [{"customer": _CUSTOMER, "shop_customer_id": "77", "identifiers": {"phone": 1}}],
                "consents": [],
                "merges": [],
                "erasure": None,
            }
        }
    )


class PreviewAnswer(BaseModel):
    """What an erasure would do."""

    customers: list[str] = Field(description="All identities of the person.")
    removes: dict[str, int] = Field(description="What is known to go, by kind.")
    searches: list[str] = Field(description="Where more may be found while it is done.")
    keeps: dict[str, str] = Field(description="What stays, and why.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customers": [_CUSTOMER],
                "removes": {"email": 1, "email_identifiers": 1},
                "searches": ["events that wait in the outbox"],
                "keeps": {"orders": "sums rest on them"},
            }
        }
    )


class ServiceAnswer(BaseModel):
    """What one service did."""

    service: str
    answered_at: datetime
    removed: dict[str, int]
    kept: dict[str, int]


class TopicAnswer(BaseModel):
    """When a topic has forgotten."""

    topic: str
    how: str
    gone_by: datetime | None


class CertificateAnswer(BaseModel):
    """What became of an erasure. Holds nothing personal itself."""

    erasure: str
    customer: str
    state: str = Field(description="`waiting` or `complete`.")
    overdue: bool = Field(description="Not complete an hour after it was asked for.")
    reason: str
    reference: str
    requested_at: datetime
    erased_at: datetime | None = Field(description="Contacts and identifiers were deleted.")
    completed_at: datetime | None = Field(description="All services had answered.")
    asked: list[str]
    waiting: list[str] = Field(description="Services that have not answered.")
    answers: list[ServiceAnswer]
    kept_because: dict[str, str]
    topics: list[TopicAnswer]

    model_config = ConfigDict(json_schema_extra={"example": _CERTIFICATE})


class ErasuresAnswer(BaseModel):
    """The newest erasures."""

    erasures: list[CertificateAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"erasures": [_CERTIFICATE]}})


class InactiveAnswer(BaseModel):
    """Whom a term would erase."""

    months: int
    not_heard_of_since: datetime
    customers: int

    model_config = ConfigDict(
        json_schema_extra={"example": {"months": 24, "not_heard_of_since": _TIME, "customers": 12}}
    )
