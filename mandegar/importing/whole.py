"""A whole file, from its digest to its last acknowledgement."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mandegar.importing.orders import orders_of
from mandegar.importing.planning import Plan
from mandegar.importing.refusals import ErrorRows
from mandegar.replaying import Progress, ReplaySummary, StateFile, replay
from mandegar.replaying.reading import digest_of, open_bytes
from mandegar.replaying.sending import KafkaSink


async def import_file(
    plan: Plan,
    bootstrap_servers: str,
    topic: str,
    state_directory: Path,
    *,
    errors: Path,
    resume: bool = False,
    silent: bool = False,
) -> ReplaySummary:
    """Send the file to `topic`; with `resume` from where an interrupted run of the same file and plan stopped.

    Raises MappingError, SendError, OSError, ValueError.
    """
    plan.check()
    async with KafkaSink(bootstrap_servers, topic) as sink:
        parts = (digest_of(plan.table.path).encode(), plan.fingerprint(), f"{bootstrap_servers}/{topic}".encode())
        fingerprint = hashlib.sha256(b"\x1f".join(parts)).hexdigest()
        state = StateFile(state_directory / f"{plan.table.path.name}-{fingerprint[:12]}.state.json", fingerprint)
        if not resume:
            state.clear()
        progress = Progress(f"importing {plan.table.path.name}", _count_lines(plan.table.path), silent=silent)
        try:
            rows = ErrorRows(errors, plan.table.header, plan.table.delimiter)
            return await replay(orders_of(plan), sink, state, rows, progress)
        finally:
            progress.close()


def _count_lines(path: Path) -> int:
    with open_bytes(path) as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
