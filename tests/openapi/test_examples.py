"""Every example of the descriptions runs: each operation is called with its own, over HTTP and through the client."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import mandegar_client
import pytest

from mandegar import clients, documents
from mandegar.clients.__main__ import main as check_client
from mandegar.clients.operations import in_python, operations_of
from mandegar.stack import Stack
from shared.testing import Databases
from tests.gateway_webhooks.ground import headers as signed
from tests.openapi.ground import SIGNED_WITH, Platform, platform
from tests.openapi.test_story import call

SERVICES = ("campaigns", "feedback", "gateway", "loyalty", "metrics")


class Example(NamedTuple):
    """One call as the description has it."""

    operation: dict[str, Any]
    method: str
    path: str
    parameters: dict[str, Any]
    form: str
    """Media type of the body; "" where there is none."""
    body: Any


def document(service: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((documents.OPENAPI / f"{service}.json").read_text(encoding="utf-8"))
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def shown(place: dict[str, Any], described: dict[str, Any]) -> list[Any]:
    """The examples of a body or an answer: its own, else those of its form."""
    if "examples" in place:
        return [one["value"] for one in place["examples"].values()]
    if "example" in place:
        return [place["example"]]
    schema = place.get("schema", {})
    if schema.get("type") == "array" and "items" in schema:
        return [[one] for one in shown({"schema": schema["items"]}, described)]
    schema = next((kind for kind in schema.get("anyOf", []) if "$ref" in kind), schema)
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return list(schema.get("examples", [])) or [schema[name] for name in ("example",) if name in schema]


def examples(described: dict[str, Any]) -> Iterator[Example]:
    for path, method, operation in operations(described):
        given = {
            one["name"]: one["schema"]["examples"][0]
            for one in operation.get("parameters", [])
            if "examples" in one["schema"]
        }
        bodies = [
            (form, body)
            for form, content in operation.get("requestBody", {}).get("content", {}).items()
            for body in shown(content, described)
        ]
        for form, body in bodies or [("", None)]:
            yield Example(operation, method, path, given, form, body)


def in_turn(described: dict[str, Any]) -> list[Example]:
    """Examples; who is erased is asked for nothing else afterwards, and erasures are asked for when there is one."""
    return sorted(
        examples(described), key=lambda one: 2 * one.path.startswith("/v1/erasures") + one.path.endswith("/erase")
    )


def judged(schema: dict[str, Any], described: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({**schema, "components": described["components"]})


@pytest.fixture
async def here(databases: Databases, stack: Stack) -> AsyncIterator[Platform]:
    async with platform(databases, stack) as made:
        orders = [call(customer, n, f"2026-0{n + 1}-10") for customer in range(1, 4) for n in range(customer)]
        await made.gateway.batch({"batch": orders})
        await made.settle()
        known = call(77, 0, "2026-03-10")  # of whom, and of whose order, many examples speak
        known["properties"]["order_id"] = "A-1001"
        await made.gateway.track({**known, "userId": "77"})
        await made.settle()
        await made.renew()
        yield made


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_described_with_examples_and_refusals(service: str) -> None:
    described = document(service)
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(described):
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert operation.get("description"), where
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert shown(content, described), f"{where}: the body has no example"
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values():
                assert shown(content, described), f"{where}: {status} has no example"
        for one in operation.get("parameters", []):
            assert one.get("description"), f"{where}: {one['name']}"
            assert not one["required"] or "examples" in one["schema"], f"{where}: {one['name']} has no example"
        if path.startswith("/v1/"):
            assert {"401", "404", "422", "503"} <= set(operation["responses"]), where


@pytest.mark.parametrize("service", SERVICES)
def test_every_example_of_an_answer_is_one_by_its_own_form(service: str) -> None:
    described = document(service)
    judgements = 0
    for path, method, operation in operations(described):
        for status, response in operation["responses"].items():
            for form, content in response.get("content", {}).items():
                if "json" not in form or "schema" not in content:
                    continue
                for example in shown(content, described):
                    # FastAPI leaves out of an example what is null.
                    whole = _with_nulls(example, content["schema"], described)
                    errors = [error.message for error in judged(content["schema"], described).iter_errors(whole)]
                    assert not errors, f"{method} {path} {status}: {errors}"
                    judgements += 1
    assert judgements > 10


def _with_nulls(example: Any, schema: dict[str, Any], described: dict[str, Any]) -> Any:
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    if isinstance(example, list) and "items" in schema:
        return [_with_nulls(one, schema["items"], described) for one in example]
    for kind in schema.get("anyOf", []):
        if "$ref" in kind and isinstance(example, dict):
            return _with_nulls(example, kind, described)
    if not isinstance(example, dict) or "properties" not in schema:
        return example
    known = schema["properties"]
    nullable = {name: None for name, one in known.items() if {"type": "null"} in one.get("anyOf", [])}
    return nullable | {name: _with_nulls(one, known.get(name, {}), described) for name, one in example.items()}


@pytest.mark.stack
@pytest.mark.parametrize("service", SERVICES)
async def test_every_example_runs_and_is_answered_as_described(here: Platform, service: str) -> None:
    described = document(service)
    failures = []
    tried = 0
    for example in in_turn(described):
        answered = await _send(here, service, example)
        where = f"{example.method} {example.path} {example.form}"
        content = example.operation["responses"].get(str(answered.status_code), {}).get("content", {})
        form = answered.headers.get("content-type", "").split(";")[0]
        if not answered.is_success or form not in content:
            failures.append(f"{where}: {answered.status_code} {form} {answered.text[:300]}")
        elif form == "application/json":
            validator = judged(content[form]["schema"], described)
            failures += [f"{where}: {error.message}" for error in validator.iter_errors(answered.json())]
        tried += 1
    assert not failures, "\n".join(failures)
    assert tried >= len(list(operations(described)))


async def _send(here: Platform, service: str, example: Example) -> Any:
    places = {one["name"]: one["in"] for one in example.operation.get("parameters", [])}
    path = example.path
    for name in [name for name in example.parameters if places[name] == "path"]:
        path = path.replace(f"{{{name}}}", example.parameters[name])
    query = {name: value for name, value in example.parameters.items() if places[name] == "query"}
    content = None if example.body is None else json.dumps(example.body).encode()
    more = {"content-type": example.form} if example.form else {}
    if content is not None and "webhooks" in example.operation["tags"]:
        more = signed("shopify", "orders/create", content, SIGNED_WITH)
    return await here.http[service].request(example.method.upper(), path, params=query, content=content, headers=more)


@pytest.mark.stack
@pytest.mark.parametrize("service", SERVICES)
async def test_the_client_asks_every_example_and_understands_every_answer(here: Platform, service: str) -> None:
    described = document(service)
    known = {one.name: one for one in operations_of(in_python(described))}
    api = getattr(here, service)
    called = set()
    for example in in_turn(described):
        for name in (example.operation["operationId"], f"{example.operation['operationId']}_csv"):
            operation = known.get(name)
            if operation is None or (example.form not in ("", "application/json")):
                continue
            arguments = {
                one.argument: date.fromisoformat(value) if one.annotation == "date" else value
                for one in operation.parameters
                if (value := example.parameters.get(one.name)) is not None
            }
            answer = await getattr(api, name)(*([] if example.body is None else [example.body]), **arguments)
            assert answer or operation.answer == "None", name
            called.add(name)
    assert called == set(known)


@pytest.mark.parametrize("service", SERVICES)
def test_the_client_has_a_method_for_every_operation_in_both_ways_of_waiting(service: str) -> None:
    waiting = getattr(mandegar_client, service.capitalize())
    awaited = getattr(mandegar_client, f"Async{service.capitalize()}")
    names = {one.name for one in operations_of(in_python(document(service)))}
    for name in names:
        one, other = inspect.signature(getattr(waiting, name)), inspect.signature(getattr(awaited, name))
        assert one == other
        assert inspect.iscoroutinefunction(getattr(awaited, name))
    ours = {name for name, _ in inspect.getmembers(waiting, inspect.isfunction) if not name.startswith("_")}
    assert ours == names | {"close"}


def test_the_committed_documents_and_the_committed_client_are_those_of_the_code() -> None:
    assert documents.main(["--check"]) == 0
    assert check_client(["--check"]) == 0


def test_a_document_that_changed_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed = json.loads(json.dumps(document("metrics")).replace("return-rates", "return-shares"))
    (tmp_path / "metrics.json").write_text(json.dumps(changed))
    monkeypatch.setattr(clients.__main__, "DOCUMENTS", tmp_path)
    assert check_client(["--check"]) == 1
