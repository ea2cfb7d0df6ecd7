"""Rows of feedback: see `routes`."""

from __future__ import annotations

from tests.security.feedback import SURVEY, survey_of
from tests.security.ground import OWN, Place, customer_of
from tests.security.rows import AUDIT, Row, of_customer


def _survey(_place: Place, shop: str) -> dict[str, str]:
    return {"survey": survey_of(shop)}


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
    "GET /v1/customers/{customer}/export": Row(of_customer),
    **AUDIT,
}
