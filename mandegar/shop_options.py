"""The options of `mandegar shops add` and `set`: one for every setting of a shop that people choose."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

import typer

Slug = Annotated[str, typer.Argument(help="Short name in lower case, as it stands in events.")]
Name = Annotated[str | None, typer.Option(help="Name for people.")]
ZoneName = Annotated[str | None, typer.Option(help="IANA zone of the shop's days, such as Asia/Tehran.")]
Currency = Annotated[str | None, typer.Option(help="ISO 4217 code of its usual currency.")]
Calendar = Annotated[str | None, typer.Option(help="Calendar of its months: gregorian or jalali.")]
Languages = Annotated[list[str] | None, typer.Option("--language", help="Such as fa or en-GB; may be repeated.")]
PhoneRegion = Annotated[
    str | None, typer.Option(help="Region of phones without a country code. Default: the zone's country.")
]
WeekStart = Annotated[
    int | None, typer.Option(min=0, max=6, help="First day of its weeks: 0 is Monday, 5 Saturday, 6 Sunday.")
]
Windows = Annotated[
    list[int] | None, typer.Option("--window", help="A retention window in days, kept ready; may be repeated.")
]
Periods = Annotated[
    list[int] | None,
    typer.Option("--period", help="A period in days whose won and lost are kept, basis `booked`; may be repeated."),
]
LoyalOver = Annotated[int | None, typer.Option(help="Orders beyond which a customer counts as loyal.")]
ClosingDays = Annotated[int | None, typer.Option(help="A month closes so many days after its end, basis `booked`.")]
ClockName = Annotated[
    str | None, typer.Option(help="`wall`, or `stream`: time is what replays tell with --stream-time.")
]
Benchmark = Annotated[
    str | None, typer.Option(help="Industry whose published retention stands beside its own, such as retail; or none.")
]
Blocked = Annotated[
    list[str] | None,
    typer.Option("--blocked-identifier", help="A value that identifies nobody; may be repeated. '' alone: none."),
]
DeadLetterDays = Annotated[int | None, typer.Option(help="Bodies of dead letters are kept so many days, at most 30.")]
InactiveMonths = Annotated[
    int | None, typer.Option(help="Customers not heard of for so many months are erased; 0: nobody is.")
]
VisitMonths = Annotated[
    int | None, typer.Option(help="Days of visits are kept for so many months, where stages go by orders; 0: for ever.")
]
LostDays = Annotated[int | None, typer.Option(help="A customer is lost after so many days without an order.")]
OnboardingDays = Annotated[int | None, typer.Option(help="A new customer is active after so many days at the latest.")]
Lapsing = Annotated[
    str | None, typer.Option(help="Lapsing by each customer's own rhythm (personal), or for all alike (fixed).")
]
LapsingDays = Annotated[int | None, typer.Option(help="Days to lapsing where it is fixed, or too little is known.")]
LapsingFloor = Annotated[int | None, typer.Option(help="Nobody's own threshold is shorter, in days.")]
LapsingQuantile = Annotated[int | None, typer.Option(help="Percent of gaps that a customer's threshold exceeds.")]
Activity = Annotated[str | None, typer.Option(help="What keeps a customer from lapsing: orders, visits or either.")]

NO_BENCHMARK = "none"
"""As a shop's benchmark: none stands beside its retention."""


def settings_of(given: dict[str, Any], lifecycle: Collection[str]) -> dict[str, Any]:
    """What was given, as gateway's commands take it; `lifecycle` names what belongs there. Raises CommandFailed."""
    chosen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    chosen = {key: value for key, value in chosen.items() if value is not None and value != ()}
    if chosen.get("blocked_identifiers") == ("",):
        chosen["blocked_identifiers"] = ()
    _check_benchmark(chosen.get("benchmark"))
    settings = {key: value for key, value in chosen.items() if key not in lifecycle}
    if stages := {key: value for key, value in chosen.items() if key in lifecycle}:
        settings["lifecycle"] = stages
    return settings


def _check_benchmark(industry: str | None) -> None:
    from mandegar.failures import CommandFailed
    from services.metrics.retention.domain.benchmarks import BENCHMARKS

    if industry is not None and industry != NO_BENCHMARK and industry not in BENCHMARKS:
        raise CommandFailed(f"benchmark: there are {', '.join(BENCHMARKS)}; or {NO_BENCHMARK}")
