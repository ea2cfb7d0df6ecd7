"""What the questions of all slices have in common: strict days and numbers, and today in the shop's zone."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from shared.kernel import Clock, DayOrdinal, MoneyError, Permission, Zone, kept_currency, minor_digits
from shared.web import Digits, FieldError, invalid

EARLIEST = date(1970, 1, 1)
WINDOW_MAX = 3650
SCOPE: Permission = "metrics:read"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _only_a_date(value: Any) -> Any:
    # pydantic would take a number of seconds, or an instant at midnight, for a day as well.
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise PydanticCustomError("date_parsing", "not a date")
    return value


Day = Annotated[date, BeforeValidator(_only_a_date)]
"""A day of the shop's zone, as YYYY-MM-DD and nothing else."""

Currency = Annotated[
    str | None,
    Query(
        pattern="^[A-Z]{3}$",
        description="ISO 4217 code. Selects money and the orders that it is divided by, never customers. "
        "Default: the shop's.",
        examples=["USD"],
    ),
]
BasisName = Literal["restated", "booked"]
OnBasis = Annotated[
    BasisName,
    Query(
        description="`restated`: refunds and cancellations change the past. `booked`: they count on their own day, and "
        "closed months stay closed.",
    ),
]
BasisOfStages = Annotated[
    BasisName,
    Query(
        description="`restated` only: a change of stage is told once, and taken back by another event where it turns "
        "out to be untrue, so there are no stages of closed months. `booked` is refused; whom the books hold or have "
        "lost is asked of `/v1/retention` and `/v1/retention/{as_of}/customers` with `basis=booked`.",
    ),
]
WindowDays = Annotated[
    int,
    Query(
        ge=1,
        le=WINDOW_MAX,
        description="Days of the trailing window: a customer with an order in it is held.",
        examples=[365],
    ),
    Digits,
]


OnDay = Annotated[Day, Path(description="A day of the shop's zone, as YYYY-MM-DD.", examples=["2026-03-20"])]


def refuse_booked_stages(basis: BasisName, lost_days: int) -> None:
    """422 for stages of basis `booked`, of which there are none: restated ones would pass for them."""
    if basis == "booked":
        raise invalid(
            FieldError(
                "query.basis",
                "stages are of basis restated; for customers held or lost in the books ask /v1/retention and its lists "
                f"with basis=booked&window_days={lost_days}",
            )
        )


def currency_or(given: str | None, default: str) -> str:
    """The asked currency, or the one in which a shop with the currency `default` has its figures.

    422 for Toman, in which no figure is kept, and for what is no currency: zeros would look like an answer.
    """
    if given is None:
        return kept_currency(default)
    if given == "IRT":
        raise invalid(FieldError("query.currency", "Toman is kept as rial: ask for IRR and divide by ten"))
    try:
        minor_digits(given)
    except MoneyError:
        raise invalid(FieldError("query.currency", "is no ISO 4217 code that is in use, such as USD")) from None
    return given


def day_until(field: str, given: date | None, today: DayOrdinal, *, where: str = "query") -> DayOrdinal:
    """The asked day, or today. 422 when it lies before 1970 or in the future, of which nothing is known."""
    if given is None:
        return today
    day = DayOrdinal(given.toordinal())
    if day > today:
        last = date.fromordinal(today)
        raise invalid(FieldError(f"{where}.{field}", f"may not lie after today, {last} in the shop's zone"))
    if given < EARLIEST:
        raise invalid(FieldError(f"{where}.{field}", f"may not lie before {EARLIEST}"))
    return day


def today_in(zone: Zone, clock: Clock) -> DayOrdinal:
    """Which day it is in the shop."""
    return zone.day_of(clock.now())
