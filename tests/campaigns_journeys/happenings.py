"""Ground of the domain's tests: happenings and runs as values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.campaigns.journeys.domain.happening import Happening
from services.campaigns.journeys.domain.run import Run, State
from tests.campaigns_journeys.ground import SEND

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
HAND: dict[str, Any] = {"name": "By hand", "trigger": {"kind": "hand"}, "steps": [SEND]}


def happening(name: str, *, at: datetime = NOW, cause: str = "x", **fields: Any) -> Happening:
    return Happening(1, 1, name, at, cause, fields)


def a_run(step: str, key: str = "k-7", context: bytes = b"{}") -> Run:
    return Run(
        shop=1,
        id=f"r-{key}",
        journey="j" if key == "k-7" else "cart",
        version=1,
        customer=1,
        key=key,
        state=State.RUNNING,
        control=False,
        step=step,
        due=None,
        met=False,
        since=NOW,
        entered_at=NOW,
        changed_at=NOW,
        variant="",
        cause="entered",
        trigger="by-hand",
        partition=0,
        context=context,
    )
