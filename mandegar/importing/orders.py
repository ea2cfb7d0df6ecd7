"""Rows of a table as messages of the raw topic, by a plan. Pure and deterministic but for a scratch file on disk."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from mandegar.importing.amounts import read_amount, read_currency
from mandegar.importing.counting import Occurrences
from mandegar.importing.dates import moment_reader
from mandegar.importing.headings import AMOUNTS, LINES, WORTH
from mandegar.importing.planning import Plan
from mandegar.importing.reading import rows_of
from mandegar.importing.refusals import RefusedRow
from mandegar.importing.statuses import Standing, standing_of
from mandegar.replaying import Message
from mandegar.replaying.fields import FieldError
from mandegar.replaying.messages import identity_key
from mandegar.replaying.reading import Row
from shared.contracts.raw_orders import RawOrder, RawProduct
from shared.kernel import derive_event_id, fold_digits

COMPLETED, CANCELLED, REFUNDED = "Order Completed", "Order Cancelled", "Order Refunded"
SOURCE = "import"
_LINES_MAX = 1_000
_WHO = ("customer_id", "phone", "email")
_TEXTS = ("name", "coupon")
_SUMS = ("subtotal", "total", "tax", "shipping", "discount")
_SHORTENED = re.compile(r"\d[.,]?\d*[eE]\+?\d+")
_WHOLE = re.compile(r"\d{1,6}(?:\.0+)?")
_ENCODER = msgspec.json.Encoder()


class Imported(NamedTuple):
    """What an order came to, for a preview."""

    order_id: str
    occurred_at: datetime
    type: str
    amount: Decimal
    currency: str
    lines: int
    messages: tuple[Message, ...]


def orders_of(plan: Plan) -> Iterator[Message | RefusedRow]:
    """Every row, in the file's order, as messages or as a refusal. Raises Unsettled, ValueError for an unknown zone."""
    for entry in read_orders(plan):
        if isinstance(entry, Imported):
            yield from entry.messages
        else:
            yield entry


def read_orders(plan: Plan) -> Iterator[Imported | RefusedRow]:
    """The same, order by order."""
    plan.check()
    reader = _Reader(plan)
    with Occurrences() as occurrences:
        for rows in _groups(plan, rows_of(plan.table)):
            try:
                yield reader.order(rows, occurrences)
            except FieldError as error:
                place = plan.positions.get(error.field)
                column = error.field if place is None else plan.table.header[place]
                for row in rows:
                    yield RefusedRow(row.line, column, error.reason, error.remedy, "", tuple(row.cells))


