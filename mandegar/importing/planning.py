"""The plan of an import: how a file is read, found in the file itself, and what nothing in it settles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import msgspec

from mandegar.importing.amounts import MarkFinding, find_mark
from mandegar.importing.dates import DateFinding, find_order
from mandegar.importing.headings import AMOUNTS, FIELDS, LINES, WORTH, heading_key, propose
from mandegar.importing.mapping import Mapping, check_columns
from mandegar.importing.reading import Table, open_table, rows_of
from mandegar.replaying import MappingError
from shared.contracts.envelope import Origin

SAMPLE_ROWS = 20_000
"""So many rows settle how dates and amounts are written; a later row that contradicts them is an error row."""


class Unsettled(MappingError):
    """The file leaves something open that would be guessed at. The message says what, and which option settles it."""


@dataclass(frozen=True)
class Plan:
    """How to read a file. `mapping` is settled: what was given, and what was found."""

    shop: str
    table: Table
    mapping: Mapping
    positions: dict[str, int]
    zone: str
    currency: str
    origin: Origin
    dates: DateFinding
    marks: MarkFinding
    open: tuple[str, ...]
    """What must be settled before anything is sent, in sentences."""

    @property
    def has_lines(self) -> bool:
        """Whether an order may take several rows, one for each of its lines."""
        return "order_id" in self.positions and any(field in self.positions for field in LINES)

    @property
    def unused(self) -> list[str]:
        """Headings that are no field's."""
        used = set(self.positions.values())
        return [heading for place, heading in enumerate(self.table.header) if place not in used]

    def fingerprint(self) -> bytes:
        """All that decides which messages a file gives, apart from the file."""
        return repr((self.shop, self.zone, self.currency, self.origin, msgspec.json.encode(self.mapping))).encode()

    def check(self) -> None:
        """Raises Unsettled."""
        if self.open:
            raise Unsettled("; ".join(self.open))


def plan_of(path: Path, shop: str, given: Mapping, *, zone: str, currency: str, origin: Origin) -> Plan:
    """Look at a file. `zone` and `currency`: the shop's. Raises MappingError for what fits no file at all."""
    check_columns(given.columns)
    table = open_table(path, given.encoding, given.delimiter)
    columns = propose(table.header, given.columns)
    positions = {field: _position(table.header, field, columns[field]) for field in FIELDS if field in columns}
    used_currency = given.currency or currency
    dates, marks = _look(table, positions, used_currency)
    mapping = Mapping(
        columns={field: columns[field] for field in positions},
        encoding=table.encoding,
        delimiter=table.delimiter,
        dates=given.dates or dates.order,
        calendar=given.calendar,
        zone=given.zone,
        currency=given.currency,
        decimal=given.decimal or marks.mark,
        amounts=given.amounts,
    )
    return Plan(
        shop=shop,
        table=table,
        mapping=mapping,
        positions=positions,
        zone=given.zone or zone,
        currency=used_currency.upper(),
        origin=origin,
        dates=dates,
        marks=marks,
        open=tuple(_open(table, positions, mapping, dates, marks)),
    )


def _position(header: list[str], field: str, heading: str) -> int:
    places = [place for place, name in enumerate(header) if name == heading]
    if not places:
        places = [place for place, name in enumerate(header) if heading_key(name) == heading_key(heading)]
    if len(places) != 1:
        how = "no" if not places else "more than one"
        raise MappingError(f"{field}: {how} heading {heading!r}. Headings: {', '.join(header)}")
    return places[0]


def _look(table: Table, positions: dict[str, int], currency: str) -> tuple[DateFinding, MarkFinding]:
    sample = [row.cells for row in islice(rows_of(table), SAMPLE_ROWS) if row.cells]

    def column(field: str) -> Iterable[str]:
        place = positions.get(field)
        return () if place is None else (cells[place] for cells in sample if place < len(cells))

    codes = {code.strip().upper() for code in islice(column("currency"), 100) if code.strip()}
    usual = codes.pop() if len(codes) == 1 else currency
    amounts = chain.from_iterable(column(field) for field in AMOUNTS)
    return find_order(column("occurred_at")), find_mark(amounts, usual)


def _open(
    table: Table, positions: dict[str, int], mapping: Mapping, dates: DateFinding, marks: MarkFinding
) -> Iterable[str]:
    if "occurred_at" not in positions:
        yield f"no column for the date: give --column occurred_at=HEADING. Headings: {', '.join(table.header)}"
    if not any(field in positions for field in WORTH):
        yield f"no column for the amount: give --column amount=HEADING. Headings: {', '.join(table.header)}"
    if mapping.dates is None and dates.day_first:
        yield (
            f"dates contradict each other: {dates.day_first:,} have the day first, {dates.month_first:,} the month; "
            "give --dates dmy or --dates mdy, and the others become error rows"
        )
    elif mapping.dates is None:
        yield f"{dates.either:,} dates could have day or month first: give --dates dmy or --dates mdy"
    if mapping.decimal is None:
        yield (
            f"{marks.doubtful:,} amounts could be read in two ways, such as 1.234: "
            "give --decimal . or --decimal , for what stands before the fraction"
        )
