"""Slice `intake`: raw orders of shops in, known orders out. How orders are read is shared with slices like it."""

from services.gateway.intake.consumer import intake_handler
from services.gateway.intake.domain import (
    EVENT_KINDS,
    Refusal,
    check_time,
    currency_code,
    minor_units,
    quantity,
    required_id,
    tidy,
)
from services.gateway.intake.events import (
    SOURCE,
    RulesBook,
    ShopRules,
    birthday_of,
    cause_id,
    marks_of,
    microseconds,
    optional_id,
    read,
)
from services.gateway.intake.onward import send_on
from services.gateway.intake.reading import read_all

__all__ = [
    "EVENT_KINDS",
    "SOURCE",
    "Refusal",
    "RulesBook",
    "ShopRules",
    "birthday_of",
    "cause_id",
    "check_time",
    "currency_code",
    "intake_handler",
    "marks_of",
    "microseconds",
    "minor_units",
    "optional_id",
    "quantity",
    "read",
    "read_all",
    "required_id",
    "send_on",
    "tidy",
]
