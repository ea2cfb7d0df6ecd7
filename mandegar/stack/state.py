"""What a data directory remembers between two starts (ports, cluster, secrets), and the lock on it."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mandegar.stack.errors import DirectoryInUse, NewerData, NotWritable

TRY_SECONDS = 0.5
LAYOUT = 1
"""Version of the directory's own form. Raised when a newer Mandegar could not be followed by an older one."""


class DirectoryLock:
    """Held by the one process that runs the servers of a directory; the kernel frees it however that process ends."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "lock"
        self._handle: int | None = None

    def take(self) -> None:
        """Raises DirectoryInUse when another process holds it, NotWritable."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise NotWritable(directory=self._path.parent, reason=error.strerror) from error
        if not _locked(handle):
            os.close(handle)
            pid = self._path.read_text().strip() or "unknown"
            raise DirectoryInUse(directory=self._path.parent, pid=pid)
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None


def _locked(handle: int) -> bool:
    """Try for a moment: `holder_of` in another process holds a shared lock for as long as a look takes."""
    deadline = time.monotonic() + TRY_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def holder_of(directory: Path) -> int | None:
    """The process that runs the servers of the directory, or None."""
    try:
        handle = os.open(directory / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = (directory / "lock").read_text().strip()
        return int(text) if text.isdecimal() else None
    else:
        return None
    finally:
        os.close(handle)


def read_state(directory: Path) -> dict[str, Any]:
    """The last start's ports and cluster id; empty for a new directory. Raises NewerData."""
    try:
        state: dict[str, Any] = json.loads((directory / "state.json").read_text())
    except (OSError, ValueError):
        return {}
    if state.get("layout", LAYOUT) > LAYOUT:
        raise NewerData(directory=directory, found=state["layout"], expected=LAYOUT)
    return state


def write_state(directory: Path, facts: Mapping[str, Any]) -> None:
    """Keep facts beside those already there, atomically. Raises NotWritable."""
    _write(directory / "state.json", {**read_state(directory), "layout": LAYOUT, **facts}, mode=0o644)


def ensure_secrets(directory: Path) -> dict[str, str]:
    """The directory's own random secrets, made once and readable for this user alone.

    `MANDEGAR_SECRET_KEY` is 32 bytes as base64; `postgres_password` is that of the embedded database.
    """
    path = directory / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    complete = {
        "MANDEGAR_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "postgres_password": secrets.token_urlsafe(24),
        **kept,
    }
    if complete != kept:
        _write(path, complete, mode=0o600)
    return complete


def _write(path: Path, content: Mapping[str, Any], *, mode: int) -> None:
    fresh = path.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "w") as file:
            json.dump(content, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise NotWritable(directory=path.parent, reason=error.strerror) from error
