"""One server process behind its guardian: start, wait until ready, stop, kill."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mandegar.stack.errors import ServerFailed
from mandegar.stack.privileges import Account

READY_SECONDS = 60.0
POLL_SECONDS = 0.03
LOG_BYTES_MAX = 20_000_000
PROJECT = Path(__file__).resolve().parents[2]


class Server:
    """A server that never outlives this process: its guardian holds the read end of a pipe whose write end is here."""

    def __init__(
        self,
        name: str,
        *,
        log: Path,
        lock: Path | None = None,
        stop_signal: signal.Signals,
        orphan_signal: signal.Signals = signal.SIGKILL,
        grace_seconds: float = 5.0,
        account: Account | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._lock = lock
        self._options = _guardian_options(stop_signal, orphan_signal, grace_seconds, account)
        self._guardian: subprocess.Popen[bytes] | None = None
        self._stop_seconds = grace_seconds + 5.0
        self.pid: int | None = None
        """Process id of the server itself, for signals."""

    def start(self, command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> None:
        """Start the command; the process is there when this returns, which does not mean that it is ready."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        lock = ["--lock", str(self._lock)] if self._lock is not None else []
        path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")]))
        with self.log.open("ab") as log:
            self._guardian = subprocess.Popen(  # noqa: S603 - our own guardian and our own command
                [sys.executable, "-m", "mandegar.stack.guardian", *lock, *self._options, "--", *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **(environment or {}), "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which stops us in order
            )
        assert self._guardian.stdout is not None
        told = self._guardian.stdout.readline().strip()
        self.pid = int(told) if told.isdigit() else None

    @property
    def is_running(self) -> bool:
        return self._guardian is not None and self._guardian.poll() is None

    @property
    def ending(self) -> str:
        """How it ended, in words; "" while it runs."""
        code = None if self._guardian is None else self._guardian.poll()
        if code is None:
            return ""
        return signal.Signals(code - 128).name if code > 128 else f"exit code {code}"

    def wait_ready(self, ready: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        """Wait until `ready()` or raise ServerFailed with the end of the log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.is_running:
                raise self.failed("it ended by itself")
            if ready():
                return
            time.sleep(POLL_SECONDS)
        raise self.failed("time is up")

    def wait_done(self, seconds: float = READY_SECONDS) -> None:
        """Wait for a command that ends by itself; ServerFailed when it does not, or not with 0."""
        assert self._guardian is not None
        try:
            code = self._guardian.wait(seconds)
        except subprocess.TimeoutExpired:
            self.stop()
            raise self.failed("time is up", seconds) from None
        self._forget()
        if code != 0:
            raise self.failed(f"exit code {code}", seconds)

    def ask_to_stop(self) -> None:
        """Let the guardian begin, without waiting: several servers can then stop at once."""
        if self._guardian is not None and self._guardian.stdin is not None:
            with contextlib.suppress(OSError):
                self._guardian.stdin.close()

    def stop(self) -> None:
        """Stop within the grace period, by SIGKILL after it. Nothing happens when it is not running."""
        if self._guardian is None:
            return
        self.ask_to_stop()
        try:
            self._guardian.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._forget()

    def kill(self) -> None:
        """SIGKILL to the server, now, as a crash would end it."""
        self.send_signal(signal.SIGKILL)
        if self._guardian is not None:
            self._guardian.wait(self._stop_seconds)
        self._forget()

    def send_signal(self, number: signal.Signals) -> None:
        """For tests of faults: SIGSTOP, SIGCONT, SIGQUIT."""
        if self.pid is not None and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def tail(self, lines: int = 12) -> str:
        """The last lines of the log."""
        try:
            text = self.log.read_bytes()[-8_000:].decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def failed(self, reason: str, seconds: float = READY_SECONDS) -> ServerFailed:
        return ServerFailed(server=self.name, seconds=int(seconds), reason=reason, log=self.log, tail=self.tail())

    def _forget(self) -> None:
        if self._guardian is not None:
            for stream in (self._guardian.stdin, self._guardian.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
        self._guardian = None
        self.pid = None


def _guardian_options(
    stop_signal: signal.Signals, orphan_signal: signal.Signals, grace_seconds: float, account: Account | None
) -> list[str]:
    options: dict[str, Any] = {
        "--stop-signal": int(stop_signal),
        "--orphan-signal": int(orphan_signal),
        "--grace-seconds": grace_seconds,
    }
    if account is not None:
        options |= {"--uid": account.uid, "--gid": account.gid}
        if account.capability is not None:
            options["--capability"] = account.capability
    return [str(part) for pair in options.items() for part in pair]
