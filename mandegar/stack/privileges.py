"""Linux process attributes: dying with the parent, and becoming an unprivileged user without losing the way to files.

PostgreSQL refuses to run as root. A child that becomes another user could no longer pass through private directories
such as /root; instead of opening those to everybody, it keeps one capability when, and only when, it needs it.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path

from mandegar.stack.errors import DirectoryUnreachable

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


@dataclass(frozen=True, slots=True)
class Account:
    """The user that a server runs as; `capability` is the number of the one that it keeps."""

    name: str
    uid: int
    gid: int
    capability: int | None = None


def unprivileged_account(directory: Path, *needed: Path) -> Account | None:
    """Whom PostgreSQL runs as: None (this user) unless this is root.

    The owner of existing data comes first, then the system's `postgres`, then `nobody`. Raises DirectoryUnreachable.
    """
    if os.geteuid() != 0:
        return None
    entry = _entry_of(directory)
    obstacle = next((place for path in (directory, *needed) if (place := _obstacle(path, entry))), None)
    capability = None
    if obstacle is not None:
        permitted = _permitted_capabilities()
        capability = next((bit for bit in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if permitted >> bit & 1), None)
        if capability is None:
            raise DirectoryUnreachable(user=entry.pw_name, obstacle=obstacle)
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, capability=capability)


def _entry_of(directory: Path) -> pwd.struct_passwd:
    if directory.exists() and (owner := directory.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            pass  # the data comes from another machine: it is handed over to a user of this one
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DirectoryUnreachable(user="nobody (who does not exist here)", obstacle=directory)


def _obstacle(path: Path, entry: pwd.struct_passwd) -> Path | None:
    """The first directory above the path that the user may not pass through."""
    for parent in reversed(path.resolve().parents):
        if not parent.exists():
            return None
        found = parent.stat()
        own_bit = 0o100 if found.st_uid == entry.pw_uid else 0o010 if found.st_gid == entry.pw_gid else 0o001
        if not found.st_mode & own_bit:
            return parent
    return None


def _permitted_capabilities() -> int:
    if sys.platform != "linux":
        return 0
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel for a signal when the parent thread ends. Linux only; elsewhere the pipe alone does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def become(uid: int, gid: int, capability: int | None) -> None:
    """Become the user for good, in a child between fork and exec. Raises OSError when the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if capability is not None:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability is None:
        return
    bits = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)  # effective, permitted, inheritable; then the upper 32 bits
    if libc.capset(header, sets) != 0 or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the capability to pass private directories could not be kept")
