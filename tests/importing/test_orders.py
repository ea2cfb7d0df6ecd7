"""Tables of shops become raw orders: headings in three languages, several encodings, orders of several rows."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from mandegar.importing import ErrorRows, Mapping, Unsettled, load_mapping, preview, save_mapping
from mandegar.replaying import MappingError
from tests.importing.ground import entries, events, planned, written

_PERSIAN = (
    "شماره‌سفارش;تاریخ سفارش;مبلغ;واحد پول;شماره موبایل;وضعيت",
    "۱۰۴۲;۱۴۰۳/۰۱/۰۲ ۱۸:۰۵;۲۵۰٬۰۰۰;تومان;۰۹۱۲۱۲۳۴۵۶۷;تکمیل شده",
)
_ARABIC = ("رقم الطلب,تاريخ الطلب,الإجمالي,الضريبة,البريد الالكتروني", "77,21/03/2024,115.00,15.00,a@shop.example")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_persian_table_is_read_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "o.csv", *_PERSIAN, encoding=encoding)
    (event,) = events(planned(path, zone="Asia/Tehran", currency="IRR"))
    assert (event.data.order_id, event.data.revenue, event.data.currency) == ("1042", Decimal(250000), "IRT")
    assert event.time == datetime(2024, 3, 21, 14, 35, tzinfo=UTC)
    assert event.data.phone == "۰۹۱۲۱۲۳۴۵۶۷"
    assert (event.type, event.origin, event.source) == ("Order Completed", "backfill", "import")


def test_an_arabic_table_in_windows_1256_is_recognised_and_tax_is_no_revenue(tmp_path: Path) -> None:
    plan = planned(written(tmp_path / "o.csv", *_ARABIC, encoding="windows-1256"), currency="SAR")
    assert plan.table.encoding == "windows-1256"
    (event,) = events(plan)
    assert (event.data.order_id, event.data.revenue, event.data.total) == ("77", Decimal(100), Decimal(115))
    assert event.time == datetime(2024, 3, 21, tzinfo=UTC)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_any_delimiter_also_packed_and_behind_a_spreadsheets_own_line(tmp_path: Path, sign: str) -> None:
    lines = (f"sep={sign}", sign.join(("Order ID", "Date", "Amount")), sign.join(("7", "2024-03-21", "5")))
    path = tmp_path / "o.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    (event,) = events(planned(path))
    assert (event.data.order_id, event.data.revenue) == ("7", Decimal(5))


def test_an_export_with_a_row_for_each_line_gives_one_order_with_its_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path / "shopify.csv",
        "Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Lineitem quantity,Lineitem name,"
        "Lineitem price,Lineitem sku,Refunded Amount",
        "#1001,a@shop.example,paid,2024-03-21 09:30:00 -0400,USD,41.00,5.00,3.28,49.28,2,Mug,10.00,MUG-1,8.20",
        "#1001,a@shop.example,,,,,,,,1,Plate,21.00,PLATE,",
        "#1002,b@shop.example,voided,2024-03-22 09:30:00 -0400,USD,5.00,0,0,5.00,1,Mug,5.00,MUG-1,0.00",
    )
    order, refund, void = events(planned(path))
    assert (order.data.order_id, order.data.revenue, order.data.email) == ("#1001", Decimal("41.00"), "a@shop.example")
    assert [(line.sku, line.quantity, line.price) for line in order.data.products] == [
        ("MUG-1", 2, Decimal("10.00")),
        ("PLATE", 1, Decimal("21.00")),
    ]
    assert order.time == datetime(2024, 3, 21, 13, 30, tzinfo=UTC)
    assert (refund.type, refund.data.order_id, refund.data.refund_amount) == (
        "Order Refunded",
        "#1001",
        Decimal("8.20"),
    )
    assert (void.type, void.data.order_id) == ("Order Cancelled", "#1002")


def test_an_order_that_its_status_calls_refunded_is_given_back_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", "order,date,amount,status", "1,2024-03-21,5,Refunded")
    order, refund = events(planned(path))
    assert (order.type, refund.type, refund.data.refund_amount) == (
        "Order Completed",
        "Order Refunded",
        __import__("msgspec").UNSET,
    )


def test_what_could_be_read_in_two_ways_is_asked_for_and_sent_by_nobody(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", "order;date;amount", "1;03/04/2024;1.234", "2;05/06/2024;2.000")
    plan = planned(path, currency="EUR")
    assert len(plan.open) == 2
    with pytest.raises(Unsettled, match=r"--dates.*--decimal"):
        entries(plan)
    assert len(preview(plan)["open"]) == 2
    first, second = events(planned(path, currency="EUR", dates="dmy", decimal=","))
    assert (first.data.revenue, first.time.date().isoformat()) == (Decimal(1234), "2024-04-03")
    assert second.data.revenue == Decimal(2000)


def test_without_a_date_or_amount_the_message_names_the_option(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", "order,when,what", "1,2024-03-21,5")
    assert len(planned(path).open) == 2
    with pytest.raises(Unsettled, match="--column occurred_at=HEADING"):
        entries(planned(path))
    assert len(events(planned(path, columns={"occurred_at": "WHEN", "amount": "what"}))) == 1
    with pytest.raises(MappingError, match="no heading"):
        planned(path, columns={"amount": "nowhere"})
    with pytest.raises(MappingError, match="no field"):
        planned(path, columns={"price of fish": "what"})


def test_a_mapping_is_saved_and_reads_the_next_file_alike(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", "Nr;wann;wieviel", "1;03/04/2024;1.234")
    columns = {"order_id": "Nr", "occurred_at": "wann", "amount": "wieviel"}
    plan = planned(path, currency="EUR", columns=columns, dates="dmy", decimal=",")
    save_mapping(plan.mapping, tmp_path / "m.json")
    loaded = load_mapping(tmp_path / "m.json")
    assert loaded == plan.mapping
    next_file = written(tmp_path / "p.csv", "wann;wieviel;Nr", "03/04/2024;1.234;1")
    given = {name: getattr(loaded, name) for name in Mapping.__struct_fields__ if name not in ("currency", "zone")}
    assert events(planned(next_file, currency="EUR", **given)) == events(plan)
    (tmp_path / "bad.json").write_text('{"colums": {}}')
    with pytest.raises(MappingError, match="no mapping"):
        load_mapping(tmp_path / "bad.json")


def test_error_rows_say_where_why_and_what_to_do_and_corrected_they_are_imported(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        "Order,Date,Amount,Mobile",
        "1,2024-03-21,5,+989121234567",
        "2,soon,5,+989121234568",
        "3,2024-03-21,five,9.12123E+11",
        "4,2024-03-21,7,9.12123E+11",
        "5,2024-03-21,8,=HYPERLINK(1)",
        "6,2024-03-21,8,x,y",
    )
    good, refused = entries(planned(path))
    assert [message.line for message in good] == [2, 6]
    assert [(row.line, row.field) for row in refused] == [(3, "Date"), (4, "Amount"), (5, "Mobile"), (7, "")]
    errors = tmp_path / "errors.csv"
    with ErrorRows(errors, ["Order", "Date", "Amount", "Mobile"]) as file:
        for row in refused:
            file.write(row)
    with errors.open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.reader(stream))
    assert table[0] == [
        "error_line",
        "error_column",
        "error_reason",
        "error_remedy",
        "Order",
        "Date",
        "Amount",
        "Mobile",
    ]
    assert table[1][4:] == ["2", "soon", "5", "'+989121234568"]
    assert all(row[2] and row[3] for row in table[1:])
    table[1][5] = "2024-03-22"
    with errors.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(table[:2])
    (event,) = events(planned(errors))
    assert (event.data.order_id, event.data.phone) == ("2", "+989121234568")


def test_an_order_one_of_whose_rows_is_bad_is_left_out_whole(tmp_path: Path) -> None:
    path = written(
        tmp_path / "o.csv",
        "order,date,amount,sku,quantity",
        "1,2024-03-21,5,a,1",
        "1,2024-03-21,5,b,many",
        "2,2024-03-21,5,a,1",
    )
    good, refused = entries(planned(path))
    assert ([message.line for message in good], [row.line for row in refused]) == ([4], [2, 3])


def test_the_same_file_gives_the_same_bytes_and_equal_rows_without_a_number_stay_apart(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", "date,amount,phone", *["2024-03-21,5,0912"] * 3, "2024-03-22,5,0912")
    first, second = entries(planned(path))[0], entries(planned(path))[0]
    assert first == second
    assert len({message.value for message in first}) == 4


def test_a_preview_shows_the_mapping_a_sample_and_every_problem_counted(tmp_path: Path) -> None:
    rows = [f"{n},2024-03-{n % 28 + 1:02},{'x' if n % 5 == 0 else n},cancelled" for n in range(1, 101)]
    shown = preview(
        planned(written(tmp_path / "o.csv", "Order No.,Purchase date,Amount,Status,Note", *[f"{row}," for row in rows]))
    )
    assert shown["columns"] == {
        "order_id": "Order No.",
        "occurred_at": "Purchase date",
        "amount": "Amount",
        "status": "Status",
    }
    assert (shown["unused"], shown["orders"], shown["cancelled"], shown["error_rows"]) == (["Note"], 80, 80, 20)
    (problem,) = shown["problems"]
    assert (problem["column"], problem["rows"], problem["first_line"]) == ("Amount", 20, 6)
    assert len(shown["sample"]) == 5


def test_a_file_without_headings_or_of_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="no line of headings"):
        planned(written(tmp_path / "e.csv"))
    with pytest.raises(MappingError, match="--encoding"):
        planned(written(tmp_path / "o.csv", *_PERSIAN), encoding="no-such")


def test_a_corrected_table_of_errors_is_read_by_the_mapping_of_the_table_that_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_bytes("Order;Date;مبلغ\r\n7;soon;1200\r\n".encode("windows-1256"))
    plan = planned(path)
    save_mapping(plan.mapping, tmp_path / "mapping.json")
    mapping = load_mapping(tmp_path / "mapping.json")
    assert (mapping.encoding, mapping.delimiter) == ("windows-1256", ";")
    good, refused = entries(plan)
    assert (good, len(refused)) == ([], 1)
    errors = tmp_path / "errors.csv"
    with ErrorRows(errors, plan.table.header, plan.table.delimiter) as file:
        file.write(refused[0])
    errors.write_text(errors.read_text("utf-8").replace("soon", "۱۴۰۳/۰۱/۰۵"), "utf-8")
    (event,) = events(planned(errors, encoding=mapping.encoding, delimiter=mapping.delimiter, columns=mapping.columns))
    assert (event.data.order_id, event.data.revenue) == ("7", Decimal("1200"))


def test_a_delimiter_that_is_none_is_refused_with_what_to_give(tmp_path: Path) -> None:
    path = written(tmp_path / "o.csv", "Order,Date,Amount", "1,2024-03-21,5")
    for delimiter in ("xx", '"', "\n"):
        with pytest.raises(MappingError, match="semicolon"):
            planned(path, delimiter=delimiter)
