"""What every answer says of rules: what each gave, and why. Other slices' answers do so too."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import BaseModel, Field

from services.loyalty.earning.domain.entitlement import Entitlement
from services.loyalty.earning.domain.explaining import reasons_of
from services.loyalty.programmes import Programme


class SentenceAnswer(BaseModel):
    """A step of the reasoning, with a key under which a console may keep it in another language."""

    key: str
    text: str
    values: dict[str, str | int]


class LineAnswer(BaseModel):
    """Points of a rule on one line."""

    line: str = Field(description="Empty: the order as a whole, which has no lines.")
    earned: int = Field(description="Before refunds.")
    points: int


class RuleAnswer(BaseModel):
    """What one rule gives, and why."""

    rule: str
    name: str
    verdict: str = Field(
        description="`counted`; `nothing`: not one whole point; `condition` and `currency`: it does not apply; "
        "`outdone`: another rule counts instead; `capped`."
    )
    earned: int = Field(description="Before refunds.")
    points: int
    why: str
    sentences: list[SentenceAnswer]
    lines: list[LineAnswer]


def rules_of(found: Entitlement, programme: Programme, number: int, *, stands: bool = True) -> list[dict[str, Any]]:
    """Fields of `RuleAnswer`, by rule."""
    return [
        {
            "rule": one.rule,
            "name": reasons.name,
            "verdict": one.verdict,
            "earned": one.earned,
            "points": one.kept,
            "why": reasons.text,
            "sentences": [msgspec.to_builtins(sentence._asdict()) for sentence in reasons.sentences],
            "lines": [{"line": share.line, "earned": share.earned, "points": share.kept} for share in one.shares],
        }
        for one, reasons in zip(found.outcomes, reasons_of(found, programme, number, stands=stands), strict=True)
    ]
