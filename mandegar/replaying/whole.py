"""A whole file, from its digest to its last acknowledgement: what the command and the demo call."""

from __future__ import annotations

from pathlib import Path

from mandegar.replaying.messages import Source, messages_of
from mandegar.replaying.progress import Progress
from mandegar.replaying.reading import digest_of, open_bytes
from mandegar.replaying.running import ReplaySummary, replay
from mandegar.replaying.sending import KafkaSink
from mandegar.replaying.state import StateFile


async def replay_file(
    source: Source, bootstrap_servers: str, state_directory: Path, *, bad_rows: Path | None = None, silent: bool = False
) -> ReplaySummary:
    """Send the file to `raw.orders.v1`, going on from where an interrupted run stopped.

    State and (unless `bad_rows` says otherwise) bad rows lie in `state_directory`, under the file's name. Raises
    MappingError, SendError, OSError.
    """
    fingerprint = source.fingerprint(digest_of(source.path), bootstrap_servers)
    stem = f"{source.path.name}-{fingerprint[:12]}"
    state = StateFile(state_directory / f"{stem}.state.json", fingerprint)
    progress = Progress(f"replaying {source.path.name}", _count_lines(source.path), silent=silent)
    try:
        async with KafkaSink(bootstrap_servers) as sink:
            return await replay(
                messages_of(source), sink, state, bad_rows or state_directory / f"{stem}.bad.jsonl", progress
            )
    finally:
        progress.close()


def _count_lines(path: Path) -> int:
    with open_bytes(path) as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
