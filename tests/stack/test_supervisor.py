"""The supervisor owns all: nothing outlives it, what crashes comes back, and there is one for a directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mandegar.stack.status import Status, read_status
from tests.stack.processes import processes_of, wait_until

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
SUPERVISE = """
import pathlib, sys
from mandegar.stack import supervisor as module
from mandegar.stack.child import Child
from mandegar.stack.supervisor import Supervisor

SERVICE = '''
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("drained", flush=True), sys.exit(0)))
print("up", flush=True)
time.sleep(300)
'''

class WithFake(Supervisor):
    def _make_children(self, connection):
        command = [sys.executable, "-c", SERVICE, str(self.directory)]
        return [Child(server=self._make_server(f"fake-{n}"), command=command, environment={}) for n in "ab"]

say = lambda line: print(line, flush=True)
sys.exit(WithFake(pathlib.Path(sys.argv[1]), roles=(), prepare=None, say=say).run(follow=False))
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)],
        env=environment,
        stdout=(tmp_path / "out").open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until(lambda: process.poll() is not None or _state(tmp_path) == "running", 40)
        assert process.poll() is None, (tmp_path / "out").read_text()
        logs = [tmp_path / "logs" / f"fake-{n}.log" for n in "ab"]
        wait_until(lambda: all(log.exists() and "up" in log.read_text() for log in logs), 10)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        wait_until(lambda: not processes_of(tmp_path), 15)


def _state(directory: Path) -> str:
    status = read_status(directory)
    return status.state if status else ""


def _status(directory: Path) -> Status:
    status = read_status(directory)
    assert status is not None
    return status


def test_ten_seconds_after_it_is_killed_no_process_of_its_directory_lives(
    supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    before = processes_of(tmp_path)
    for name in ("postgres", "java", "guardian", "drained"):
        assert any(name in line for line in before), f"{name} not among {before}"
    assert len(_status(tmp_path).processes) == 4
    os.kill(next(p.pid for p in _status(tmp_path).processes if p.name == "fake-b") or 0, signal.SIGSTOP)
    supervisor.kill()
    supervisor.wait(5)
    wait_until(lambda: not processes_of(tmp_path), 10)


def test_asked_to_stop_it_drains_services_and_leaves_nothing(
    supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    supervisor.terminate()
    assert supervisor.wait(30) == 0
    assert processes_of(tmp_path) == []
    for name in ("fake-a", "fake-b"):  # they were up when asked, as the fixture waits for that
        assert (tmp_path / "logs" / f"{name}.log").read_text().endswith("drained\n")
    assert "database system is shut down" in (tmp_path / "logs" / "postgres.log").read_text()
    assert read_status(tmp_path) is None


def test_what_crashes_comes_back_and_a_second_supervisor_is_refused(
    supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    before = {process.name: process.pid for process in _status(tmp_path).processes}
    for pid in before.values():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def all_back() -> bool:
        now = {p.name: p.pid for p in _status(tmp_path).processes if p.pid and psutil.pid_exists(p.pid)}
        return now.keys() == before.keys() and not set(now.values()) & set(before.values())

    wait_until(all_back, 30)
    assert supervisor.poll() is None
    refused = subprocess.run(
        [sys.executable, "-m", "mandegar", "up", "--only", "none", "--directory", str(tmp_path)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert refused.returncode == 1
    assert f"in use by another running Mandegar (process {supervisor.pid})" in refused.stderr
    assert "Traceback" not in refused.stderr
