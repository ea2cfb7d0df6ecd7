"""JSON lines of raw events pass as they are; only an absent shop and the origin of a backfill are written in."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mandegar.generating import Settings, generate
from mandegar.replaying import Source
from tests.input.recording import rows_of

EVENT = '{"id":"e1","type":"Order Completed","time":"2024-03-01T10:00:00Z","shop":"s","data":{"order_id":1,"extra":2}}'


def test_a_whole_event_passes_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(EVENT + "\n\n")
    (message,), bad = rows_of(Source(path, "other"))
    assert not bad
    assert message.value == EVENT.encode()


def test_an_absent_shop_and_the_origin_of_a_backfill_are_written_in(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(EVENT.replace('"shop":"s",', "") + "\n")
    (message,), _ = rows_of(Source(path, "other", origin="backfill"))
    event = msgspec.json.decode(message.value)
    assert (event["shop"], event["origin"]) == ("other", "backfill")
    assert event["data"] == {"order_id": 1, "extra": 2}


def test_a_line_of_a_shop_that_does_not_exist_is_a_bad_row_that_says_how_to_add_it(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(EVENT + "\n" + EVENT.replace('"shop":"s"', '"shop":"stranger"') + "\n")
    messages, (bad,) = rows_of(Source(path, "s", shops=frozenset({"s"})))
    assert [message.line for message in messages] == [1]
    assert (bad.line, bad.field) == (2, "shop") and "mandegar shops add" in bad.remedy


def test_what_breaks_the_schema_is_a_bad_row_that_names_the_field(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    lines = [
        EVENT.replace("2024-03-01T10:00:00Z", "2024-03-01T10:00:00"),
        EVENT.replace('"order_id":1,', ""),
        '{"id":',
        "[" * 5000,
        '{"id":"\udc80"}',
    ]
    path.write_bytes("\n".join([*lines, EVENT]).encode("utf-8", "surrogateescape"))
    messages, bad = rows_of(Source(path, "s"))
    assert [message.line for message in messages] == [6]
    assert [row.line for row in bad] == [1, 2, 3, 4, 5]
    assert bad[0].field == "time"
    assert all(row.reason for row in bad)


def test_a_generated_stream_passes_but_for_its_undecodable_lines(tmp_path: Path) -> None:
    stream = generate(Settings(customers=20, days=60, seed=4, bad=24))
    path = tmp_path / "e.jsonl"
    path.write_bytes(b"\n".join(stream.lines))
    messages, bad = rows_of(Source(path, "x"))
    assert len(messages) + len(bad) == len(stream.lines)
    assert 0 < len(bad) <= 24
