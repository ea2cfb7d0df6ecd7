"""`python -m tests.sabotage [words of names]`: exit code 0 when tests are green as they are, and red without each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from tests.sabotage.safeguards import SAFEGUARDS

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("shared", "services", "mandegar", "tests", "pyproject.toml")
SECONDS_MAX = 240
"""Of a file of tests: all of them at once take longer, and on a busy machine several times as long as alone."""
GREEN, RED = 0, 1  # pytest's: 2 and above mean that the tests did not run


class Run(NamedTuple):
    code: int
    seconds: float
    output: str

    @property
    def colour(self) -> str:
        return {GREEN: "green", RED: "red"}.get(self.code, "BROKEN")

    @property
    def noticed_by(self) -> str:
        """The first test that failed."""
        failed = [line for line in self.output.splitlines() if line.startswith("FAILED ")]
        return failed[0].split()[1].rpartition("::")[2] if failed else ""


def main(words: Sequence[str]) -> int:
    chosen = [one for one in SAFEGUARDS if not words or any(word in one.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="mandegar-sabotage-") as directory:
        tree = Path(directory)
        _copy_to(tree)
        every = sorted({test for one in chosen for test in one.tests})
        whole = _run(tree, every)
        _tell("(none)", every, whole)
        if whole.code != GREEN:
            print(whole.output[-4000:])
            return 1
        wrong = []
        for one in chosen:
            one.remove_from(tree)
            run = _run(tree, one.tests)
            one.put_back(ROOT, tree)
            _tell(one.name, one.tests, run)
            if run.code != RED:
                wrong.append(one.name)
                print(run.output[-2000:])
    if wrong:
        print(f"\nNot noticed: {', '.join(wrong)}. Write the test that notices.")
        return 1
    print("\nThe suite goes red without each of them.")
    return 0


def _copy_to(tree: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)
    # Compiled once, each file held against its content: one that is changed and put back within a second is noticed.
    compiling = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", str(tree)]
    subprocess.run(compiling, stdout=subprocess.DEVNULL, check=True)
    found = subprocess.run(
        [sys.executable, "-c", "import shared; print(shared.__file__)"],
        **_in(tree),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    assert found.stdout.startswith(str(tree)), f"tests would run against {found.stdout}"


def _run(tree: Path, tests: Sequence[str]) -> Run:
    began, limit = monotonic(), SECONDS_MAX * len(tests)
    command = [sys.executable, "-m", "pytest", "-x", "-rf", "--tb=line", "--show-capture=no", *tests]
    try:
        done = subprocess.run(
            command,
            **_in(tree),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit,
            check=False,
            text=True,
        )
    except subprocess.TimeoutExpired as late:
        return Run(-1, monotonic() - began, f"no end after {limit} s\n{_text(late.stdout)}")
    return Run(done.returncode, monotonic() - began, done.stdout)


def _text(output: str | bytes | None) -> str:
    """What a run that had to be ended had said: bytes, whatever was asked for."""
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""


def _in(tree: Path) -> dict[str, object]:
    """Where the copy's own packages are found first."""
    return {"cwd": tree, "env": {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}}


def _tell(name: str, tests: Sequence[str], run: Run) -> None:
    by = f"  {run.noticed_by}" if run.noticed_by else ""
    print(f"{name:<24} {run.colour:<7} {run.seconds:5.0f} s  {' '.join(tests)}{by}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
