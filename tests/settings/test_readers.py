"""A setting that nobody reads is a promise that nobody keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.settings import PlatformSettings

ROOT = Path(__file__).parents[2]
CODE = "\n".join(
    path.read_text("utf-8")
    for folder in ("shared", "services", "mandegar")
    for path in (ROOT / folder).rglob("*.py")
    if path.parent.name != "settings"
)


@pytest.mark.parametrize("field", PlatformSettings.model_fields)
def test_every_setting_is_read_somewhere(field: str) -> None:
    assert re.search(rf"settings\.{field}\b", CODE)
