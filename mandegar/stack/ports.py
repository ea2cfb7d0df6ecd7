"""Ports of 127.0.0.1 for the embedded servers: those of the last time when they are free, else new ones."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from mandegar.stack.errors import NoPort, PortTaken

FIRST_PORT, LAST_PORT = 20_000, 29_999
"""Below the range from which systems give ports to outgoing connections, which could take ours between two starts."""
ATTEMPTS_MAX = 200

_reserved: dict[int, BinaryIO] = {}
"""Ports that this process has chosen, with the locks that keep others from choosing them, until it ends."""


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now (one that has just stopped does not hinder)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def reserve(port: int) -> bool:
    """Keep others who choose ports as we do off this one. False when one of them has it: two who start at once."""
    if port in _reserved:
        return True
    directory = Path(tempfile.gettempdir()) / f"mandegar-ports-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    lock = (directory / str(port)).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    _reserved[port] = lock
    return True


def choose_port(setting: str, *, last: int | None = None, taken: Collection[int] = ()) -> int:
    """The port that the environment variable `setting` asks for, or the last one if free, or a free one.

    Raises NoPort or PortTaken only for a port that was asked for.
    """
    asked = os.environ.get(setting, "")
    if asked:
        if not (asked.isascii() and asked.isdecimal() and 1 <= int(asked) <= 65_535):
            raise NoPort(port=asked, setting=setting)
        if not (is_free(int(asked)) and reserve(int(asked))):
            raise PortTaken(port=asked, setting=setting)
        return int(asked)
    if last is not None and last not in taken and is_free(last) and reserve(last):
        return last
    chance = random.SystemRandom()
    for _ in range(ATTEMPTS_MAX):
        port = chance.randint(FIRST_PORT, LAST_PORT)
        if port not in taken and is_free(port) and reserve(port):
            return port
    raise PortTaken(port=f"{FIRST_PORT} to {LAST_PORT}", setting=setting)
