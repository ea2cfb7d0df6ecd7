"""Whatever stands in a table: each row becomes messages that can be read, or an error row; nothing breaks it."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mandegar.importing import ErrorRows, preview
from shared.contracts.raw_orders import RawOrderEvent
from tests.importing.ground import entries, planned

_HEADER = ["order", "date", "amount", "currency", "phone", "status", "refunded", "sku", "quantity", "unit price"]
_DATES = st.one_of(
    st.dates().map(str),
    st.from_regex(r"[0-9۰-۹]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}( [0-9]{1,2}:[0-9]{2})?", fullmatch=True),
    st.text(max_size=20),
)
_AMOUNTS = st.one_of(
    st.from_regex(r"[-(]?[0-9۰-۹]{1,12}([.,٫٬][0-9]{1,4}){0,3}[)€$]?", fullmatch=True), st.text(max_size=9)
)
_CELLS = st.tuples(
    *(st.text(max_size=6), _DATES, _AMOUNTS, st.sampled_from(["", "USD", "تومان", "QQQ", "$"]), st.text(max_size=9)),
    *(
        st.sampled_from(["", "paid", "لغو شده", "refunded"]),
        _AMOUNTS,
        st.text(max_size=4),
        st.text(max_size=4),
        _AMOUNTS,
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_CELLS, max_size=8), st.sampled_from([",", ";", "\t"]))
@example([("1", "9999-12-31 23:59", "1", "USD", "", "", "", "", "", "")], ",")
@example([("1", "0001/01/01", "1", "USD", "", "", "", "", "", "")], ",")
@example([("1", "1403/12/30 24:00", "9" * 12, "تومان", "", "", "", "", "", "")], ",")
def test_every_row_is_sent_or_refused_with_reason_and_remedy(
    tmp_path: Path, rows: list[tuple[str, ...]], delimiter: str
) -> None:
    path = tmp_path / "any.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([_HEADER, *rows])
    plan = planned(path, dates="dmy", decimal=".", calendar="jalali", zone="Asia/Tehran")
    messages, refused = entries(plan)
    for message in messages:
        event = msgspec.json.decode(message.value, type=RawOrderEvent)
        assert event.time.tzinfo is not None
        assert event.data.revenue is None or event.type == "Order Refunded" or event.data.revenue >= 0
    assert all(row.reason and row.remedy for row in refused)
    shown = preview(plan)
    assert shown["orders"] == sum(b'"Order Refunded"' not in message.value for message in messages)
    assert shown["error_rows"] == len(refused)
    with ErrorRows(tmp_path / "errors.csv", plan.table.header) as file:
        for row in refused:
            file.write(row)
