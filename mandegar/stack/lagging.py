"""How far a running worker is behind, as it tells itself on `/metrics`: live events and history apart."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from typing import NamedTuple

from shared.contracts.topics import LANES

_ANSWER_SECONDS = 2.0
_LAG = re.compile(r'^mandegar_lag_events\{[^}]*topic="([^"]+)"[^}]*\} ([0-9.e+]+)$', re.MULTILINE)


class Behind(NamedTuple):
    """Events that the worker has not handled yet."""

    live: int
    history: int


def behind(url: str, seconds: float = _ANSWER_SECONDS) -> Behind | None:
    """What the process at this address tells; None when it does not answer or has nothing to tell, as an API."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:  # noqa: S310 - our own http address
            return counted(answer.read().decode())
    except (OSError, urllib.error.URLError, ValueError):
        return None


def counted(exposition: str) -> Behind | None:
    """Sums over the partitions of each kind of topic; None where none is told of."""
    found = [(topic, round(float(value))) for topic, value in _LAG.findall(exposition)]
    if not found:
        return None
    history = sum(value for topic, value in found if topic in LANES)
    return Behind(sum(value for _, value in found) - history, history)
