"""Two who start at once choose different ports, though neither listens yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mandegar.stack.errors import PortTaken
from mandegar.stack.ports import choose_port, is_free, reserve
from tests.stack.processes import ROOT

_CHOOSE = "import sys; from mandegar.stack.ports import choose_port; print(choose_port('X', last=int(sys.argv[1])))"
_HOLD = f"{_CHOOSE}; sys.stdout.flush(); sys.stdin.read()"


def test_a_port_that_another_has_chosen_is_not_chosen_until_that_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    port = choose_port("X")
    assert is_free(port), "nobody listens"
    command = [sys.executable, "-c", _CHOOSE, str(port)]
    other = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert int(other.stdout) != port
    assert reserve(port), "ours stays ours"
    command = [sys.executable, "-c", _HOLD, str(port + 1)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdin is not None
        held = int(holder.stdout.readline())
        assert choose_port("X", last=held) != held
        monkeypatch.setenv("X", str(held))
        with pytest.raises(PortTaken):
            choose_port("X")
        holder.stdin.close()
        holder.wait(30)
    assert choose_port("X") == held
