"""What validation found, as field errors: where and why, never what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from starlette.requests import Request

from shared.problems import FieldError, Problem, invalid

_ERRORS_MAX = 20
# A name that a client made up is shown only when it looks like a name: it could be a phone number.
_SAFE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_SAFE_DIGITS_MAX = 4

_REASONS = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "json_invalid": "is not valid JSON",
    "date_from_datetime_parsing": "must be a date such as 2026-03-21",
    "date_parsing": "must be a date such as 2026-03-21",
    "date_type": "must be a date such as 2026-03-21",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_pattern_mismatch": "has the wrong form",
    "string_unicode": "must be valid Unicode",
    "model_attributes_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "list_type": "must be a list",
    "datetime_parsing": "must be a date and time with offset, such as 2026-03-21T12:00:00+03:30",
    "datetime_from_date_parsing": "must be a date and time with offset, such as 2026-03-21T12:00:00+03:30",
    "timezone_aware": "must have an offset from UTC",
    "value_error": "is not valid",
    "assertion_error": "is not valid",
}
# Limits come from our own declarations, so their numbers may be told.
_LIMITS = {
    "greater_than": ("must be greater than {}", "gt"),
    "greater_than_equal": ("must be at least {}", "ge"),
    "less_than": ("must be less than {}", "lt"),
    "less_than_equal": ("must be at most {}", "le"),
    "string_too_short": ("must have at least {} characters", "min_length"),
    "string_too_long": ("must have at most {} characters", "max_length"),
    "too_short": ("must have at least {} items", "min_length"),
    "too_long": ("must have at most {} items", "max_length"),
    "literal_error": ("must be one of {}", "expected"),
    "enum": ("must be one of {}", "expected"),
}


def validation_problem(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """422 from pydantic's or FastAPI's errors."""
    return invalid(*[FieldError(_where(e), _why(e)) for e in list(errors)[:_ERRORS_MAX]])


def _where(error: Mapping[str, Any]) -> str:
    # Where JSON broke off is a position, no field.
    location: Sequence[Any] = error["loc"][:1] if error["type"] == "json_invalid" else error["loc"]
    return ".".join(str(part) if isinstance(part, int) else safe_name(part) for part in location) or "request"


def _why(error: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    if kind in _LIMITS:
        text, key = _LIMITS[kind]
        limit = (error.get("ctx") or {}).get(key)
        if limit is not None:
            return text.format(limit)
    return _REASONS.get(kind, "is not valid")


def safe_name(name: str) -> str:
    """The name of a field as it may be shown."""
    digits = sum(character.isdigit() for character in name)
    return name if digits <= _SAFE_DIGITS_MAX and _SAFE_NAME.fullmatch(name) else "(unnamed)"


async def refuse_unknown_query(request: Request) -> None:
    """Dependency of every route: a parameter that is unknown, or given twice, is refused rather than ignored.

    But for pages, which are in no description: mail programs and shops add parameters of theirs to links.
    """
    given = [name for name, _value in request.query_params.multi_items()]
    if not given or not getattr(request.scope.get("route"), "include_in_schema", True):
        return
    known = _query_names(request)
    there_are = f"there are {', '.join(sorted(known))}" if known else "this route has none"
    unknown = f"is not a known parameter; {there_are}"
    errors = [FieldError(f"query.{safe_name(name)}", unknown) for name in given if name not in known]
    errors += [
        FieldError(f"query.{safe_name(name)}", "is given more than once")
        for name in sorted(set(given) & known)
        if given.count(name) > 1
    ]
    if errors:
        raise invalid(*dict.fromkeys(errors[:_ERRORS_MAX]))


def _query_names(request: Request) -> frozenset[str]:
    dependant = getattr(request.scope.get("route"), "dependant", None)
    if dependant is None:
        return frozenset()
    declared = [field for field in get_flat_params(dependant) if isinstance(field.field_info, Query)]
    return frozenset(field.alias for field in declared)
