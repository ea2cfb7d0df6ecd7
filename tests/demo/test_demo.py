"""`mandegar demo --once`, as `make demo ONCE=1` runs it, on an empty directory."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 400


def run_demo(directory: Path) -> tuple[int, str]:
    """Exit code and output. Whatever it left running is ended."""
    command = [sys.executable, "-m", "mandegar", "demo", "--once", "--directory", str(directory)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    return process.returncode, output


def running_in(directory: Path) -> list[int]:
    """Processes that have the directory among their arguments."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(str(directory) in part for part in process.info["cmdline"] or [])
    ]


@pytest.mark.stack
@pytest.mark.slow
def test_the_demo_finds_every_figure_equal_and_leaves_nothing_running(tmp_path_factory: pytest.TempPathFactory) -> None:
    """That a repeat of what was replayed changes nothing is held by the whole platform on a dirty stream."""
    directory = tmp_path_factory.mktemp("demo")
    code, output = run_demo(directory)
    assert code == 0, output[-6000:]
    assert "≠" not in output.replace("= or ≠", "")
    summary = re.search(r"([\d,]+) figures compared, all equal", output)
    assert summary, output[-3000:]
    # Every customer's history of stages is among them, their points and their levels.
    assert int(summary[1].replace(",", "")) > 48_000
    assert re.search(r"[\d,]+ events/s", output)
    assert "23,570 = 23,570" in output
    assert not running_in(directory)
