"""The replay itself: messages in chunks to a sink, bad rows to their file, progress kept after each acknowledgement."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mandegar.replaying.bad_rows import BadRows, JsonBadRows
from mandegar.replaying.messages import BadRow, Message
from mandegar.replaying.progress import Progress
from mandegar.replaying.state import StateFile

CHUNK_MESSAGES = 5_000
"""One chunk is in flight while the next is prepared: memory stays flat whatever the file's size."""


class Sink(Protocol):
    """Where messages go. `send` returns when all of them are acknowledged; sending one again must be harmless."""

    async def send(self, messages: Sequence[Message]) -> None: ...


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What a run did. `resumed` counts events that an earlier, interrupted run had sent already."""

    sent: int
    resumed: int
    bad: int
    bad_rows_file: str | None


async def replay(
    entries: Iterable[Message | BadRow], sink: Sink, state: StateFile, bad_rows: Path | BadRows, progress: Progress
) -> ReplaySummary:
    """Send every message after the state's line (or place), in order, chunk by chunk.

    The file is always read from its front, which rebuilds derived ids and the bad rows; what was acknowledged is
    skipped. On any error the acknowledged chunks stay noted, and the same call goes on from there. `bad_rows`: a path
    for JSON lines, or another form of file.
    """
    done_line, resumed = state.load()
    pipeline = _Pipeline(sink, state, resumed)
    with JsonBadRows(bad_rows) if isinstance(bad_rows, Path) else bad_rows as bad:
        chunk: list[Message] = []
        try:
            for entry in entries:
                if isinstance(entry, BadRow):
                    bad.write(entry)
                elif _place(entry) > done_line:
                    chunk.append(entry)
                if len(chunk) == CHUNK_MESSAGES:
                    await pipeline.push(chunk)
                    chunk = []
                    progress.update(
                        entry.line if isinstance(entry, BadRow) else _place(entry),
                        pipeline.acknowledged,
                        bad.count,
                    )
            if chunk:
                await pipeline.push(chunk)
            await pipeline.land()
        finally:
            await pipeline.abandon()
    state.clear()
    progress.finish(pipeline.acknowledged, bad.count)
    sent = pipeline.acknowledged - resumed
    return ReplaySummary(sent, resumed, bad.count, str(bad.path) if bad.count else None)


def _place(message: Message) -> int:
    return message.place or message.line


class _Pipeline:
    """At most one chunk in flight; the state moves on when a chunk is acknowledged, never before."""

    def __init__(self, sink: Sink, state: StateFile, resumed: int) -> None:
        self._sink = sink
        self._state = state
        self._flight: asyncio.Task[None] | None = None
        self._chunk: Sequence[Message] = ()
        self.acknowledged = resumed

    async def push(self, chunk: Sequence[Message]) -> None:
        """Wait for the chunk before, then send this one off."""
        await self.land()
        self._flight, self._chunk = asyncio.create_task(self._sink.send(chunk)), chunk
        await asyncio.sleep(0)  # lets the chunk leave before the next is parsed

    async def land(self) -> None:
        """Wait for what is in flight, and note it. Raises what sending raised."""
        if self._flight is None:
            return
        flight, self._flight = self._flight, None
        await flight
        self.acknowledged += len(self._chunk)
        self._state.save(_place(self._chunk[-1]), self.acknowledged)

    async def abandon(self) -> None:
        """Stop what is still in flight, after an error elsewhere."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)
