"""Web: what every HTTP API of the platform shares: application factory, problems, keys, health, paging, the API page.

What may not live here: a route, a rule or a query of a service.
"""

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
    unavailable,
    unsupported_media_type,
)
from shared.web.access import AllowWriteKey, UndeclaredRoute, allow, public
from shared.web.app import create_app
from shared.web.callers import Caller
from shared.web.customers import CUSTOMER_PATTERN, customer_number
from shared.web.database import ClockDep, Database, DatabaseDep
from shared.web.exports import EXPORTED_EXAMPLE, ExportCaller, ExportedCustomer, exported
from shared.web.health import Check
from shared.web.paging import Cursor, Digits, Limit, Page, read_cursor, write_cursor
from shared.web.problems import problem_responses
from shared.web.repeating import REPLAYED, Once, OnceDep
from shared.web.strict_json import why_refused
from shared.web.tables import CSV_RESPONSE, CsvStart, csv_page, csv_stream

__all__ = [
    "CSV_RESPONSE",
    "CUSTOMER_PATTERN",
    "EXPORTED_EXAMPLE",
    "REPLAYED",
    "AllowWriteKey",
    "Caller",
    "Check",
    "ClockDep",
    "CsvStart",
    "Cursor",
    "Database",
    "DatabaseDep",
    "Digits",
    "ExportCaller",
    "ExportedCustomer",
    "FieldError",
    "Limit",
    "Once",
    "OnceDep",
    "Page",
    "Problem",
    "UndeclaredRoute",
    "allow",
    "changed_meanwhile",
    "conflict",
    "create_app",
    "csv_page",
    "csv_stream",
    "customer_number",
    "exported",
    "forbidden",
    "invalid",
    "not_found",
    "problem_responses",
    "public",
    "read_cursor",
    "too_large",
    "too_many",
    "unavailable",
    "unsupported_media_type",
    "why_refused",
    "write_cursor",
]
