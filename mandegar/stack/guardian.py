"""A tiny process that owns one server and ends it when its own parent is gone, however that went.

`python -m mandegar.stack.guardian [options] -- command…`. The parent holds the write end of the guardian's stdin and
never writes: end of file means "stop", be it because the parent closed it or because the parent was killed.

1. wait for the lock of the server's data (a predecessor may still be stopping);
2. start the server, tell its pid on stdout;
3. on end of file, on another parent or on SIGTERM: the stop signal, then SIGKILL after the grace period.

Exits with the server's code (128 + signal when a signal ended it), or 75 when the lock was not free in time.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from types import FrameType

from mandegar.stack.privileges import become, die_with_parent

POLL_SECONDS = 0.1
STOP_POLL_SECONDS = 0.02
LOCK_SECONDS = 20.0
ORPHAN_GRACE_SECONDS = 5.0
"""Ten seconds after the supervisor was killed nothing may be left."""
EXIT_LOCKED = 75

_stop_asked = False


def _ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
    global _stop_asked  # noqa: PLW0603 - a signal handler has nowhere else to leave its mark
    _stop_asked = True


def parent_is_gone(parent: int, wait_seconds: float) -> bool:
    """Wait up to the time given; True as soon as stdin ends, the parent changes or SIGTERM came."""
    readable, _, _ = select.select([0], [], [], wait_seconds)
    at_end = bool(readable) and os.read(0, 1024) == b""
    return at_end or _stop_asked or os.getppid() != parent


def take_lock(path: str, parent: int) -> bool:
    """Hold the lock for as long as this process lives. False when it was not free in time or the parent went."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline or parent_is_gone(parent, POLL_SECONDS):
                return False
        else:
            return True


def stop(server: subprocess.Popen[bytes], stop_signal: int, grace_seconds: float, parent: int) -> None:
    """The stop signal, then SIGKILL: after the grace period, or a short one when the parent itself is gone."""
    server.send_signal(stop_signal)
    began = time.monotonic()
    while server.poll() is None:
        waited = time.monotonic() - began
        if waited > (grace_seconds if os.getppid() == parent else min(grace_seconds, ORPHAN_GRACE_SECONDS)):
            server.kill()
            server.wait()
        time.sleep(STOP_POLL_SECONDS)


def main(arguments: list[str]) -> int:
    """Guard one server until it or the parent ends."""
    parent = os.getppid()
    parser = argparse.ArgumentParser(prog="guardian")
    parser.add_argument("--lock")
    parser.add_argument("--stop-signal", type=int, default=int(signal.SIGTERM))
    parser.add_argument("--orphan-signal", type=int, default=int(signal.SIGKILL))
    parser.add_argument("--grace-seconds", type=float, default=5.0)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--capability", type=int)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _ask_to_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if options.lock and not take_lock(options.lock, parent):
        return EXIT_LOCKED

    def prepare() -> None:
        if options.uid is not None:
            become(options.uid, options.gid, options.capability)
        die_with_parent(options.orphan_signal)  # after the change of user, which would clear it

    server = subprocess.Popen(  # noqa: S603 - the command comes from our own parent
        options.command[1:] if options.command[:1] == ["--"] else options.command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        preexec_fn=prepare,  # noqa: PLW1509 - this process has one thread
    )
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.close()
    while server.poll() is None:
        if parent_is_gone(parent, POLL_SECONDS):
            stop(server, options.stop_signal, options.grace_seconds, parent)
    return server.returncode if server.returncode >= 0 else 128 - server.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
