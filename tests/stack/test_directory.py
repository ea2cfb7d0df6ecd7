"""What a data directory keeps, whom it belongs to, and which ports are used."""

from __future__ import annotations

import base64
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mandegar.stack.errors import DirectoryInUse, NewerData, PortTaken
from mandegar.stack.ports import choose_port, is_free
from mandegar.stack.state import DirectoryLock, ensure_secrets, holder_of, read_state, write_state

HOLD = """
import sys, pathlib
from mandegar.stack.state import DirectoryLock
lock = DirectoryLock(pathlib.Path(sys.argv[1])); lock.take(); print("held", flush=True); sys.stdin.read()
"""


def test_a_directory_in_use_is_refused_with_the_process_that_uses_it(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert holder_of(tmp_path) == holder.pid
        with pytest.raises(DirectoryInUse, match=f"process {holder.pid}.*\n\n.*mandegar down"):
            DirectoryLock(tmp_path).take()
    finally:
        holder.kill()
        holder.wait(5)
    assert holder_of(tmp_path) is None  # freed by the kernel, though nobody could tidy up
    lock = DirectoryLock(tmp_path)
    lock.take()
    lock.release()


def test_secrets_are_made_once_and_only_this_user_may_read_them(tmp_path: Path) -> None:
    made = ensure_secrets(tmp_path)
    assert ensure_secrets(tmp_path) == made
    assert len(base64.b64decode(made["MANDEGAR_SECRET_KEY"])) == 32
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_state_is_added_to_and_not_replaced(tmp_path: Path) -> None:
    write_state(tmp_path, {"kafka_port": 1})
    write_state(tmp_path, {"postgres_port": 2})
    assert read_state(tmp_path) == {"layout": 1, "kafka_port": 1, "postgres_port": 2}


def test_a_directory_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps({"layout": 99}))
    with pytest.raises(NewerData, match="layout 99, this one knows 1"):
        read_state(tmp_path)


def test_a_port_that_was_asked_for_and_is_taken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("MANDEGAR_POSTGRES_PORT", str(port))
        with pytest.raises(PortTaken, match=f"Port {port} .*MANDEGAR_POSTGRES_PORT, is taken"):
            choose_port("MANDEGAR_POSTGRES_PORT")


def test_the_last_port_is_used_again_unless_it_is_taken_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MANDEGAR_KAFKA_PORT", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        instead = choose_port("MANDEGAR_KAFKA_PORT", last=port)
        assert instead != port
        assert is_free(instead)
    assert choose_port("MANDEGAR_KAFKA_PORT", last=port) == port
    assert choose_port("MANDEGAR_KAFKA_PORT", last=port, taken=[port]) != port


def test_a_second_lock_of_the_same_process_is_refused_too(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    lock.take()
    with pytest.raises(DirectoryInUse, match=f"process {os.getpid()}"):
        DirectoryLock(tmp_path).take()
    lock.release()
