"""docs/SETTINGS.md, written from the fields themselves, so that no setting is without its line.

`make docs` writes the page; a test fails when the committed one differs.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from shared.settings.platform import PlatformSettings, variable_of

SETTINGS_PAGE = Path(__file__).parents[2] / "docs" / "SETTINGS.md"

_HEAD = """# Settings

Every setting is an environment variable. This page is generated from the code (`make docs`).

"""


def settings_table(settings: type[PlatformSettings], *, own_only: bool = False) -> str:
    """A Markdown table: variable, type with limits, default, meaning. `own_only` leaves out what is inherited."""
    inherited = set(PlatformSettings.model_fields) if own_only else set()
    rows = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for name, field in settings.model_fields.items():
        if name not in inherited:
            cells = (f"`{variable_of(settings, name)}`", _type(field), _default(field), field.description or "")
            rows.append("| " + " | ".join(re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def settings_page(services: Sequence[tuple[str, type[PlatformSettings]]] = ()) -> str:
    """The whole page: what all processes share, then what each service adds."""
    parts = [_HEAD, "## All processes\n\n", settings_table(PlatformSettings)]
    for name, settings in services:
        if len(settings.model_fields) > len(PlatformSettings.model_fields):
            parts.append(f"\n## {name}\n\n{settings_table(settings, own_only=True)}")
    return "".join(parts)


def _type(field: FieldInfo) -> str:
    limits = [_limit(item) for item in field.metadata]
    return " ".join([_type_name(field.annotation), *(text for text in limits if text)])


def _type_name(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(annotation))
    if annotation is SecretStr:
        return "secret text"
    if isinstance(annotation, types.UnionType):
        return " or ".join(_type_name(part) for part in typing.get_args(annotation))
    plain = {
        str: "text",
        int: "integer",
        float: "number",
        bool: "`true` or `false`",
        type(None): "nothing",
        Path: "path",
    }
    return plain.get(annotation) or str(getattr(annotation, "__name__", annotation))


def _limit(item: object) -> str:
    match item:
        case Ge(ge=bound):
            return f"≥ {bound}"
        case Gt(gt=bound):
            return f"> {bound}"
        case Le(le=bound):
            return f"≤ {bound}"
        case Lt(lt=bound):
            return f"< {bound}"
        case MinLen(min_length=1):
            return "not empty"
        case _:
            return ""


def _default(field: FieldInfo) -> str:
    return "required" if field.is_required() else f"`{field.default}`"
