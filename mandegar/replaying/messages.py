"""Rows of a file as messages of `raw.orders.v1`. Pure and deterministic: the same file gives the same bytes again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from mandegar.replaying.fields import FieldError, moment_reader, read_amount
from mandegar.replaying.mapping import CsvMapping
from mandegar.replaying.reading import Row, csv_rows, form_of, json_lines
from shared.contracts.envelope import Origin, message_key
from shared.contracts.raw_orders import RawOrderEvent
from shared.kernel import derive_event_id

COMPLETED = "Order Completed"
SOURCE = "replay"


@dataclass(frozen=True, slots=True)
class Message:
    """One event to produce, and the line it came from."""

    line: int
    key: bytes
    value: bytes
    occurred: datetime
    shop: str
    partition: int | None = None
    """Where it goes; None: where its key leads."""
    place: int = 0
    """Its number in the order of sending, where that is not the order of lines."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out: which line, which field, why, and what to do. `row` is as the file has it."""

    line: int
    field: str
    reason: str
    remedy: str
    row: str


@dataclass(frozen=True)
class Source:
    """A file and how to read it. `named` maps fields to headings; `shop` and `currency` fill in what is absent."""

    path: Path
    shop: str
    zone: str = "UTC"
    currency: str = "USD"
    origin: Origin = "live"
    delimiter: str | None = None
    date_format: str | None = None
    named: dict[str, str] = field(default_factory=dict)
    shops: frozenset[str] | None = None
    """Slugs of the shops that exist; lines that name another are refused. None: whatever is named goes out."""

    def fingerprint(self, content: str, target: str) -> str:
        """Hex digest of all that decides which messages go where, given the file's own digest and the target."""
        parts = (content, target, self.shop, self.zone, self.currency, self.origin, self.delimiter, self.date_format)
        named = sorted(self.named.items())
        return hashlib.sha256(repr((parts, named)).encode()).hexdigest()


def messages_of(source: Source) -> Iterator[Message | BadRow]:
    """Every row of the file, in its order, as a message or as a refusal.

    Raises MappingError when the header does not fit, ValueError for an unknown zone, OSError when it cannot be read.
    """
    return _from_json(source) if form_of(source.path) == "jsonl" else _from_csv(source)


def identity_key(shop: str, identity: str) -> bytes:
    """Message key of a raw event: events of one customer are in order, and the key tells nothing of the person."""
    return message_key(shop, hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest())


def _from_csv(source: Source) -> Iterator[Message | BadRow]:
    rows = csv_rows(source.path, source.delimiter)
    mapping = CsvMapping.of(next(rows).cells, source.named)
    read_moment = moment_reader(source.zone, source.date_format)
    seen: dict[bytes, int] = {}
    for row in rows:
        try:
            yield _csv_message(source, mapping, read_moment, seen, row)
        except FieldError as error:
            yield BadRow(row.line, error.field, error.reason, error.remedy, _printable(row.text))


def _csv_message(
    source: Source, mapping: CsvMapping, read_moment: Callable[[str], datetime], seen: dict[bytes, int], row: Row
) -> Message:
    if row.error:
        raise FieldError("", f"the row cannot be read: {row.error}", "correct the line")
    if len(row.cells) != mapping.width:
        reason = f"has {len(row.cells)} cells where the header has {mapping.width}"
        raise FieldError("", reason, "quote cells that hold the delimiter, or give --delimiter")
    cells = {name: row.cells[at].strip() for name, at in mapping.positions.items()}
    for name, cell in cells.items():
        if not cell.isprintable():  # also catches the surrogates that stand for bytes which are not UTF-8
            raise FieldError(name, "holds control characters or is not UTF-8", "save the file as UTF-8")
    currency = (cells.get("currency") or source.currency).upper()
    moment = read_moment(cells["occurred_at"])
    amount = read_amount(cells["amount"], currency)
    # An empty cell in a column that the file does have is a mistake of the row, not a wish for a derived id.
    order_id = cells["order_id"] if "order_id" in cells else _derived_order_id(cells, seen)
    if not order_id:
        raise FieldError("order_id", "is empty", "fill it in, or leave the whole column out")
    who = {name: cells[name] for name in ("customer_id", "phone", "email") if cells.get(name)}
    value = _encode(source, order_id, moment, {"order_id": order_id, **who, "revenue": amount, "currency": currency})
    return Message(row.line, identity_key(source.shop, next(iter(who.values()), order_id)), value, moment, source.shop)


def _derived_order_id(cells: dict[str, str], seen: dict[bytes, int]) -> str:
    """An id from the content of the row and how often that content came before in this file.

    So equal rows stay separate orders, and the ids do not depend on where in the file the rows stand.
    """
    content = "\x1f".join(f"{name}={cells[name]}" for name in sorted(cells))
    digest = hashlib.blake2b(content.encode(), digest_size=10)
    count = seen[digest.digest()] = seen.get(digest.digest(), 0) + 1
    return f"r-{digest.hexdigest()}" if count == 1 else f"r-{digest.hexdigest()}-{count}"


_ENCODER = msgspec.json.Encoder()


def _encode(source: Source, order_id: str, moment: datetime, data: dict[str, str | Decimal]) -> bytes:
    millis = int(moment.timestamp() * 1000)
    return _ENCODER.encode(
        {
            "specversion": "1.0",
            "id": derive_event_id(millis, source.shop, order_id, COMPLETED),
            "source": SOURCE,
            "type": COMPLETED,
            "subject": order_id,
            "time": moment,
            "shop": source.shop,
            "origin": source.origin,
            "data": data,
        }
    )


_RAW = msgspec.json.Decoder(RawOrderEvent)
_ANY = msgspec.json.Decoder(dict[str, Any])


def _from_json(source: Source) -> Iterator[Message | BadRow]:
    for line, text in json_lines(source.path):
        try:
            yield _json_message(source, line, text)
        except FieldError as error:
            yield BadRow(line, error.field, error.reason, error.remedy, _printable(text.decode("utf-8", "replace")))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            reason, _, place = str(error).partition(" - at `$.")
            row = _printable(text.decode("utf-8", "replace"))
            yield BadRow(line, place.rstrip("`"), reason, "see the JSON Schema of raw.orders.v1", row)


def _json_message(source: Source, line: int, text: bytes) -> Message:
    """The event as it stands; only an absent shop, and the origin of a backfill, are written into it."""
    event = _RAW.decode(text)
    shop = event.shop or source.shop
    if source.shops is not None and shop not in source.shops:
        raise FieldError("shop", "names no shop that exists", "add it by `mandegar shops add`, or correct the line")
    if event.time.tzinfo is None:
        raise ValueError("Expected a time with its offset, such as 2024-03-31T14:05:00Z - at `$.time`")
    if not event.shop or event.origin != source.origin:
        whole = _ANY.decode(text)
        whole["shop"] = shop
        whole["origin"] = "backfill" if source.origin == "backfill" else event.origin
        text = _ENCODER.encode(whole)
    data = event.data
    identity = next((str(value) for value in (data.customer_id, data.phone, data.email) if value), str(data.order_id))
    return Message(line, identity_key(shop, identity), text, event.time, shop)


def _printable(text: str) -> str:
    """The row for the file of bad rows: valid UTF-8, cut at a length that still shows what it was."""
    return text[:2000].encode("utf-8", "replace").decode()
