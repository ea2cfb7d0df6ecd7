"""Answers as a table: CSV beside JSON, streamed, and harmless when a spreadsheet opens it.

A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return) gets an
apostrophe in front. Numbers are written as they are. Lines end with CR LF, as RFC 4180 has it. A byte order mark is
written only when asked for: programs stumble over it, and some spreadsheets read no UTF-8 without it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shared.problems import FieldError, invalid

Cell = str | int | float | date | bool | None
Row = Sequence[Cell]

MEDIA_TYPE = "text/csv"
CSV_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            MEDIA_TYPE: {
                "schema": {"type": "string"},
                "example": "customer,last_order_day\r\n1k5f0q2v9a3bd,2026-02-11\r\n",
            }
        }
    }
}
"""For `responses=` of a route that answers with either."""
_BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTED = frozenset(',"\r\n')


def csv_line(cells: Row) -> str:
    """One line of CSV, with its end."""
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        return repr(value)
    text = "'" + value if value.startswith(_FORMULA) else value
    return '"' + text.replace('"', '""') + '"' if _QUOTED.intersection(text) else text


async def _wants_csv(
    request: Request,
    form: Annotated[
        Literal["json", "csv"] | None,
        Query(alias="format", description="Overrides the header `Accept`, which may ask for `text/csv` as well."),
    ] = None,
    bom: Annotated[
        Literal["true", "false"], Query(description="Begin CSV with a byte order mark, for spreadsheets.")
    ] = "false",
) -> str | None:
    """What CSV begins with; None for JSON."""
    if form is None:
        form = "csv" if _prefers_csv(request.headers.get("accept", "")) else "json"
    if form == "json" and bom == "true":
        raise invalid(FieldError("query.bom", "goes with format=csv only"))
    return None if form == "json" else (_BOM if bom == "true" else "")


CsvStart = Annotated[str | None, Depends(_wants_csv)]
"""Of a route: None when JSON is wanted, else what the CSV begins with."""


def _prefers_csv(accept: str) -> bool:
    """Whether a header asks for CSV rather than for JSON."""
    weights = dict(_weight(part) for part in accept.split(",")[:50])
    asked = weights.get(MEDIA_TYPE, 0.0)
    return asked > max(weights.get(kind, 0.0) for kind in ("application/json", "application/*", "*/*"))


def _weight(part: str) -> tuple[str, float]:
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return kind, float(parameter[2:])
            except ValueError:
                return kind, 0.0
    return kind, 1.0


def csv_page(start: str, header: Row, rows: Iterable[Row], name: str, *, following: str | None = None) -> Response:
    """A table that is at hand. `following`: the address of the next page, told in the header `Link`."""
    text = start + csv_line(header) + "".join(map(csv_line, rows))
    return Response(text, media_type=MEDIA_TYPE, headers=_headers(name, following))


def csv_stream(start: str, header: Row, batches: AsyncIterator[Iterable[Row]], name: str) -> Response:
    """A table of any length, sent as it is read. A reading that fails breaks the answer off, visibly."""

    async def parts() -> AsyncIterator[str]:
        yield start + csv_line(header)
        async for batch in batches:
            yield "".join(map(csv_line, batch))

    return StreamingResponse(parts(), media_type=MEDIA_TYPE, headers=_headers(name))


def _headers(name: str, following: str | None = None) -> dict[str, str]:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return headers | ({"Link": f'<{following}>; rel="next"'} if following else {})