def _groups(plan: Plan, rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows of one order, which stand together: exports with a row for each line repeat the order's number alone."""
    group: list[Row] = []
    place = plan.positions["order_id"] if plan.has_lines else None
    for row in rows:
        goes_on = (
            place is not None
            and bool(group)
            and len(group) < _LINES_MAX
            and min(len(row.cells), len(group[0].cells)) > place
            and row.cells[place] == group[0].cells[place] != ""
        )
        if group and not goes_on:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


class _Reader:
    """Reads orders by a plan, and numbers their messages."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        mapping = plan.mapping
        self._moment: Callable[[str], datetime] = moment_reader(plan.zone, mapping.dates or "ymd", mapping.calendar)
        self._place = 0

    def order(self, rows: list[Row], occurrences: Occurrences) -> Imported:
        for row in rows:
            self._check(row)
        cells = {
            field: next((row.cells[at] for row in rows if row.cells[at]), "")
            for field, at in self._plan.positions.items()
        }
        currency = read_currency(cells.get("currency", ""), self._plan.currency)
        moment = self._moment(_needed(cells, "occurred_at"))
        amounts = {field: self._amount(field, cells, currency) for field in AMOUNTS if field not in LINES}
        revenue = _revenue(amounts)
        order_id = self._order_id(cells, occurrences)
        who = {field: _identifier(field, cells[field]) for field in _WHO if cells.get(field)}
        lines = [line for row in rows if (line := self._line(row, currency)) is not None]
        standing = standing_of(cells.get("status", ""))
        said: dict[str, Any] = {field: cells.get(field) for field in _TEXTS} | {name: amounts[name] for name in _SUMS}
        said = who | {field: value for field, value in said.items() if value not in (None, "")}
        data = RawOrder(order_id=order_id, revenue=revenue, currency=currency, products=lines, **said)
        key = identity_key(self._plan.shop, next(iter(who.values()), order_id))
        types = [(CANCELLED if standing is Standing.VOID else COMPLETED, data)]
        if standing is not Standing.VOID and (refund := _refund(data, amounts["refund_amount"], standing)) is not None:
            types.append((REFUNDED, refund))
        messages = tuple(self._message(rows[-1].line, key, type_, moment, said) for type_, said in types)
        return Imported(order_id, moment, types[0][0], revenue, currency, len(lines), messages)

    def _check(self, row: Row) -> None:
        if row.error:
            raise FieldError("", f"cannot be read: {row.error}", "correct the line")
        width = len(self._plan.table.header)
        if len(row.cells) < width:
            row.cells.extend([""] * (width - len(row.cells)))  # spreadsheets leave out empty cells at the end
        elif len(row.cells) > width and any(row.cells[width:]):
            reason = f"has {len(row.cells)} cells where the header has {width}"
            raise FieldError("", reason, "quote cells that hold the delimiter, or give --delimiter")
        for field, at in self._plan.positions.items():
            if not row.cells[at].isprintable():  # also catches the surrogates that stand for bytes that do not fit
                raise FieldError(field, "holds control characters or another encoding", "give --encoding")

    def _amount(self, field: str, cells: dict[str, str], currency: str) -> Decimal | None:
        text = cells.get(field, "")
        mapping = self._plan.mapping
        return read_amount(field, text, currency, mapping.decimal or ".", mapping.amounts) if text else None

    def _order_id(self, cells: dict[str, str], occurrences: Occurrences) -> str:
        if "order_id" not in cells:
            content = "\x1f".join(f"{field}={cells[field]}" for field in sorted(cells))
            digest = hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=10)
            count = occurrences.count(digest.digest())
            return f"r-{digest.hexdigest()}" if count == 1 else f"r-{digest.hexdigest()}-{count}"
        return fold_digits(_identifier("order_id", _needed(cells, "order_id")))

    def _line(self, row: Row, currency: str) -> RawProduct | None:
        cells = {field: row.cells[at] for field, at in self._plan.positions.items() if field in LINES}
        if not any(cells.values()):
            return None
        price = self._amount("line_price", cells, currency)
        quantity = fold_digits(cells.get("line_quantity", ""))
        if quantity and _WHOLE.fullmatch(quantity) is None:
            raise FieldError("line_quantity", "is no number of pieces", "write it as a whole number")
        said: dict[str, Any] = {"sku": cells.get("line_sku", ""), "name": cells.get("line_name", ""), "price": price}
        said["quantity"] = int(quantity.partition(".")[0]) if quantity else None
        return RawProduct(**{name: value for name, value in said.items() if value not in ("", None)})

    def _message(self, line: int, key: bytes, type_: str, moment: datetime, data: RawOrder) -> Message:
        plan = self._plan
        self._place += 1
        order_id = str(data.order_id)
        value = _ENCODER.encode(
            {
                "specversion": "1.0",
                "id": derive_event_id(int(moment.timestamp() * 1000), plan.shop, order_id, type_),
                "source": SOURCE,
                "type": type_,
                "subject": order_id,
                "time": moment,
                "shop": plan.shop,
                "origin": plan.origin,
                "data": data,
            }
        )
        return Message(line, key, value, moment, plan.shop, place=self._place)


def _needed(cells: dict[str, str], field: str) -> str:
    if not cells[field]:
        raise FieldError(field, "is empty", "fill it in")
    return cells[field]


def _identifier(field: str, text: str) -> str:
    if _SHORTENED.fullmatch(text):
        raise FieldError(field, "was shortened by a spreadsheet", "format the column as text, and export again")
    return text


def _revenue(amounts: dict[str, Decimal | None]) -> Decimal:
    """Goods after discounts, without tax and shipping: as the file has it, else what follows from the total."""
    for field in ("amount", "subtotal"):
        if (found := amounts[field]) is not None:
            return found
    total = amounts["total"]
    if total is None:
        raise FieldError(next(field for field in WORTH if field in amounts), "is empty", "fill it in")
    return max(total - (amounts["tax"] or 0) - (amounts["shipping"] or 0), Decimal(0))


def _refund(order: RawOrder, amount: Decimal | None, standing: Standing) -> RawOrder | None:
    """What was given back: so much, or everything where the order's status says so and no amount."""
    if amount:
        return RawOrder(order_id=order.order_id, refund_id=SOURCE, refund_amount=amount, currency=order.currency)
    return RawOrder(order_id=order.order_id) if standing is Standing.REFUNDED and amount is None else None
