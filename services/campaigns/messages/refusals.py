"""Addresses that are refused while messages are handed over: bounces like those that are told later. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.campaigns.addresses import Bounce, bounce_of
from services.campaigns.messages.domain import Answer, Claimed, Outcome
from services.campaigns.reports import Report, What


def bounced(
    answers: Sequence[tuple[Claimed, Answer]],
    outcomes: Mapping[tuple[int, str, int], Outcome],
    ours: Collection[tuple[int, str]],
    now: datetime,
) -> list[Report]:
    """Reports of them. `ours`: of messages that this attempt has ended."""
    found = []
    for one, _ in answers:
        plan = one.plan
        code = outcomes[plan.shop, plan.id, one.attempt].bounced
        if code is not None and (plan.shop, plan.id) in ours:
            hard = bounce_of(code) is Bounce.HARD
            found.append(Report(plan.channel, plan.id, What.BOUNCED, now, code, hard))
    return found
