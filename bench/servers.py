"""Servers of a part's own, and the environment by which contestants of ours find them."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mandegar.stack import Stack


@contextmanager
def servers() -> Iterator[Stack]:
    """A broker and a database, empty, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="mandegar-bench-") as directory, Stack(Path(directory)) as stack:
        os.environ.update(
            KAFKA_BOOTSTRAP_SERVERS=stack.bootstrap_servers,
            DATABASE_URL=stack.database_url,
            MANDEGAR_SECRET_KEY=secrets.token_hex(32),
            MANDEGAR_LOG_LEVEL="warning",
            MANDEGAR_BENCH_STATE=f"{directory}/peers",
        )
        yield stack
