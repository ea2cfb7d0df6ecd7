"""Programmes as data and as files: reading refuses by field and says what to give instead, never what was sent.

The file form is JSON with every field written out, indented, in the order of the types: the same programme is the same
bytes, and reading what was written gives the same programme.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from services.loyalty.programmes.domain.body import Programme

FORM = "mandegar.programme/1"
"""First field of a file: which form it has."""

_PLACE = re.compile(r" - at `(key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")
_NAMED = re.compile(r"Object (?:missing required|contains unknown) field `([A-Za-z][A-Za-z_]{0,39})`")
_LIMIT = re.compile(r"Expected `(\w+)` (?:of length )?(>=|<=|>|<|==) (\d+)")
_TYPE = re.compile(r"Expected `([\w| ]+)`(?:, got `[\w| ]+`)?$")
_WORDS = {
    "int": "a whole number",
    "str": "text",
    "array": "a list",
    "object": "an object",
    "bool": "true or false",
    "date": "a date such as 2026-03-21",
    "null": "null",
}


class Trouble(NamedTuple):
    """What is wrong with one field, and what to give instead. `field` is dotted: `rules.0.earn.points`."""

    field: str
    reason: str


class ProgrammeError(ValueError):
    """The data is no programme."""

    def __init__(self, *troubles: Trouble) -> None:
        """`troubles`: at least one."""
        super().__init__("; ".join(f"{one.field}: {one.reason}" for one in troubles))
        self.troubles = troubles


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    form: str
    programme: msgspec.Raw


def read_programme(data: Any) -> Programme:
    """From data such as JSON gives. Raises ProgrammeError for what has not the form; it may still contradict itself."""
    try:
        return msgspec.convert(data, Programme, strict=True)
    except msgspec.ValidationError as error:
        raise ProgrammeError(_trouble(str(error))) from None


def stored(programme: Programme) -> bytes:
    """As tables keep it."""
    return msgspec.json.encode(programme)


def from_stored(body: bytes | str) -> Programme:
    """What tables keep."""
    return msgspec.json.decode(body, type=Programme)


def write_file(programme: Programme) -> bytes:
    """The programme as a file."""
    data = {"form": FORM, "programme": msgspec.to_builtins(programme)}
    return msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"


def read_file(data: Any) -> Programme:
    """The programme of a file whose JSON was read. Raises ProgrammeError."""
    if not isinstance(data, dict) or set(data) != {"form", "programme"}:
        raise ProgrammeError(Trouble("", "must have the fields `form` and `programme`, as an export has"))
    if data["form"] != FORM:
        raise ProgrammeError(Trouble("form", f"must be {FORM}; export the programme anew"))
    try:
        return read_programme(data["programme"])
    except ProgrammeError as error:
        raise ProgrammeError(*(Trouble(_under("programme", one.field), one.reason) for one in error.troubles)) from None


def programme_schema() -> dict[str, Any]:
    """JSON Schema of a programme, for editors."""
    return msgspec.json.schema(Programme)


def _under(room: str, field: str) -> str:
    return ".".join(filter(None, (room, field)))


def _trouble(message: str) -> Trouble:
    """What msgspec says, without values: it quotes those of unknown fields and names."""
    found = _PLACE.search(message)
    path = ".".join(name or place for name, place in _STEP.findall(found[2])) if found else ""
    said = _PLACE.sub("", message)
    if named := _NAMED.match(said):
        reason = "is required" if "missing" in said else "is not a known field"
        return Trouble(_under(path, named[1]), reason)
    if said.startswith("Object contains unknown"):
        return Trouble(path, "has a field that is not known")
    return Trouble(path, _reason(said))


def _reason(said: str) -> str:
    if said.startswith(("Invalid value", "Invalid enum value")):
        return "is none of the values that it may have; GET /v1/programmes/schema lists them"
    if said.startswith("Invalid RFC3339"):
        return "must be a date such as 2026-03-21"
    if limit := _LIMIT.match(said):
        kind, sign, number = limit.groups()
        unit = {"str": " characters", "array": " items"}.get(kind, "")
        return f"must {'have' if unit else 'be'} {_bound(sign, int(number))}{unit}"
    if said.startswith("Expected `str` matching regex"):
        return "has the wrong form; GET /v1/programmes/schema shows it"
    if kinds := _TYPE.match(said):
        return "must be " + " or ".join(_WORDS.get(kind.strip(), kind.strip()) for kind in kinds[1].split("|"))
    return "is not valid; GET /v1/programmes/schema shows what is"


def _bound(sign: str, number: int) -> str:
    match sign:
        case ">=":
            return f"at least {number}"
        case "<=":
            return f"at most {number}"
        case _:
            return f"{number}"
