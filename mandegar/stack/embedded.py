"""The two servers of one data directory, started and stopped together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from mandegar.stack import kafka, postgres
from mandegar.stack.errors import PortTaken
from mandegar.stack.jars import default_cache
from mandegar.stack.kafka import Kafka
from mandegar.stack.ports import choose_port
from mandegar.stack.postgres import Postgres
from mandegar.stack.state import DirectoryLock, ensure_secrets, read_state, write_state

PORT_ATTEMPTS = 3


class Stack:
    """Real PostgreSQL and Kafka on free loopback ports; the data in `directory` outlives a restart.

    Nothing outlives this process: killed with SIGKILL, it takes both servers with it within seconds.

    `MANDEGAR_POSTGRES_PORT` and `MANDEGAR_KAFKA_PORT` ask for fixed ports; else those of the last start are used
    again when they are free.
    """

    def __init__(
        self,
        directory: Path,
        *,
        cache: Path | None = None,
        say: Callable[[str], None] | None = None,
        postgres_settings: Mapping[str, str] | None = None,
    ) -> None:
        """`cache` keeps Kafka's jars, `say` is told of what takes long (the first fetch).

        `postgres_settings` are those of postgresql.conf that shall differ from the usual ones.
        """
        self._postgres_settings = postgres_settings
        self.directory = directory.absolute()
        self._cache = cache
        self._say = say or (lambda _: None)
        self._lock = DirectoryLock(self.directory)
        self._postgres: Postgres | None = None
        self._kafka: Kafka | None = None
        self.start_seconds: dict[str, float] = {}

    def start(self) -> None:
        """Start both at once. Raises StackError, whose message says what to do; then nothing is left running."""
        if self._postgres is not None:
            return
        self._lock.take()
        try:
            secrets = ensure_secrets(self.directory)
            cache = self._cache or default_cache(self.directory / "cache")
            for attempt in range(1, PORT_ATTEMPTS + 1):
                try:
                    self._start_servers(secrets["postgres_password"], cache)
                    break
                except PortTaken as error:  # somebody took the free port between our look and the server's bind
                    self._stop_servers()
                    if attempt == PORT_ATTEMPTS or os.environ.get(str(error.facts["setting"])):
                        raise
        except BaseException:
            self._stop_servers()
            self._lock.release()
            raise

    def stop(self) -> None:
        """Stop Kafka, then PostgreSQL. May be called again."""
        self._stop_servers()
        self._lock.release()

    @property
    def postgres(self) -> Postgres:
        """The running database. RuntimeError before start."""
        if self._postgres is None:
            raise RuntimeError("the stack is not started")
        return self._postgres

    @property
    def kafka(self) -> Kafka:
        """The running broker. RuntimeError before start."""
        if self._kafka is None:
            raise RuntimeError("the stack is not started")
        return self._kafka

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for KAFKA_BOOTSTRAP_SERVERS."""
        return self.kafka.bootstrap_servers

    @property
    def database_url(self) -> str:
        """`postgresql://user:password@host:port/database` for DATABASE_URL."""
        return self.postgres.url

    @property
    def secrets(self) -> dict[str, str]:
        return ensure_secrets(self.directory)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_servers(self, password: str, cache: Path) -> None:
        last = read_state(self.directory)
        taken: list[int] = []
        for name, setting in (
            ("postgres_port", postgres.PORT_SETTING),
            ("kafka_port", kafka.PORT_SETTING),
            ("kafka_controller_port", "MANDEGAR_KAFKA_CONTROLLER_PORT"),
        ):
            taken.append(choose_port(setting, last=last.get(name), taken=taken))
        database = Postgres(self.directory, password=password, port=taken[0], settings=self._postgres_settings)
        broker = Kafka(self.directory, port=taken[1], controller_port=taken[2], cache=cache, say=self._say)
        self._postgres, self._kafka = database, broker
        expected = last.get("cluster") if (self.directory / "postgres" / "PG_VERSION").exists() else None
        with ThreadPoolExecutor(2) as pool:
            starting = [
                pool.submit(self._timed, "postgres", database.start),
                pool.submit(self._timed, "kafka", lambda: broker.start(expected)),
            ]
        for start in starting:
            start.result()
        ports = dict(zip(("postgres_port", "kafka_port", "kafka_controller_port"), taken, strict=True))
        write_state(self.directory, {**ports, "cluster": broker.cluster})

    def _timed(self, name: str, start: Callable[[], None]) -> None:
        began = time.monotonic()
        start()
        self.start_seconds[name] = round(time.monotonic() - began, 2)

    def _stop_servers(self) -> None:
        for running in (self._kafka, self._postgres):
            if running is not None:
                running.stop()
        self._postgres = self._kafka = None
