"""What every API's OpenAPI document has beside what its routes say: problems, names for our own forms, pages."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.web.problems import PROBLEM_SCHEMA

_NAME = re.compile(r"[A-Z][A-Za-z]+")


def operation_id(route: APIRoute) -> str:
    """The function's name: what a generated client calls the operation."""
    return route.name


def describe(app: FastAPI) -> None:
    """Let the application's document define `Problem`, and forms that routes write out by hand as components.

    A schema written into a route whose `title` is one word in capitals and small letters becomes the component of that
    name, so that clients generated from the document have a type for it.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = generate()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = PROBLEM_SCHEMA
        for operations in document["paths"].values():
            for operation in operations.values():
                bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
                for content in (form for body in bodies for form in body.get("content", {}).values()):
                    if "schema" in content:
                        content["schema"] = _named(content["schema"], schemas)
        _show_pages(schemas)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this as the way to extend the document


def _show_pages(schemas: dict[str, Any]) -> None:
    """A page of what has an example has one too: that one item."""
    for schema in schemas.values():
        fields = schema.get("properties", {})
        if set(fields) == {"items", "next"} and "example" not in schema:
            item = schemas.get(str(fields["items"]["items"].get("$ref")).rsplit("/", 1)[-1], {})
            if "example" in item:
                schema["example"] = {"items": [item["example"]], "next": None}


def _named(schema: Any, schemas: dict[str, Any]) -> Any:
    """The schema with those inside that have a name taken out, or a reference to it when it has one itself."""
    if isinstance(schema, list):
        return [_named(part, schemas) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _named(part, schemas) for key, part in schema.items()}
    title = found.get("title")
    # What has no fields of its own, such as any dictionary, has a title that FastAPI made of an argument's name.
    if not isinstance(title, str) or not _NAME.fullmatch(title) or "properties" not in found:
        return found
    if schemas.setdefault(title, found) != found:
        raise ValueError(f"two forms of the API are called {title}; give one another title")
    return {"$ref": f"#/components/schemas/{title}"}
