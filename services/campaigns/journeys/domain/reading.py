"""Journeys as data and as files: reading refuses by field and says what to give instead, never what was sent."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from services.campaigns.journeys.domain.checking import faults
from services.campaigns.journeys.domain.journey import Journey

FORM = "mandegar.journey/1"
"""First field of a file: which form it has."""
_PLACE = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")
_NAMED = re.compile(r"Object (missing required|contains unknown) field `([A-Za-z][A-Za-z_]{0,39})`")
_SAID = re.compile(r"Expected `[\w| ]+`(?: (?:of length )?(?:>=|<=|>|<) -?\d+)?(?:, got `[\w| ]+`)?")


class Fault(NamedTuple):
    """What is wrong with one field. `field` is dotted: `steps.0.minutes`."""

    field: str
    reason: str


class JourneyError(ValueError):
    """The data is no journey that could run."""

    def __init__(self, *faults: Fault) -> None:
        """`faults`: at least one."""
        super().__init__("; ".join(f"{one.field}: {one.reason}" for one in faults))
        self.faults = faults


def read_journey(data: Any) -> Journey:
    """From data such as JSON gives. Raises JourneyError for what has not the form, or contradicts itself."""
    try:
        journey = msgspec.convert(data, Journey, strict=True)
    except msgspec.ValidationError as error:
        raise JourneyError(_fault(str(error))) from None
    except RecursionError:
        raise JourneyError(Fault("steps", "are too deep")) from None
    if found := faults(journey):
        raise JourneyError(*(Fault(field, reason) for field, reason in found))
    return journey


def stored(journey: Journey) -> str:
    """As tables keep it."""
    return msgspec.json.encode(journey).decode()


def from_stored(body: str | bytes) -> Journey:
    """What tables keep."""
    return msgspec.json.decode(body, type=Journey)


def file_of(name: str, journey: Journey) -> bytes:
    """The journey as a file: the same journey is the same bytes."""
    data = {"form": FORM, "id": name, "journey": msgspec.to_builtins(journey)}
    return msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"


def _fault(message: str) -> Fault:
    """What msgspec says, without values: it quotes those of unknown fields and kinds."""
    found = _PLACE.search(message)
    path = ".".join(name or place for name, place in _STEP.findall(found[1])) if found else ""
    said = _PLACE.sub("", message)
    if named := _NAMED.match(said):
        field = ".".join(filter(None, (path, named[2])))
        return Fault(field, "is required" if named[1].startswith("missing") else "is not a known field")
    if fitting := _SAID.match(said):
        return Fault(path, fitting[0])
    return Fault(path, "is none of what it may be; GET /v1/journeys/schema shows what")
