"""The safeguards are where `make sabotage` looks for them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.sabotage.removing import NotThere, Safeguard
from tests.sabotage.safeguards import SAFEGUARDS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda safeguard: safeguard.name)
def test_a_safeguard_can_be_taken_out_and_put_back(safeguard: Safeguard, tmp_path: Path) -> None:
    for edit in safeguard.edits:
        (tmp_path / edit.file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / edit.file, tmp_path / edit.file)
    safeguard.remove_from(tmp_path)
    with pytest.raises(NotThere):
        safeguard.remove_from(tmp_path)
    safeguard.put_back(ROOT, tmp_path)
    for edit in safeguard.edits:
        assert (tmp_path / edit.file).read_bytes() == (ROOT / edit.file).read_bytes()
    assert all((ROOT / test).is_file() for test in safeguard.tests)
