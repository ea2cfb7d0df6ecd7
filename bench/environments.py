"""Environments of the contestants made of other libraries: made on first use, kept until their versions change."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".mandegar" / "bench"


def interpreter(peer: str) -> str:
    """Path of the Python that has `requirements/bench-PEER.txt` installed, and nothing else. Takes seconds once."""
    wanted = ROOT / "requirements" / f"bench-{peer}.txt"
    mark = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = CACHE / f"{peer}-{mark}"
    python = home / "bin" / "python"
    if not (home / ".ready").exists():
        print(f"installing {peer} into an environment of its own …", flush=True)
        for old in CACHE.glob(f"{peer}-*"):
            shutil.rmtree(old)
        uv = str(Path(sys.executable).parent / "uv")
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(home))
        _run(uv, "pip", "install", "--quiet", "--compile-bytecode", "--require-hashes",
             "--python", str(python), "-r", str(wanted))  # fmt: skip
        (home / ".ready").touch()
    return str(python)


def version(peer: str, package: str) -> str:
    """The version that is pinned for a peer."""
    for line in (ROOT / "requirements" / f"bench-{peer}.txt").read_text().splitlines():
        name, found, rest = line.partition("==")
        if found and name.split("[")[0] == package:
            return rest.split()[0]
    raise LookupError(f"{package} is not pinned for {peer}")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{command[0]} {command[1]} failed:\n{done.stderr[-2000:]}")
