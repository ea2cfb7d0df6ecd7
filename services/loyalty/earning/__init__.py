"""Slice `earning`: what orders and interactions earn under a programme, and why; tries it on carts."""

from services.loyalty.earning.answers import RuleAnswer, rules_of
from services.loyalty.earning.domain.context import Context, Limit, Per, limits_of, used_before
from services.loyalty.earning.domain.entitlement import Entitlement, Outcome, Share, entitlement
from services.loyalty.earning.domain.explaining import Reasons, Sentence, reasons_of
from services.loyalty.earning.domain.plain import PlainRule
from services.loyalty.earning.domain.purchase import GivenBack, Line, Purchase, Returned, kept_share
from services.loyalty.earning.domain.validity import Place, active_from, expires_at, last_day, local_day, months_later

__all__ = [
    "Context",
    "Entitlement",
    "GivenBack",
    "Limit",
    "Line",
    "Outcome",
    "Per",
    "Place",
    "PlainRule",
    "Purchase",
    "Reasons",
    "Returned",
    "RuleAnswer",
    "Sentence",
    "Share",
    "active_from",
    "entitlement",
    "expires_at",
    "kept_share",
    "last_day",
    "limits_of",
    "local_day",
    "months_later",
    "reasons_of",
    "rules_of",
    "used_before",
]
