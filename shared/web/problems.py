"""Problems as HTTP answers: problem+json (RFC 9457), and how the API's description shows them."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from shared.problems import (
    FieldError,
    Problem,
    changed_meanwhile,
    conflict,
    forbidden,
    invalid,
    not_found,
    too_large,
    too_many,
    unauthenticated,
    unavailable,
    unsupported_media_type,
)

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:mandegar:problem:"


def problem_response(problem: Problem, request_id: str = "") -> JSONResponse:
    """The HTTP answer."""
    body: dict[str, Any] = {"type": _TYPE + problem.code, "title": problem.title, "status": problem.status}
    if problem.detail:
        body["detail"] = problem.detail
    if problem.errors:
        body["errors"] = [error._asdict() for error in problem.errors]
    if request_id:
        body["request_id"] = request_id
    return JSONResponse(body, problem.status, problem.headers, MEDIA_TYPE)


PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457. `errors` names each field and what is wrong with it.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "Stable name of the kind of problem"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do about it"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route or an app: how these statuses look, with an example."""
    samples = {
        401: unauthenticated(),
        403: forbidden("metrics:read"),
        404: not_found(),
        409: conflict("merged-already", "The customer is merged into another", "`customer`: undo that merge first."),
        412: changed_meanwhile(),
        413: too_large(1_048_576),
        415: unsupported_media_type("application/json"),
        429: too_many(1),
        422: invalid(FieldError("query.as_of", "must be a date such as 2026-03-21")),
        503: unavailable(),
    }
    return {status: _documented(samples[status]) for status in statuses}


def _documented(sample: Problem) -> dict[str, Any]:
    example: dict[str, Any] = {"type": _TYPE + sample.code, "title": sample.title, "status": sample.status}
    if sample.detail:
        example["detail"] = sample.detail
    if sample.errors:
        example["errors"] = [error._asdict() for error in sample.errors]
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": sample.title, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}
