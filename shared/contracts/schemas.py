"""JSON Schema (2020-12) of each event type, generated from the types, with the docstrings of their fields."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from shared.contracts.registry import TOPICS, Topic

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_AMOUNT = {"type": "string", "format": "decimal"}


def event_schemas() -> dict[str, dict[str, Schema]]:
    """Topic → event type → schema, each schema complete in itself."""
    return {topic.name: {name: _schema(topic, name, form) for name, form in topic.types.items()} for topic in _topics()}


def shared_components(ref_template: str) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """For a document with all of them: (event type → schema, usually a `$ref`), (name → schema of each form)."""
    forms = {name: form for topic in _topics() for name, form in topic.types.items()}
    roots, components = msgspec.json.schema_components(forms.values(), ref_template=ref_template)
    descriptions = _descriptions(forms.values())
    documented = {name: _finish(component, descriptions) for name, component in components.items()}
    return dict(zip(forms, roots, strict=True)), documented


def _topics() -> Iterable[Topic]:
    return TOPICS.values()


def _schema(topic: Topic, name: str, form: type[msgspec.Struct]) -> Schema:
    generated = msgspec.json.schema(form)
    descriptions = _descriptions([form])
    head = {"$schema": DIALECT, "$id": f"urn:mandegar:{topic.name}:{name}", "title": name}
    defs = {key: _finish(value, descriptions) for key, value in generated["$defs"].items()}
    schema: Schema = json.loads(json.dumps(head | {"$ref": generated["$ref"], "$defs": defs}))  # tuples become lists
    return schema


def _finish(component: Schema, descriptions: Mapping[str, Mapping[str, str]]) -> Schema:
    """Add what msgspec cannot know: descriptions of fields, and that amounts are read from numbers too."""
    told = descriptions.get(component.get("title", ""), {})
    properties = {
        name: _amounts(member) | ({"description": told[name]} if name in told else {})
        for name, member in component.get("properties", {}).items()
    }
    return component | ({"properties": properties} if properties else {})


def _amounts(member: Schema) -> Schema:
    return {"anyOf": [_AMOUNT, {"type": "number"}]} if member == _AMOUNT else dict(member)


def _descriptions(forms: Iterable[type[Any]]) -> dict[str, dict[str, str]]:
    """Form → field → the docstring that stands below the field in the source, inherited ones included."""
    told: dict[str, dict[str, str]] = {}
    for form in forms:
        _describe(form, told)
    return told


def _describe(form: type[Any], told: dict[str, dict[str, str]]) -> None:
    if form.__name__ in told:
        return
    told[form.__name__] = {}
    for base in reversed(form.__mro__):
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            told[form.__name__] |= _field_docstrings(base)
    for field in msgspec.structs.fields(form):
        for inner in _structs_in(field.type):
            _describe(inner, told)


def _structs_in(annotation: Any) -> Iterable[type[Any]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _structs_in(argument)


@lru_cache(maxsize=256)
def _field_docstrings(form: type[Any]) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(form))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
        ):
            found[statement.target.id] = inspect.cleandoc(str(following.value.value))
    return found
