"""The guardian ends its server whatever becomes of the parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mandegar.stack.guardian import EXIT_LOCKED
from mandegar.stack.server import Server
from tests.stack.processes import wait_until

STUBBORN = (
    "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "print('ready', flush=True); time.sleep(120)"
)
PARENT = """
import pathlib, signal, sys, time
from mandegar.stack.server import Server
directory = pathlib.Path(sys.argv[1])
server = Server("sleep", log=directory / "log", lock=directory / "l", stop_signal=signal.SIGTERM, grace_seconds=1.0)
server.start([sys.executable, "-c", sys.argv[2]])
print(server.pid, flush=True)
time.sleep(120)
"""


def make_server(directory: Path, grace_seconds: float = 1.0) -> Server:
    return Server(
        "test server",
        log=directory / "log",
        lock=directory / "lock",
        stop_signal=signal.SIGTERM,
        grace_seconds=grace_seconds,
    )


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("code", ["import time; time.sleep(120)", STUBBORN], ids=["obedient", "stubborn"])
def test_a_server_ends_when_its_grandparent_is_killed(tmp_path: Path, code: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    assert not gone(server)
    parent.kill()
    parent.wait(5)
    wait_until(lambda: gone(server), 6)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal on a parent's death is Linux's")
def test_a_server_ends_when_its_guardian_is_killed(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    server.start([sys.executable, "-c", STUBBORN])
    assert server.pid is not None
    pid = server.pid
    os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
    wait_until(lambda: gone(pid), 3)
    server.stop()


def test_stopping_waits_for_the_grace_and_then_kills(tmp_path: Path) -> None:
    server = make_server(tmp_path, grace_seconds=0.5)
    server.start([sys.executable, "-c", STUBBORN])
    wait_until(lambda: "ready" in server.tail(), 5)
    pid = server.pid
    assert pid is not None
    began = time.monotonic()
    server.stop()
    assert 0.4 < time.monotonic() - began < 3
    assert gone(pid)


def test_a_successor_waits_for_the_lock_of_the_data(tmp_path: Path) -> None:
    first, second = make_server(tmp_path, 0.5), make_server(tmp_path)
    first.start([sys.executable, "-c", "import time; time.sleep(120)"])
    holder = subprocess.Popen(
        [sys.executable, "-m", "mandegar.stack.guardian", "--lock", str(tmp_path / "lock"), "--", "true"],
        stdin=subprocess.PIPE,
    )
    time.sleep(0.5)
    assert holder.poll() is None, "it must wait as long as the first server holds the lock"
    first.stop()
    assert holder.wait(5) == 0
    assert holder.stdin is not None
    holder.stdin.close()
    second.start(["true"])
    second.wait_done(5)


def test_waiting_for_a_lock_ends_when_the_parent_goes(tmp_path: Path) -> None:
    first = make_server(tmp_path)
    first.start([sys.executable, "-c", "import time; time.sleep(120)"])
    waiting = subprocess.Popen(
        [sys.executable, "-m", "mandegar.stack.guardian", "--lock", str(tmp_path / "lock"), "--", "true"],
        stdin=subprocess.PIPE,
    )
    assert waiting.stdin is not None
    waiting.stdin.close()
    assert waiting.wait(5) == EXIT_LOCKED
    first.stop()
