"""One process that owns all others of a data directory: the two servers and the services.

1. take the directory, start the servers (or use those that the environment names);
2. prepare: migrations, topics, the first shop;
3. start the services and wait until they answer;
4. watch: what crashes is started again, within a limit;
5. SIGTERM or SIGINT: drain the services, then stop Kafka, then PostgreSQL.

Killed with SIGKILL it takes everything with it: the pipes that it holds end, and guardians see that (guardian.py).
"""

from __future__ import annotations

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import FrameType

from mandegar.connecting import Connection, external_connection
from mandegar.stack import inbox
from mandegar.stack.child import Child
from mandegar.stack.embedded import Stack
from mandegar.stack.errors import StackError
from mandegar.stack.following import Follower
from mandegar.stack.ports import choose_port
from mandegar.stack.restarts import RestartPolicy
from mandegar.stack.server import Server
from mandegar.stack.state import DirectoryLock, ensure_secrets, read_state, write_state
from mandegar.stack.status import ProcessStatus, Status, clear_status, write_status
from mandegar.staff import environment as staff_environment
from shared.settings.logins import ProcessRole

POLL_SECONDS = 0.2
READY_SECONDS = 60.0
START_CRASHES_MAX = 3
DRAIN_SECONDS = 25.0
FIRST_HTTP_PORT = 8400

Prepare = Callable[[Connection], None]
Roles = Sequence[tuple[str, ProcessRole]]
"""(service, role) of each process to run."""


class ServiceFailed(StackError):
    """{name} does not come up ({reason}).

    The last lines of {log}:
    {tail}
    """


