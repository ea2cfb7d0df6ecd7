"""A replay in stream time: events in order of time, word of every day in every partition, and nothing else resumed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mandegar.replaying import BadRow, Message, Source, StateFile, messages_of, replay, running
from mandegar.replaying.timeline import Timeline, clocks_of
from shared.kernel import DayOrdinal, Zone
from tests.input.recording import Interrupted, RecordingSink, quiet, write_csv

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEHRAN = "Asia/Tehran"


def in_time(
    source: Source, partitions: int = 2, until: date | None = None, now: datetime = NOW
) -> list[Message | BadRow]:
    with Timeline() as timeline:
        timeline.fill(messages_of(source))
        clocks: dict[str, Iterable[Message]] = {
            shop: clocks_of(shop, source.zone, span, partitions, now=now, until=until)
            for shop, span in timeline.spans(now).items()
        }
        return list(timeline.entries(clocks))


def a_file(tmp_path: Path, zone: str = TEHRAN) -> Source:
    """By customer, as exports often are: in no order of time, with a quiet week in it and a bad row."""
    rows = [f"c{n % 3},2022-03-{17 + n % 5:02}T{n % 24:02}:10:00Z,{n}" for n in range(40)]
    rows += ["c9,2022-03-29,5", "c9,nonsense,5", "c1,2022-03-18T20:30:00Z,1"]
    return Source(write_csv(tmp_path / "o.csv", "customer_id,date,amount", *sorted(rows)), "shop", zone)


def clocks(entries: list[Message | BadRow]) -> list[Message]:
    return [entry for entry in entries if isinstance(entry, Message) and entry.partition is not None]


def test_each_day_begins_in_every_partition_before_its_first_event_and_after_all_earlier_ones(tmp_path: Path) -> None:
    entries = [entry for entry in in_time(a_file(tmp_path)) if isinstance(entry, Message)]
    reached: dict[int, datetime] = {}
    days = Zone(TEHRAN)
    for entry in entries:
        event = json.loads(entry.value)
        if entry.partition is not None:
            reached[entry.partition] = datetime.fromisoformat(event["data"]["until"])
            assert event["data"]["partitions"] == 2
            continue
        occurred = datetime.fromisoformat(event["time"])
        assert len(reached) == 2
        for until in reached.values():
            assert until <= occurred, "a clock stands before an event that occurred earlier"
            assert days.day_of(until) == days.day_of(occurred), "its day has begun"
    last = max(entry.occurred for entry in entries if entry.partition is None)
    assert set(reached.values()) == {last + timedelta(microseconds=1)}


def test_days_without_events_begin_too_and_on_the_first_instant_of_the_shops_day(tmp_path: Path) -> None:
    instants = sorted({entry.occurred for entry in clocks(in_time(a_file(tmp_path)))})
    days = Zone(TEHRAN)
    first, last = date(2022, 3, 17).toordinal(), date(2022, 3, 29).toordinal()
    assert instants[:-1] == [days.start_of(DayOrdinal(day)) for day in range(first, last + 1)]


def test_time_goes_on_until_the_day_that_was_asked_for(tmp_path: Path) -> None:
    entries = clocks(in_time(a_file(tmp_path, "UTC"), until=date(2022, 4, 20)))
    assert entries[-1].occurred == datetime(2022, 4, 20, tzinfo=UTC)
    with pytest.raises(ValueError, match="has events up to 2022-03-29"):
        in_time(a_file(tmp_path, "UTC"), until=date(2022, 3, 20))
    with pytest.raises(ValueError, match="has not begun yet"):
        in_time(a_file(tmp_path, "UTC"), until=date(2026, 3, 2))


def test_an_event_of_the_future_moves_no_clock(tmp_path: Path) -> None:
    source = Source(
        write_csv(tmp_path / "f.csv", "customer_id,date,amount", "c,2022-03-01,1", "c,2199-01-01,1"), "shop"
    )
    assert max(entry.occurred for entry in clocks(in_time(source))) < NOW


def test_all_events_and_bad_rows_of_the_file_are_there_and_places_count_on(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    entries = in_time(source)
    expected = list(messages_of(source))
    events = [entry for entry in entries if isinstance(entry, Message) and entry.partition is None]
    assert sorted((e.line, e.value) for e in events) == sorted(
        (e.line, e.value) for e in expected if isinstance(e, Message)
    )
    assert [e for e in entries if isinstance(e, BadRow)] == [e for e in expected if isinstance(e, BadRow)]
    places = [entry.place for entry in entries if isinstance(entry, Message)]
    assert places == list(range(1, len(places) + 1))
    ids = [json.loads(entry.value)["id"] for entry in entries if isinstance(entry, Message)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("fail_at", [1, 2, 5, 9])
async def test_interrupted_in_stream_time_and_resumed_it_sends_the_same(
    tmp_path: Path, fail_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK_MESSAGES", 7)
    source, state = a_file(tmp_path), StateFile(tmp_path / "state.json", "f")
    first, second = RecordingSink(fail_at), RecordingSink()
    with pytest.raises(Interrupted):
        await replay(in_time(source), first, state, tmp_path / "bad.jsonl", quiet())
    later = NOW + timedelta(days=1)
    summary = await replay(in_time(source, now=later), second, state, tmp_path / "bad.jsonl", quiet())
    expected = [entry for entry in in_time(source) if isinstance(entry, Message)]
    assert first.received[: summary.resumed] + second.received == expected
