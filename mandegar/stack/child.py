"""One service process under the supervisor: started, watched, started again after a crash, drained."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mandegar.stack.lifeline import LIFELINE
from mandegar.stack.restarts import RestartPolicy
from mandegar.stack.server import LOG_BYTES_MAX, PROJECT


@dataclass(slots=True)
class Child:
    """A process of ours. `url` is where it answers, "" where it does not."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    url: str = ""
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    start_at: float = 0.0
    """When to start (again), seconds of the steady clock."""
    state: str = "waiting"

    def start(self, lifeline: int) -> None:
        """Start it; it inherits the read end of the supervisor's pipe and ends with it."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, **self.environment, "PYTHONPATH": path, LIFELINE: str(lifeline)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                pass_fds=(lifeline,),
                start_new_session=True,  # Ctrl-C is for the supervisor, which drains us in order
            )
        self.state = "running"

    def look(self, now: float, lifeline: int) -> str | None:
        """Start it when its time has come; judge it when it has ended. Gives a line of news, or None."""
        if self.process is None:
            if self.state == "waiting" and now >= self.start_at:
                self.start(lifeline)
            return None
        code = self.process.poll()
        if code is None:
            return None
        self.process = None
        delay = self.policy.crashed(now)
        if delay is None:
            self.state = "failed"
            return f"{self.name} ended {self.policy.crashes} times in a short while and stays down; see {self.log}"
        self.state, self.start_at, self.restarts = "waiting", now + delay, self.restarts + 1
        return f"{self.name} ended ({_ending(code)}); it starts again in {delay:.1f} s"

    def terminate(self) -> None:
        """Ask it to drain; it is not started again."""
        self.state = "stopping" if self.process is not None else "stopped"
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for the drain, then SIGKILL."""
        if self.process is not None:
            try:
                self.process.wait(max(seconds, 0.1))
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        self.state = "stopped"


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