class Supervisor:
    """Runs the whole in the foreground until it is asked to stop."""

    def __init__(
        self,
        directory: Path,
        *,
        roles: Roles,
        prepare: Prepare | None,
        say: Callable[[str], None],
        with_inbox: bool = False,
    ) -> None:
        """`prepare` is called once the servers answer and before any service starts; `say` prints a line.

        `with_inbox`: e-mail goes to an inbox on this machine, unless the environment names a server for it, or other
        servers than the embedded ones.
        """
        self.directory = directory.absolute()
        self.logs = self.directory / "logs"
        self._roles = roles
        self._prepare = prepare
        self._say = say
        self._inbox = with_inbox and not os.environ.get("MANDEGAR_SMTP_HOST")
        self._stack: Stack | None = None
        self._lock = DirectoryLock(self.directory)
        self._children: list[Child] = []
        self._server_policies = {"postgres": RestartPolicy(), "kafka": RestartPolicy()}
        self._state = "starting"
        self._stop_asked = False
        self._connection: Connection | None = None

    def run(self, *, follow: bool = True) -> int:
        """Start all, watch, stop all. Gives the exit code; raises StackError when the start fails."""
        with self._signals():
            try:
                self._start()
                follower = Follower(self.logs) if follow else None
                return self._watch(follower)
            except KeyboardInterrupt:
                return 0
            finally:
                self._stop()

    def _start(self) -> None:
        began = time.monotonic()
        external = external_connection()
        if external is None:
            self._stack = Stack(self.directory, say=self._say)
            self._stack.start()
            self._connection = Connection(
                bootstrap_servers=self._stack.bootstrap_servers,
                database_url=self._stack.database_url,
                secret_key=os.environ.get("MANDEGAR_SECRET_KEY")
                or ensure_secrets(self.directory)["MANDEGAR_SECRET_KEY"],
            )
        else:
            self._lock.take()
            self._connection = external
            self._inbox = False  # customers of real servers are waiting for what would end there
        self.logs.mkdir(parents=True, exist_ok=True)
        self._tell()
        if self._prepare is not None:
            self._prepare(self._connection)
        self._children = self._make_children(self._connection)
        for child in self._children:
            child.start()
        self._tell()
        self._wait_ready()
        for child in self._children:
            if child.url:
                self._say(f"  {child.name:<16} {child.url}")
        self._say(f"  {'Kafka':<16} {self._connection.bootstrap_servers}")
        self._say(f"  {'PostgreSQL':<16} {without_password(self._connection.database_url)}")
        self._say(f"ready after {time.monotonic() - began:.1f} s; data and logs in {self.directory}")
        self._state = "running"
        self._tell()  # last: who waits for it prints what was said until then

    def _make_children(self, connection: Connection) -> list[Child]:
        ports = dict(read_state(self.directory).get("http_ports", {}))
        taken: list[int] = []
        children = []
        staff = staff_environment(self.directory) if any(role == "api" for _, role in self._roles) else {}
        # What has a port already keeps it, whichever services have come since.
        fresh = (port for port in count(FIRST_HTTP_PORT) if port not in ports.values())
        keys = [f"{service}-{role}" for service, role in self._roles]
        for key in [*keys, *(inbox.PORTS if self._inbox else ())]:
            setting = f"MANDEGAR_{key.upper().replace('-', '_')}_PORT"
            ports[key] = choose_port(setting, last=ports.get(key) or next(fresh), taken=taken)
            taken.append(ports[key])
        mail = inbox.environment(ports) if self._inbox else {}
        for (service, role), key in zip(self._roles, keys, strict=True):
            address = f"http://127.0.0.1:{ports[key]}"
            own = inbox.public_url(ports, service) | mail if self._inbox else {}
            port_variable = "MANDEGAR_HTTP_PORT" if role == "api" else "MANDEGAR_METRICS_PORT"
            children.append(
                Child(
                    server=self._make_server(key),
                    command=[sys.executable, "-m", "mandegar", "run", service, "--role", role],
                    environment={
                        **connection.environment_of(service, role),
                        **staff,
                        **own,
                        port_variable: str(ports[key]),
                    },
                    url=address if role == "api" else "",
                    ready_url=f"{address}/readyz" if role == "api" else f"{address}/metrics",
                    metrics_url="" if role == "api" else f"{address}/metrics",
                )
            )
        if self._inbox:
            children.append(inbox.child(self._make_server("inbox"), ports))
        write_state(self.directory, {"http_ports": ports})
        return children

    def _make_server(self, name: str) -> Server:
        """Nothing to lock: a service may run many times."""
        log = self.logs / f"{name}.log"
        return Server(name, log=log, stop_signal=signal.SIGTERM, grace_seconds=DRAIN_SECONDS)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = [child for child in self._children if child.ready_url]
        while waiting and not self._stop_asked:
            if time.monotonic() > deadline:
                raise _failed(waiting[0], "time is up")
            for child in self._children:
                self._news(child.look(time.monotonic()))
                if child.restarts >= START_CRASHES_MAX:
                    raise _failed(child, f"it ended {child.restarts} times")
            waiting = [child for child in waiting if not answers(child.ready_url)]
            time.sleep(POLL_SECONDS if waiting else 0)

    def _watch(self, follower: Follower | None) -> int:
        while not self._stop_asked:
            for child in self._children:
                if self._news(child.look(time.monotonic())):
                    self._tell()
                if child.state == "failed":
                    return 1
            if self._stack is not None and not self._watch_servers(self._stack):
                return 1
            for line in follower.lines() if follower else ():
                self._say(line)
            time.sleep(POLL_SECONDS)
        return 0

    def _watch_servers(self, stack: Stack) -> bool:
        """Start a crashed server again on its old port. False when it crashed too often or does not come back."""
        both: list[tuple[str, Server, Callable[[], None]]] = [
            ("postgres", stack.postgres.server, stack.postgres.start),
            ("kafka", stack.kafka.server, stack.kafka.start),
        ]
        for name, server, start in both:
            if server.is_running:
                continue
            server.stop()
            delay = self._server_policies[name].crashed(time.monotonic())
            if delay is None:
                self._say(f"{server.name} ended too often and stays down; see {server.log}")
                return False
            self._say(f"{server.name} ended by itself; it starts again in {delay:.1f} s")
            self._tell()
            time.sleep(delay)
            try:
                start()
            except StackError as error:
                self._say(str(error))
                return False
            self._tell()
        return True

    def _stop(self) -> None:
        """Services drain first, so that they can still write; then Kafka, then PostgreSQL."""
        self._state = "stopping"
        if self._connection is not None:
            self._tell()
        for child in self._children:
            child.terminate()
        for child in self._children:
            child.wait()
        if self._connection is not None:
            clear_status(self.directory)
        if self._stack is not None:
            self._stack.stop()
        self._lock.release()

    def _tell(self) -> None:
        assert self._connection is not None
        servers = []
        if self._stack is not None:
            servers = [("postgres", self._stack.postgres.server), ("kafka", self._stack.kafka.server)]
        processes = [
            ProcessStatus(server.name, _state_of(server), server.pid, restarts=self._server_policies[name].crashes)
            for name, server in servers
        ]
        processes += [
            ProcessStatus(child.name, child.state, child.server.pid, child.restarts, child.url, child.metrics_url)
            for child in self._children
        ]
        write_status(
            self.directory,
            Status(
                pid=os.getpid(),
                state=self._state,
                bootstrap_servers=self._connection.bootstrap_servers,
                database=without_password(self._connection.database_url),
                processes=tuple(processes),
            ),
        )

    def _news(self, line: str | None) -> bool:
        if line is not None:
            self._say(line)
        return line is not None

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """The first signal asks to stop; one that comes while the servers are still starting ends the start."""

        def ask(_number: int, _frame: FrameType | None) -> None:
            if self._state == "starting":
                raise KeyboardInterrupt
            self._stop_asked = True

        before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _state_of(server: Server) -> str:
    return "running" if server.is_running else "waiting"


def answers(url: str, seconds: float = 2.0) -> bool:
    """Whether there is an answer below 400."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:  # noqa: S310 - our own http address
            return int(answer.status) < 400
    except (OSError, urllib.error.URLError):
        return False


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    scheme, _, rest = url.partition("://")
    credentials, at, address = rest.rpartition("@")
    return f"{scheme}://{credentials.partition(':')[0]}{at}{address}"


def _failed(child: Child, reason: str) -> ServiceFailed:
    return ServiceFailed(name=child.name, reason=reason, log=child.server.log, tail=child.server.tail())
