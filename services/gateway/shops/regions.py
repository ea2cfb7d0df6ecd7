"""Which country a time zone lies in, so that a shop in Asia/Tehran need not say that its phones are Iranian."""

from __future__ import annotations

from functools import cache
from importlib import resources

_COMMENT = "#"


@cache
def _regions() -> dict[str, str]:
    # zone.tab of the IANA database: country code, coordinates, zone, comment, separated by tabs.
    text = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines() if line and not line.startswith(_COMMENT)]
    return {fields[2]: fields[0] for fields in lines}


def region_of(zone: str) -> str | None:
    """Two-letter country of an IANA zone; None for zones of no country, such as UTC."""
    return _regions().get(zone)
