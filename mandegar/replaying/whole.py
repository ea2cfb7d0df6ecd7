"""A whole file, from its digest to its last acknowledgement: what the command and the demo call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mandegar.replaying.messages import BadRow, Message, Source, messages_of
from mandegar.replaying.progress import Progress
from mandegar.replaying.reading import digest_of, open_bytes
from mandegar.replaying.running import ReplaySummary, replay
from mandegar.replaying.sending import KafkaSink
from mandegar.replaying.state import StateFile
from mandegar.replaying.timeline import Timeline, clocks_of
from shared.contracts import topics
from shared.kernel import SystemClock


@dataclass(frozen=True, slots=True)
class StreamTime:
    """That the events themselves tell the time of their shops."""

    begin: Callable[[frozenset[str]], Awaitable[Mapping[str, str]]]
    """Called with the shops of the file before anything is sent: puts them on the stream clock, gives their zones."""
    until: date | None = None
    """Time goes on to the start of this day; None: to the last event."""


async def replay_file(
    source: Source,
    bootstrap_servers: str,
    state_directory: Path,
    *,
    bad_rows: Path | None = None,
    silent: bool = False,
    topic: str = topics.RAW_ORDERS,
    stream_time: StreamTime | None = None,
) -> ReplaySummary:
    """Send the file to `topic`, going on from where an interrupted run stopped.

    State and (unless `bad_rows` says otherwise) bad rows lie in `state_directory`, under the file's name. Raises
    MappingError, SendError, OSError, ValueError, and what `stream_time.begin` raises.
    """
    async with KafkaSink(bootstrap_servers, topic) as sink:
        target = bootstrap_servers if topic == topics.RAW_ORDERS else f"{bootstrap_servers}/{topic}"
        if stream_time is not None:
            target += f" in stream time until {stream_time.until}, {sink.partitions} partitions"
        fingerprint = source.fingerprint(digest_of(source.path), target)
        stem = f"{source.path.name}-{fingerprint[:12]}"
        state = StateFile(state_directory / f"{stem}.state.json", fingerprint)
        bad_rows = bad_rows or state_directory / f"{stem}.bad.jsonl"
        if stream_time is None:
            with _progress(source, _count_lines(source.path), silent=silent) as progress:
                return await replay(messages_of(source), sink, state, bad_rows, progress)
        with Timeline() as timeline:
            timeline.fill(messages_of(source))
            entries = await _in_stream_time(source, timeline, stream_time, sink.partitions)
            with _progress(source, 0, silent=silent) as progress:
                return await replay(entries, sink, state, bad_rows, progress)


async def _in_stream_time(
    source: Source, timeline: Timeline, stream_time: StreamTime, partitions: int
) -> Iterator[Message | BadRow]:
    now = SystemClock().now()
    zones = await stream_time.begin(timeline.shops())
    clocks: dict[str, Iterable[Message]] = {
        shop: clocks_of(shop, zones[shop], span, partitions, now=now, until=stream_time.until, origin=source.origin)
        for shop, span in timeline.spans(now).items()
    }
    return timeline.entries(clocks)


@contextmanager
def _progress(source: Source, lines: int, *, silent: bool) -> Iterator[Progress]:
    progress = Progress(f"replaying {source.path.name}", lines, silent=silent)
    try:
        yield progress
    finally:
        progress.close()


def _count_lines(path: Path) -> int:
    with open_bytes(path) as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
