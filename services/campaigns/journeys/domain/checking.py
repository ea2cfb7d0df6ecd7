"""What no type can say of a journey. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.campaigns.journeys.domain.happening import FIELDS, fields_of, is_interaction
from services.campaigns.journeys.domain.journey import (
    DEPTH_MAX,
    STEPS_MAX,
    Branch,
    ByHand,
    Filter,
    Journey,
    Match,
    OnDate,
    OnEvent,
    OnSegment,
    PerKey,
    Split,
    matches_of,
    steps_of,
)

Found = tuple[str, str]
"""Field, and what is wrong with it."""
_OF_DATES = frozenset({"day", "year"})


def faults(journey: Journey) -> list[Found]:
    """All that is wrong with it, by field."""
    return list(_all(journey))


def _all(journey: Journey) -> Iterator[Found]:
    yield from _steps(journey)
    yield from _trigger(journey)
    for match in matches_of(journey):
        yield from _match(match)
    if isinstance(journey.reentry, PerKey) and journey.key is None:
        yield "reentry", "a run for each key needs `key`"
    for place, matches in (("goal", journey.goal), ("exits", journey.exits)):
        if any(one.same == "run" and not one.event.startswith("message.") for one in matches):
            yield place, "only events of messages are of a run"


def _steps(journey: Journey) -> Iterator[Found]:
    found = list(steps_of(journey))
    if not found:
        yield "steps", "there must be one"
    if len(found) > STEPS_MAX or any(depth > DEPTH_MAX for _, depth in found):
        yield "steps", f"at most {STEPS_MAX}, {DEPTH_MAX} deep"
    counted = Counter(step.id for step, _ in found)
    for name in sorted(name for name, count in counted.items() if count > 1):
        yield "steps", f"`{name}` is there more than once"
    for step, _ in found:
        if isinstance(step, Split) and len({one.name for one in step.variants}) < len(step.variants):
            yield "steps", f"variants of `{step.id}` need names of their own"
        if isinstance(step, Branch):
            if step.profile is None and not step.trigger:
                yield "steps", f"`{step.id}` asks for nothing; give `profile` or `trigger`"
            yield from _filters(step.trigger, _entered_with(journey), f"steps: `{step.id}`")


def _trigger(journey: Journey) -> Iterator[Found]:
    trigger = journey.trigger
    match trigger:
        case OnEvent():
            if not _is_known(trigger.event):
                yield "trigger.event", "is no event that journeys hear"
            yield from _filters(trigger.where, fields_of(trigger.event), "trigger.where")
        case OnDate():
            if (trigger.on is None) == (trigger.since is None):
                yield "trigger", "give either `on` or `since`"
            if trigger.since == "birthday" and trigger.every != "year":
                yield "trigger.every", "a birthday comes each year"
            if trigger.days and (trigger.since is None or trigger.every == "year"):
                yield "trigger.days", "only counts days after a date of the customer, once"
        case OnSegment() | ByHand():
            pass
    fields = _entered_with(journey)
    if journey.key is not None and fields is not None and journey.key not in fields:
        yield "key", "is no field of what the journey is entered by"


def _entered_with(journey: Journey) -> frozenset[str] | None:
    """Fields that runs are entered with; None: any, as those who ask say."""
    match journey.trigger:
        case OnEvent(event=event):
            return fields_of(event)
        case OnSegment():
            return FIELDS["segment.entered"]
        case OnDate():
            return _OF_DATES
        case _:
            return None


def _match(match: Match) -> Iterator[Found]:
    place = f"`{match.event}`" if _is_known(match.event) else "events"
    if not _is_known(match.event):
        yield "events", "one of `goal`, `exits` or of a wait is no event that journeys hear"
        return
    yield from _filters(match.where, fields_of(match.event), place)
    if match.same is not None and match.same not in fields_of(match.event):
        yield place, "`same` is no field of the event"


def _filters(filters: tuple[Filter, ...], fields: frozenset[str] | None, place: str) -> Iterator[Found]:
    for one in filters:
        if fields is not None and one.field not in fields:
            yield place, "asks for a field that the event does not have"
        if one.op in ("at_least", "at_most") and (isinstance(one.value, (str, bool))):
            yield place, "compares with what is no number"


def _is_known(event: str) -> bool:
    return event == event.strip().lower() if is_interaction(event) else event in FIELDS
