"""The mapping: all that a file does not say of itself, or that somebody settled. Kept as JSON, to be used again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from mandegar.importing.headings import FIELDS
from mandegar.replaying import MappingError

DateOrder = Literal["ymd", "dmy", "mdy"]
Calendar = Literal["gregorian", "jalali"]
DecimalMark = Literal[".", ","]
Unit = Literal["major", "minor"]


class Mapping(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is given beforehand. Whatever is None is found in the file."""

    columns: dict[str, str] = {}
    """Heading of each field."""
    encoding: str | None = None
    delimiter: str | None = None
    dates: DateOrder | None = None
    """What comes first in a date of numbers. Needed only where every date could be read in two ways."""
    calendar: Calendar | None = None
    """Of years with two digits; four digits tell it themselves."""
    zone: str | None = None
    """Of times without an offset; None: the shop's."""
    currency: str | None = None
    """Where a row names none; None: the shop's."""
    decimal: DecimalMark | None = None
    amounts: Unit = "major"
    """`minor`: amounts are cents, or whatever the currency's smallest unit is."""


_DECODER = msgspec.json.Decoder(Mapping)


def load_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises MappingError when it is none, OSError when it cannot be read."""
    try:
        mapping = _DECODER.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except msgspec.DecodeError as error:
        raise MappingError(f"{path} is no mapping: {error}; `--save-mapping` writes one") from error
    check_columns(mapping.columns)
    return mapping


def check_columns(columns: dict[str, str]) -> None:
    """Raises MappingError for a field that there is not."""
    if unknown := sorted(set(columns) - set(FIELDS)):
        raise MappingError(f"there is no field {', '.join(unknown)}; fields are {', '.join(FIELDS)}")


def save_mapping(mapping: Mapping, path: Path) -> None:
    """Write it, indented for people."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(mapping), indent=2) + b"\n")
