"""Apache Kafka's jars: fetched once by jgo, each checked against the hash that was tested, kept for all directories."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mandegar.stack.errors import DamagedDownload, DiskFull, MissingPackages, NoNetwork

KAFKA_VERSION = "4.3.1"
DOWNLOADS_AT_ONCE = 6
FETCH_DISK_MB = 150


@dataclass(frozen=True, slots=True)
class Jar:
    """One file of Kafka: Maven coordinate `group:artifact:version`, size in bytes, SHA-256 in hex."""

    coordinate: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def is_whole(self, directory: Path) -> bool:
        """Whether the directory holds this very file: a half download or a changed byte is told here."""
        try:
            content = (directory / self.name).read_bytes()
        except OSError:
            return False
        return len(content) == self.size and hashlib.sha256(content).hexdigest() == self.sha256


Fetch = Callable[[Sequence[Jar], Path], None]
"""Puts the jars, by name, into a directory. OSError when that is not possible."""


def known_jars() -> list[Jar]:
    """The jars of Kafka as tested: those of kafka_2.13 with all they depend on, and the log4j binding of slf4j."""
    rows = json.loads(Path(__file__).with_name("kafka_jars.json").read_text())
    return [Jar(*row) for row in rows]


def default_cache(fallback: Path) -> Path:
    """`~/.cache/mandegar`, or the fallback where there is no home or it cannot be written."""
    home = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("HOME") and f"{os.environ['HOME']}/.cache")
    for cache in [Path(home) / "mandegar"] if home and Path(home).is_absolute() else []:
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError:
            break
        if os.access(cache, os.W_OK | os.X_OK):
            return cache
    fallback.mkdir(parents=True, exist_ok=True)
    return fallback


def ensure_jars(
    cache: Path, *, jars: Sequence[Jar] | None = None, fetch: Fetch | None = None, say: Callable[[str], None] = print
) -> Path:
    """The directory with all jars of Kafka, each of them whole. Fetches what is missing or damaged.

    Raises NoNetwork, DamagedDownload, DiskFull.
    """
    jars = known_jars() if jars is None else jars
    directory = cache / f"kafka-{KAFKA_VERSION}"
    directory.mkdir(parents=True, exist_ok=True)
    if not _missing(jars, directory):
        return directory
    with _one_at_a_time(cache):
        missing = _missing(jars, directory)
        if missing:
            size = sum(jar.size for jar in missing) // 1_000_000 + 1
            say(f"fetching Apache Kafka {KAFKA_VERSION} ({len(missing)} files, {size} MB) into {directory}")
            _fetch_into(directory, missing, fetch or fetch_by_jgo)
    return directory


def _missing(jars: Sequence[Jar], directory: Path) -> list[Jar]:
    return [jar for jar in jars if not jar.is_whole(directory)]


def _fetch_into(directory: Path, missing: Sequence[Jar], fetch: Fetch) -> None:
    """Fetch beside the directory, check, then move each file into place: nobody ever sees half a file."""
    free_mb = shutil.disk_usage(directory).free // 1_000_000
    if free_mb < FETCH_DISK_MB:
        raise DiskFull(directory=directory, free_mb=free_mb, needed_mb=FETCH_DISK_MB, server="the download of Kafka")
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".fetch-") as fresh:
        try:
            fetch(missing, Path(fresh))
        except OSError as error:
            reason = f"{type(error).__name__}: {str(error)[:200]}"
            raise NoNetwork(version=KAFKA_VERSION, reason=reason, cache=directory) from error
        for jar in missing:
            if not jar.is_whole(Path(fresh)):
                raise DamagedDownload(name=jar.name, cache=directory)
        for jar in missing:
            (Path(fresh) / jar.name).replace(directory / jar.name)


def fetch_by_jgo(jars: Sequence[Jar], directory: Path) -> None:
    """Fetch jars by coordinate through jgo, past any cache of its own (which may hold the damaged file)."""
    try:
        from jgo.maven import MavenContext  # heavy, and not installed where real servers are used
    except ImportError as error:
        raise MissingPackages(package="jgo") from error

    context = MavenContext(repo_cache=directory / "repository")

    def fetch_one(jar: Jar) -> None:
        group, artifact, version = jar.coordinate.split(":")
        try:
            found = context.project(group, artifact).at_version(version).artifact().resolve()
        except (RuntimeError, ValueError) as error:  # how jgo tells that no repository answered
            raise OSError(str(error)) from error
        Path(found).replace(directory / jar.name)

    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        list(pool.map(fetch_one, jars))


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    """Two processes that start at once on a fresh machine fetch once: the second waits and finds the files."""
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
