"""The operations of an OpenAPI document as a client calls them: names, annotations, what is sent and what comes."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

_SKIPPED_TAGS = frozenset({"webhooks"})
"""Sent by shop systems, which sign them: no program of ours calls these."""
_FORMS_OF_CSV = frozenset({"format", "bom"})
"""Parameters that choose between JSON and CSV: the client has a method for each."""
_MODEL = "models."
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation; `place` is where it is sent."""

    name: str
    place: Literal["path", "query", "header"]
    required: bool
    annotation: str
    description: str

    @property
    def argument(self) -> str:
        """Its name in Python."""
        return _argument(self.name)


@dataclass(frozen=True)
class Operation:
    """One method of the client."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: str | None
    """Annotation of the body; None where there is none."""
    body_required: bool
    answer: str
    """Annotation of what a call gives: a model, `dict[str, Any]`, `str` for text, `None`."""
    accept: str
    """Media type that is asked for."""


def in_python(document: dict[str, Any]) -> dict[str, Any]:
    """The document with names of components that are names of classes: `Page_Entry_` becomes `PageEntry`."""
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        text = text.replace(f'#/components/schemas/{name}"', f'#/components/schemas/{_class_name(name)}"')
    renamed: dict[str, Any] = json.loads(text)
    schemas = {_class_name(name): schema for name, schema in renamed["components"]["schemas"].items()}
    if len(schemas) < len(document["components"]["schemas"]):
        raise ValueError("two components of the document would be one class; give one another name")
    renamed["components"]["schemas"] = schemas
    return renamed


def _class_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def operations_of(document: dict[str, Any]) -> Iterator[Operation]:
    """The operations, in the order of the document; one that answers with JSON or CSV is two."""
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if not _SKIPPED_TAGS.intersection(described.get("tags", ())):
                yield from _operation(method.upper(), path, described)


def _operation(method: str, path: str, described: dict[str, Any]) -> Iterator[Operation]:
    status = next(status for status in described["responses"] if status.startswith("2"))
    answers = described["responses"][status].get("content") or {"": {}}
    known = [_parameter(one) for one in described.get("parameters", ())]
    body = described.get("requestBody")
    for accept, content in answers.items():
        is_table = accept == "text/csv"
        chosen = [one for one in known if one.name not in _FORMS_OF_CSV or (is_table and one.name == "bom")]
        yield Operation(
            name=described["operationId"] + ("_csv" if is_table else ""),
            method=method,
            path=path,
            summary=described["summary"],
            description=described.get("description", ""),
            parameters=tuple(sorted(chosen, key=lambda one: not one.required)),
            body=None if body is None else _body(body["content"]),
            body_required=body is not None and body.get("required", False),
            answer=_answer(accept, content),
            accept=accept or "application/json",
        )


def _parameter(described: dict[str, Any]) -> Parameter:
    return Parameter(
        name=described["name"],
        place=described["in"],
        required=described.get("required", False),
        annotation=_annotation(described["schema"]),
        description=described.get("description", ""),
    )


def _argument(name: str) -> str:
    text = re.sub(r"\W", "_", name).lower()
    return f"{text}_" if keyword.iskeyword(text) or text == "self" else text


def _annotation(schema: dict[str, Any]) -> str:
    """Of a parameter. Null is left out: what is not to be sent is not given."""
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return " | ".join(dict.fromkeys(_plain(one) for one in kinds))


def _plain(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if schema.get("type") == "array":
        return f"Sequence[{_annotation(schema.get('items', {}))}]"
    if schema.get("type") == "string" and schema.get("format") in ("date", "date-time"):
        return "date" if schema["format"] == "date" else "datetime"
    return _PLAIN.get(schema.get("type", ""), "str")


def _body(content: dict[str, Any]) -> str:
    # JSON is understood wherever another form is: CloudEvents too.
    schema = content["application/json"]["schema"]
    kinds = [_model(one) for one in schema.get("anyOf", [schema])]
    return " | ".join(dict.fromkeys([*kinds, "Mapping[str, Any]"]))


def _model(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _MODEL + str(schema["$ref"]).rsplit("/", 1)[-1]
    if schema.get("type") == "array":
        item = _model(schema["items"])
        return f"Sequence[{item} | Mapping[str, Any]]"
    return "Mapping[str, Any]"


def _answer(accept: str, content: dict[str, Any]) -> str:
    if not accept:
        return "None"
    if accept != "application/json":
        return "str"
    return _given(content.get("schema", {}))


def _given(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _MODEL + str(schema["$ref"]).rsplit("/", 1)[-1]
    # Of several forms the caller chose one by what was asked: the client does not guess which.
    return f"list[{_given(schema['items'])}]" if schema.get("type") == "array" else "dict[str, Any]"
