"""An interrupted replay goes on where it stopped, and sends nothing else than an uninterrupted one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mandegar.replaying import Source, StateFile, messages_of, replay, running
from tests.input.recording import Interrupted, RecordingSink, quiet, rows_of, write_csv


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK_MESSAGES", 4)


def a_file(tmp_path: Path) -> Source:
    rows = [f"c{n % 5},2024-03-{n % 28 + 1:02},{n if n % 7 else 'bad'}" for n in range(40)]
    # The same row again and again: its derived ids must come out right although earlier ones are skipped.
    rows += ["c1,2024-04-01,9"] * 9
    return Source(write_csv(tmp_path / "o.csv", "customer_id,date,amount", *rows), "shop")


@pytest.mark.parametrize("fail_at", range(1, 12))
async def test_interrupted_at_any_chunk_and_resumed_it_sends_the_same_events(tmp_path: Path, fail_at: int) -> None:
    source = a_file(tmp_path)
    expected, bad = rows_of(source)
    state = StateFile(tmp_path / "state.json", "f")
    first, second = RecordingSink(fail_at), RecordingSink()
    with pytest.raises(Interrupted):
        await replay(messages_of(source), first, state, tmp_path / "bad.jsonl", quiet())
    summary = await replay(messages_of(source), second, state, tmp_path / "bad.jsonl", quiet())
    # The chunk whose acknowledgement was lost goes out again, byte for byte; nothing before it does.
    assert set(first.received) | set(second.received) == set(expected)
    assert first.received[: summary.resumed] + second.received == expected
    assert summary.resumed + summary.sent == len(expected)
    assert summary.resumed == (fail_at - 1) * 4
    assert summary.bad == len(bad)
    assert len((tmp_path / "bad.jsonl").read_text().splitlines()) == len(bad)
    assert not state.path.exists()


async def test_a_reader_that_dies_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    state = StateFile(tmp_path / "state.json", "f")

    def dying() -> object:
        for count, entry in enumerate(messages_of(source)):
            if count == 20:
                raise OSError("the disk went away")
            yield entry

    first, second = RecordingSink(), RecordingSink()
    with pytest.raises(OSError, match="went away"):
        await replay(dying(), first, state, tmp_path / "bad.jsonl", quiet())  # type: ignore[arg-type] # a generator
    line, sent = state.load()
    assert 0 < sent <= len(first.received)
    summary = await replay(messages_of(source), second, state, tmp_path / "bad.jsonl", quiet())
    assert summary.resumed == sent
    assert all(message.line > line for message in second.received)
    assert set(first.received) | set(second.received) == set(rows_of(source)[0])


def test_the_state_of_another_file_or_of_other_options_does_not_count(tmp_path: Path) -> None:
    source = Source(tmp_path / "o.csv", "shop")
    mark = source.fingerprint("content", "kafka")
    StateFile(tmp_path / "s.json", mark).save(17, 16)
    assert StateFile(tmp_path / "s.json", mark).load() == (17, 16)
    others = [
        source.fingerprint("changed", "kafka"),
        source.fingerprint("content", "other kafka"),
        Source(tmp_path / "o.csv", "shop", origin="backfill").fingerprint("content", "kafka"),
        Source(tmp_path / "o.csv", "shop", zone="Asia/Tehran").fingerprint("content", "kafka"),
    ]
    assert {StateFile(tmp_path / "s.json", other).load() for other in others} == {(0, 0)}
    (tmp_path / "s.json").write_text("{half")
    assert StateFile(tmp_path / "s.json", mark).load() == (0, 0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(failures=st.lists(st.integers(1, 6), max_size=8))
async def test_however_often_it_is_interrupted_each_event_arrives(tmp_path: Path, failures: list[int]) -> None:
    source = a_file(tmp_path)
    state = StateFile(tmp_path / "state.json", "f")
    state.clear()
    received = []
    for fail_at in [*failures, None]:
        sink = RecordingSink(fail_at)
        try:
            await replay(messages_of(source), sink, state, tmp_path / "bad.jsonl", quiet())
        except Interrupted:
            received += sink.received
            continue
        received += sink.received
        break
    assert set(received) == set(rows_of(source)[0])
