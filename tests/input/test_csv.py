"""CSV files become raw order events: mapping, dates, amounts, derived ids, bad rows."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from mandegar.replaying import MappingError, Source
from mandegar.replaying.fields import FieldError, moment_reader, read_amount
from shared.contracts.raw_orders import RawOrderEvent
from tests.input.recording import rows_of, write_csv

HEADER = "order_id,customer_id,occurred_at,amount,currency"


def events_of(source: Source) -> list[RawOrderEvent]:
    messages, bad = rows_of(source)
    assert not bad
    return [msgspec.json.decode(message.value, type=RawOrderEvent) for message in messages]


def test_a_row_becomes_a_completed_order(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "o.csv", HEADER, "7,c1,2024-03-01T10:00:00Z,12.50,EUR")
    (event,) = events_of(Source(path, "shop"))
    assert event.type == "Order Completed"
    assert (event.shop, event.subject, event.origin) == ("shop", "7", "live")
    assert event.time == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert (event.data.order_id, event.data.customer_id) == ("7", "c1")
    assert (event.data.revenue, event.data.currency) == (Decimal("12.50"), "EUR")


def test_headings_are_mapped_by_option_and_by_usual_names(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "o.csv", "Id;Customer ID;Paid On;Sum", "7;c1;2024-03-01;5")
    named = {"order_id": "Id", "occurred_at": "paid on", "amount": "SUM"}
    (event,) = events_of(Source(path, "shop", named=named, currency="KWD"))
    assert (event.data.order_id, event.data.customer_id, event.data.revenue) == ("7", "c1", Decimal(5))
    assert event.data.currency == "KWD"


def test_a_header_without_a_needed_column_names_the_option_that_settles_it(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "o.csv", "order_id,customer_id,when,amount", "7,c1,2024-03-01,5")
    with pytest.raises(MappingError, match="--map occurred_at=HEADING"):
        rows_of(Source(path, "shop"))


@pytest.mark.parametrize("named", [{"amount": "nowhere"}, {"price": "amount"}])
def test_a_mapping_that_fits_nothing_is_refused(tmp_path: Path, named: dict[str, str]) -> None:
    path = write_csv(tmp_path / "o.csv", HEADER)
    with pytest.raises(MappingError):
        rows_of(Source(path, "shop", named=named))


def test_a_packed_file_of_blank_separated_columns_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.txt.gz"
    path.write_bytes(gzip.compress(b" customer_id  date  cds  dollars\r\n 00001 19970101  1   11.77\r\n"))
    (event,) = events_of(Source(path, "shop", named={"amount": "dollars"}))
    assert (event.data.customer_id, event.data.revenue) == ("00001", Decimal("11.77"))


def test_equal_rows_without_an_order_id_stay_separate_orders_with_ids_that_do_not_depend_on_their_place(
    tmp_path: Path,
) -> None:
    header, row, other = "customer_id,date,amount", "c1,2024-03-01,5", "c2,2024-03-02,6"
    first = events_of(Source(write_csv(tmp_path / "a.csv", header, row, row, other), "shop"))
    second = events_of(Source(write_csv(tmp_path / "b.csv", header, other, row, row), "shop"))
    assert len({event.data.order_id for event in first}) == 3
    assert {event.id for event in first} == {event.id for event in second}


def test_one_order_twice_in_a_file_is_one_event_and_another_shop_has_another_id(tmp_path: Path) -> None:
    row = "7,c1,2024-03-01,5,EUR"
    path = write_csv(tmp_path / "o.csv", HEADER, row, row)
    messages, _ = rows_of(Source(path, "shop"))
    assert messages[0].value == messages[1].value
    assert events_of(Source(path, "shop"))[0].id != events_of(Source(path, "other"))[0].id


def test_the_key_is_the_same_for_a_customers_orders_and_does_not_show_the_customer(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "o.csv", HEADER, "7,c-secret,2024-03-01,5,EUR", "8,c-secret,2024-03-02,5,EUR")
    messages, _ = rows_of(Source(path, "shop"))
    assert messages[0].key == messages[1].key
    assert b"c-secret" not in messages[0].key


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("7,c1,yesterday,5,EUR", "occurred_at"),
        ("7,c1,03/04/2024,5,EUR", "occurred_at"),
        ("7,c1,1066-10-14,5,EUR", "occurred_at"),
        ("7,c1,2024-02-30,5,EUR", "occurred_at"),
        ("7,c1,2024-03-01,five,EUR", "amount"),
        ("7,c1,2024-03-01,NaN,EUR", "amount"),
        ("7,c1,2024-03-01,1e400,EUR", "amount"),
        ("7,c1,2024-03-01,-5,EUR", "amount"),
        ("7,c1,2024-03-01,,EUR", "amount"),
        ("7,c1,2024-03-01,5,EURO", "currency"),
        (",c1,2024-03-01,5,EUR", "order_id"),
        ("7,c\x00,2024-03-01,5,EUR", "customer_id"),
        ("7,c1,2024-03-01,5", ""),
        ("7,c1,2024-03-01,1,200,EUR", ""),
    ],
)
def test_a_bad_row_is_left_out_with_line_field_and_remedy(tmp_path: Path, row: str, field: str) -> None:
    path = write_csv(tmp_path / "o.csv", HEADER, "1,c1,2024-03-01,5,EUR", row, "2,c1,2024-03-02,5,EUR")
    messages, (bad,) = rows_of(Source(path, "shop"))
    assert [message.line for message in messages] == [2, 4]
    assert (bad.line, bad.field, bad.row) == (3, field, row)
    assert bad.reason
    assert bad.remedy


def test_bytes_that_are_not_utf8_make_one_bad_row_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_bytes(HEADER.encode() + b"\n1,caf\xe9,2024-03-01,5,EUR\n2,c1,2024-03-01,5,EUR\n")
    messages, (bad,) = rows_of(Source(path, "shop"))
    assert len(messages) == 1
    assert (bad.line, bad.field) == (2, "customer_id")
    msgspec.json.encode(bad)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-03-22", "2022-03-22T01:00:00+04:30"),  # Tehran had no midnight that day
        ("20220322", "2022-03-22T01:00:00+04:30"),
        ("۲۰۲۲/۳/۲۲", "2022-03-22T01:00:00+04:30"),
        ("2022-03-22 00:30", "2022-03-22T01:30:00+04:30"),
        ("2022-03-23 14:05:06", "2022-03-23T14:05:06+04:30"),
        ("2022-03-23T14:05:06+01:00", "2022-03-23T17:35:06+04:30"),
        ("2022-03-23 14:05:06 UTC", "2022-03-23T18:35:06+04:30"),
        ("1648044306", "2022-03-23T18:35:06+04:30"),
        ("1648044306123", "2022-03-23T18:35:06.123+04:30"),
    ],
)
def test_times_without_an_offset_are_those_of_the_shops_zone(text: str, expected: str) -> None:
    moment = moment_reader("Asia/Tehran", None)(text)
    assert moment == datetime.fromisoformat(expected)
    assert moment.astimezone(ZoneInfo("Asia/Tehran")).date() == datetime.fromisoformat(expected).date()


def test_a_given_format_settles_day_and_month() -> None:
    assert moment_reader("UTC", "%d/%m/%Y")("03/04/2024") == datetime(2024, 4, 3, tzinfo=UTC)
    assert moment_reader("UTC", "%m/%d/%Y %H:%M")("03/04/2024 17:30") == datetime(2024, 3, 4, 17, 30, tzinfo=UTC)
    with pytest.raises(FieldError, match="occurred_at"):
        moment_reader("UTC", "%d/%m/%Y")("2024-04-03")


def test_amounts_are_read_with_persian_digits_and_thousands_separators() -> None:
    assert read_amount("۱٬۲۵۰٬۰۰۰", "IRT") == Decimal(1250000)
    assert read_amount("1,234.50", "USD") == Decimal("1234.50")
    with pytest.raises(FieldError):
        read_amount("12,50", "EUR")
