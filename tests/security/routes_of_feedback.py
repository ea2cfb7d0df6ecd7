"""Rows of feedback: see `routes`."""

from __future__ import annotations

from tests.security.feedback import SURVEY, case_of, survey_of
from tests.security.ground import OWN, Place, customer_of
from tests.security.rows import AS_OF, AUDIT, Row, of_customer


def _survey(_place: Place, shop: str) -> dict[str, str]:
    return {"survey": survey_of(shop)}


def _case(_place: Place, shop: str) -> dict[str, str]:
    return {"case": case_of(shop)}


_ASKED = {"customer": customer_of(OWN), "survey": survey_of(OWN)}
FEEDBACK: dict[str, Row] = {
    "GET /v1/surveys": Row(),
    "GET /v1/surveys/ready": Row(),
    "POST /v1/surveys": Row(body={"survey": "pulse", **SURVEY}),
    "GET /v1/surveys/{survey}": Row(_survey),
    "GET /v1/invitations": Row(query={"customer": customer_of(OWN)}),
    "POST /v1/invitations": Row(body={**_ASKED, "occasion": "visit-7"}),
    "GET /v1/policy": Row(),
    "PUT /v1/policy": Row(body={"rest_days": 30}),
    "GET /v1/answers": Row(query=_ASKED),
    "POST /v1/answers": Row(body={**_ASKED, "ref": "call-1", "answers": {"score": 9}}),
    "GET /v1/scores": Row(query={"measure": "nps", "as_of": AS_OF}),
    "GET /v1/scores/series": Row(query={"measure": "nps", "since": AS_OF, "until": AS_OF}),
    "GET /v1/cases": Row(query={"customer": customer_of(OWN)}),
    "POST /v1/cases": Row(body={"customer": customer_of(OWN), "cause": "complaint", "ref": "mail-77", "about": "Late"}),
    "GET /v1/cases/{case}": Row(_case),
    "POST /v1/cases/{case}/assign": Row(_case, body={"owner": "u-17"}),
    "POST /v1/cases/{case}/contacts": Row(_case, body={"ref": "call-1", "channel": "phone", "text": "Said sorry"}),
    "POST /v1/cases/{case}/compensate": Row(_case, body={"ref": "sorry-1", "points": 100, "text": "For the trouble"}),
    "POST /v1/cases/{case}/solve": Row(_case, body={"outcome": "replaced"}),
    "POST /v1/cases/{case}/reopen": Row(_case),
    "GET /v1/customers/{customer}/export": Row(of_customer),
    **AUDIT,
}
