"""Workers as processes of their own, kept alive as a supervisor keeps them: whatever ends one, the next one starts."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.chaos.topic import forget_members

WORKERS_SECRET = "kU7yq2Zr9bXw4nTe6mLs0cVd8fGh1jPa"
ROOT = Path(__file__).resolve().parents[2]
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Ending(NamedTuple):
    """How one life of a worker ended; `crash_at` is where it was told to die."""

    crash_at: str
    code: int


class Keeper:
    """One place for a worker of a service. `plan` says for its first lives where each shall crash."""

    def __init__(
        self,
        service: str,
        environ: Mapping[str, str],
        log: Path,
        *,
        plan: Iterable[str] = (),
        died: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """`died` is called after each death by SIGKILL, before the next life begins."""
        self.service = service
        self.plan = list(plan)
        self.endings: list[Ending] = []
        self.process: asyncio.subprocess.Process | None = None
        self._environ = environ
        self.log = log
        self._died = died
        self._ending = False
        self._task = asyncio.create_task(self._keep())

    @property
    def is_stopped(self) -> bool:
        """Whether the process is stopped, as by SIGSTOP."""
        if self.process is None:
            return False
        with contextlib.suppress(OSError):
            return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return False

    def send(self, number: signal.Signals) -> None:
        """A signal to the living worker, if there is one just now."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    async def end(self, *, seconds: float = 40.0) -> None:
        """Ask it to drain and wait; AssertionError when it does not end in time or in order."""
        self._ending = True
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        done, _ = await asyncio.wait([self._task], timeout=seconds)
        if not done:
            self.kill()
            await asyncio.wait([self._task], timeout=10)
        assert done, f"{self.service} did not drain within {seconds} s; see {self.log}"
        self._task.result()

    def kill(self) -> None:
        """End for good, at once."""
        self._ending = True
        self.send(signal.SIGKILL)

    async def _keep(self) -> None:
        while not self._ending:
            crash_at = self.plan[0] if self.plan else ""
            code = await self._live(crash_at)
            self.endings.append(Ending(crash_at, code))
            if crash_at and code == -signal.SIGKILL:
                self.plan.pop(0)
            if self._ending:
                return
            if self._died is not None and code == -signal.SIGKILL:
                await self._died(self.service)
            await asyncio.sleep(0.1)

    async def _live(self, crash_at: str) -> int:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "mandegar", "run", self.service, "--role", "worker"),
                cwd=ROOT,
                env={**os.environ, **self._environ, "MANDEGAR_CRASH_AT": crash_at},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        if self._ending:  # asked to end while it was being started
            self.send(signal.SIGKILL)
        return await self.process.wait()


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.asynccontextmanager
async def kept(
    service: str, url: str, servers: str, logs: Path, plan: Iterable[str], **environ: str
) -> AsyncIterator[Keeper]:
    """A worker that is started again whenever it dies, until the block ends; then it ends by itself, or is killed."""
    usual = {
        "DATABASE_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "MANDEGAR_SECRET_KEY": WORKERS_SECRET,
        "MANDEGAR_LOG_FORMAT": "json",
        "MANDEGAR_DRAIN_SECONDS": "8",
    }

    async def died(name: str) -> None:
        await forget_members(servers, name)

    keeper = Keeper(service, usual | environ, logs / f"{service}.log", plan=plan, died=died)
    try:
        yield keeper
        await keeper.end()
    finally:
        keeper.kill()
        await asyncio.wait([keeper._task], timeout=20)
        await forget_members(servers, service)
