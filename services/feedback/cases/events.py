"""Domain → contract: cases as they change, and points for a customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from services.feedback.cases.domain import Case, Contact, State
from services.feedback.surveys import SOURCE, name_of
from shared.contracts.feedback import (
    CaseAssigned,
    CaseChange,
    CaseContacted,
    CaseEscalated,
    CaseOpened,
    CaseOutcome,
    CaseReopened,
    CaseSolved,
)
from shared.contracts.loyalty_requests import PointsRequest, PointsRequested
from shared.kernel import derive_event_id

Form = (
    type[CaseOpened]
    | type[CaseAssigned]
    | type[CaseContacted]
    | type[CaseEscalated]
    | type[CaseSolved]
    | type[CaseReopened]
)
_REASON = "case_compensation"


def told(form: Form, case: Case, *, slug: str, now: datetime, sequence: int) -> Any:
    """A case after a change. A sequence number is given once, so it makes the event's id."""
    about = _attributes(case, slug, now, sequence)
    cause = f"{case.id}\x1f{sequence}"
    ident = derive_event_id(int(now.timestamp() * 1000), slug, cause, str(form.__struct_config__.tag))
    data = CaseChange(
        case=case.id,
        customer=name_of(case.customer),
        cause=case.cause,
        state="open" if case.state is State.OPEN else "solved",
        opened_at=case.opened_at,
        due_at=case.due_at,
        owner=case.owner or None,
        escalations=case.escalations,
        reopened=case.reopened,
        contacts=case.contacts,
        survey=case.survey,
        score=case.score,
        answer=case.answer,
        outcome=cast(CaseOutcome, case.outcome) if case.outcome else None,
    )
    return form(id=ident, **about, data=data)


def points(case: Case, contact: Contact, *, slug: str, now: datetime, sequence: int) -> PointsRequested:
    """Points that loyalty is to give: once for each compensation."""
    assert contact.points is not None, "points are given"
    request = f"{case.id}:{contact.ref}"
    return PointsRequested(
        id=derive_event_id(0, slug, request, "points.requested"),
        **_attributes(case, slug, now, sequence),
        data=PointsRequest(
            id=request, customer=name_of(case.customer), points=contact.points, reason=_REASON, ref=f"case:{case.id}"
        ),
    )


def _attributes(case: Case, slug: str, now: datetime, sequence: int) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "subject": name_of(case.customer),
        "time": now,
        "shop": slug,
        "sequence": sequence,
        "correlationid": case.id,
        "receivedat": now,
    }
