"""The client's modules as text: types of a document by datamodel-code-generator, a method for each operation by us."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from mandegar.clients.operations import Operation, Parameter, operations_of

HEAD = "Generated from docs/openapi/{service}.json by `make client`; a change is made there."
_WIDTH = 112


def models(service: str, document: dict[str, Any]) -> str:
    """Every component of the document as a pydantic model."""
    from datamodel_code_generator import InputFileType, LiteralType, PythonVersion, generate
    from datamodel_code_generator.enums import DataModelType
    from datamodel_code_generator.format import Formatter

    schemas = {name: _bare(schema) for name, schema in document["components"]["schemas"].items()}
    bare = {"openapi": "3.1.0", "info": document["info"], "paths": {}, "components": {"schemas": schemas}}
    text = generate(
        json.dumps(bare),
        input_file_type=InputFileType.OpenAPI,
        output_model_type=DataModelType.PydanticV2BaseModel,
        target_python_version=PythonVersion.PY_311,
        use_standard_collections=True,
        use_union_operator=True,
        use_annotated=True,
        use_schema_description=True,
        use_field_description=True,
        use_double_quotes=True,
        disable_timestamp=True,
        snake_case_field=True,
        allow_population_by_field_name=True,
        strict_nullable=True,
        enum_field_as_literal=LiteralType.All,
        formatters=[Formatter.BUILTIN],
        custom_file_header=f'"""Forms of {service}. {HEAD.format(service=service)}"""',
    )
    assert isinstance(text, str), "one module was asked for"
    return text


def _bare(schema: Any) -> Any:
    """Without titles and examples, which say nothing in Python, and limits of items, which the service judges."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: _bare(one) for name, one in value.items()}
        elif key == "items":
            limits = ("minimum", "maximum", "minLength", "maxLength", "pattern")
            found[key] = {name: one for name, one in _bare(value).items() if name not in limits}
        elif key not in ("title", "example", "examples") and not (key == "default" and isinstance(value, dict)):
            found[key] = _bare(value)
    return found


def api(service: str, document: dict[str, Any]) -> str:
    """The module of a service's operations: a class that waits for answers, and one to be awaited."""
    known = list(operations_of(document))
    name = service.capitalize()
    # Word for word once more for asyncio: a mixture of both would be neither typed nor read.
    waiting = "".join(_method(service, one, awaited=False) for one in known)
    awaited = "".join(_method(service, one, awaited=True) for one in known)
    about = _text(document["info"].get("description", "")) or f"The API of {service}."
    return f'''"""Operations of {service}. {HEAD.format(service=service)}"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from mandegar_client import {service}_models as models
from mandegar_client.transport import Api, AsyncApi


class {name}(Api):
    """{about}"""

{waiting}

class Async{name}(AsyncApi):
    """{about} Its methods are awaited."""

{awaited}'''


def _method(service: str, operation: Operation, *, awaited: bool) -> str:
    word, wait = ("async def", "await ") if awaited else ("def", "")
    arguments = ["self"]
    if operation.body is not None:
        arguments.append(f"body: {operation.body}" + ("" if operation.body_required else " | None = None"))
    if operation.parameters:
        arguments.append("*")
    arguments += [_declared(one) for one in operation.parameters]
    sent = [f'"{operation.method}"', f'"{operation.path}"', operation.answer.replace("None", "type(None)")]
    for place in ("path", "query", "header"):
        of_place = [one for one in operation.parameters if one.place == place]
        if of_place:
            pairs = ", ".join(f'"{one.name}": {one.argument}' for one in of_place)
            sent.append(f"{place}={{{pairs}}}")
    if operation.body is not None:
        sent.append("body=body")
    if operation.accept != "application/json":
        sent.append(f'accept="{operation.accept}"')
    about = f"As `{service.capitalize()}.{operation.name}`." if awaited else _described(operation)
    back = "" if operation.answer == "None" else "return "
    return f'''    {word} {operation.name}({", ".join(arguments)}) -> {operation.answer}:
        """{about}"""
        {back}{wait}self._ask({", ".join(sent)})

'''


def _declared(parameter: Parameter) -> str:
    kind = parameter.annotation
    return f"{parameter.argument}: {kind}" if parameter.required else f"{parameter.argument}: {kind} | None = None"


def _described(operation: Operation) -> str:
    lines = [_text(operation.summary).rstrip(".") + "."]
    for paragraph in operation.description.split("\n\n"):
        if paragraph.strip():
            lines += ["", *textwrap.wrap(_text(paragraph), _WIDTH)]
    told = [one for one in operation.parameters if one.description]
    if told:
        lines.append("")
        for one in told:
            lines += textwrap.wrap(f"{one.argument}: {_text(one.description)}", _WIDTH, subsequent_indent="    ")
    body = "\n".join(f"        {line}" if line and at else line for at, line in enumerate(lines))
    return body if len(lines) == 1 else f"{body}\n        "


def _text(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
