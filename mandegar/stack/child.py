"""One service process under the supervisor: started, watched, started again after a crash, drained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mandegar.stack.restarts import RestartPolicy
from mandegar.stack.server import Server


@dataclass(slots=True)
class Child:
    """A process of ours behind its guardian.

    `url` is where it answers people, "" where it does not; `ready_url` answers below 400 once it is up,
    `metrics_url` tells a worker's figures.
    """

    server: Server
    command: Sequence[str]
    environment: Mapping[str, str]
    url: str = ""
    ready_url: str = ""
    metrics_url: str = ""
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    restarts: int = 0
    start_at: float = 0.0
    """When to start (again), seconds of the steady clock."""
    state: str = "waiting"
    """waiting, running, stopping, stopped or failed."""

    @property
    def name(self) -> str:
        return self.server.name

    def start(self) -> None:
        self.server.start(self.command, environment=self.environment)
        self.state = "running"

    def look(self, now: float) -> str | None:
        """Start it when its time has come; judge it when it has ended. Gives a line of news, or None."""
        if self.state == "waiting" and now >= self.start_at:
            self.start()
            return f"{self.name} started"
        if self.state != "running" or self.server.is_running:
            return None
        ending = self.server.ending
        self.server.stop()
        delay = self.policy.crashed(now)
        if delay is None:
            self.state = "failed"
            return (
                f"{self.name} ended {self.policy.crashes} times in a short while and stays down; see {self.server.log}"
            )
        self.state, self.start_at, self.restarts = "waiting", now + delay, self.restarts + 1
        return f"{self.name} ended ({ending}); it starts again in {delay:.1f} s"

    def terminate(self) -> None:
        """Ask it to drain; it is not started again."""
        self.state = "stopping"
        self.server.ask_to_stop()

    def wait(self) -> None:
        """Wait for the drain; what takes longer than its grace period is killed."""
        self.server.stop()
        self.state = "stopped"
