"""docs/events: up to date, complete, and guarded against change that breaks readers."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from shared.contracts import topics
from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.compatibility import breaking_changes
from shared.contracts.publish import FOLDER, committed_schemas, differing, main
from shared.contracts.registry import TOPICS
from shared.contracts.schemas import event_schemas
from shared.messaging.cluster import topic_settings

Schemas = dict[str, dict[str, Any]]


def order(schemas: Schemas) -> dict[str, Any]:
    form: dict[str, Any] = schemas["orders.v1"]["order.completed"]["$defs"]["Order"]
    return form


def test_the_committed_documents_are_those_of_the_types() -> None:
    assert differing(FOLDER) == []


def test_every_topic_name_stands_in_the_registry() -> None:
    names = {value for name, value in vars(topics).items() if name.isupper() and isinstance(value, str)}
    assert names == set(TOPICS)


def test_the_asyncapi_document_points_only_at_what_it_holds() -> None:
    document = asyncapi_document()
    text = json.dumps(document)
    assert document["asyncapi"] == "3.1.0"
    references = [part.split('"')[0] for part in text.split('"$ref": "')[1:]]
    assert len(references) > 40
    for reference in references:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place
    types = {name for topic in TOPICS.values() for name in topic.types}
    assert {message["name"] for message in document["components"]["messages"].values()} == types


def test_samples_of_the_asyncapi_document_keep_their_payload_schema() -> None:
    document = json.loads(json.dumps(asyncapi_document()))
    for message in document["components"]["messages"].values():
        schema = {"$ref": message["payload"]["$ref"], "components": document["components"]}
        jsonschema_rs.validator_for(schema).validate(message["examples"][0]["payload"])


def test_nothing_breaks_while_nothing_changes() -> None:
    assert breaking_changes(committed_schemas(FOLDER), event_schemas()) == []


def drop_field(s: Schemas) -> None:
    del order(s)["properties"]["coupon"]


def retype_field(s: Schemas) -> None:
    order(s)["properties"]["revenue"] = {"type": "string"}


def retype_choice(s: Schemas) -> None:
    order(s)["properties"]["customer"]["anyOf"][0] = {"type": "integer"}


def retype_in_a_list(s: Schemas) -> None:
    s["orders.v1"]["order.completed"]["$defs"]["OrderLine"]["properties"]["quantity"] = {"type": "number"}


def require_optional(s: Schemas) -> None:
    order(s)["required"].append("coupon")


def add_required(s: Schemas) -> None:
    order(s)["properties"]["channel"] = {"type": "string"}
    order(s)["required"].append("channel")


def relax_required(s: Schemas) -> None:
    order(s)["required"].remove("revenue")


def change_values(s: Schemas) -> None:
    s["orders.v1"]["order.completed"]["$defs"]["OrderCompleted"]["properties"]["origin"]["enum"] = ["live"]


def change_default(s: Schemas) -> None:
    order(s)["properties"]["lines"]["default"] = [1]


def drop_type(s: Schemas) -> None:
    del s["orders.v1"]["order.refunded"]


def drop_topic(s: Schemas) -> None:
    del s["shops.v1"]


BREAKS: list[tuple[Callable[[Schemas], None], str]] = [
    (drop_field, "orders.v1 order.completed: data.coupon was removed"),
    (retype_field, "orders.v1 order.completed: data.revenue changed its type from integer to string"),
    (retype_choice, "orders.v1 order.completed: data.customer changed its type from string to integer"),
    (retype_in_a_list, "orders.v1 order.completed: data.lines[].quantity changed its type from integer to number"),
    (require_optional, "orders.v1 order.completed: data.coupon became required"),
    (add_required, "orders.v1 order.completed: data.channel was added as required; a new field must be optional"),
    (relax_required, "orders.v1 order.completed: data.revenue is no longer required, and readers rely on it"),
    (change_values, "orders.v1 order.completed: origin changed its enum from ['backfill', 'live'] to ['live']"),
    (change_default, "orders.v1 order.completed: data.lines changed its default from [] to [1]"),
    (drop_type, "orders.v1: event type order.refunded was removed"),
    (drop_topic, "topic shops.v1 was removed"),
]


@pytest.mark.parametrize(("change", "message"), BREAKS, ids=[change.__name__ for change, _message in BREAKS])
def test_a_change_that_breaks_is_named(change: Callable[[Schemas], None], message: str) -> None:
    changed = copy.deepcopy(event_schemas())
    change(changed)
    assert message in breaking_changes(event_schemas(), changed)


def test_an_optional_field_and_a_new_type_may_be_added() -> None:
    changed = copy.deepcopy(event_schemas())
    order(changed)["properties"]["channel"] = {"type": "string"}
    order(changed)["description"] = "told better"
    changed["orders.v1"]["order.delivered"] = changed["orders.v1"]["order.completed"]
    assert breaking_changes(event_schemas(), changed) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER, tmp_path / "events")
    return tmp_path / "events"


def test_the_check_fails_and_names_the_field_that_the_types_lack(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "schemas/orders.v1/order.completed.json"
    schema = json.loads(path.read_text())
    schema["$defs"]["Order"]["properties"]["gift"] = {"type": "boolean"}  # committed once, gone from the types
    path.write_text(json.dumps(schema))
    assert main(["--check"], folder) == 1
    assert "orders.v1 order.completed: data.gift was removed" in capsys.readouterr().err
    assert main([], folder) == 1 and "gift" in path.read_text()
    assert main(["--accept-breaking"], folder) == 0 and "gift" not in path.read_text()
    assert main(["--check"], folder) == 0


@pytest.mark.parametrize("name", ["README.md", "asyncapi.json", "schemas/orders.v1/order.completed.json"])
def test_the_check_fails_on_a_file_that_is_missing_changed_or_surplus(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).unlink()
    (folder / "surplus.md").write_text("")
    assert main(["--check"], folder) == 1
    told = capsys.readouterr().err
    assert name in told and "surplus.md" in told
    assert main([], folder) == 0
    assert main(["--check"], folder) == 0


def test_topics_are_created_as_the_registry_says() -> None:
    kept = {str(7 * 86_400_000): "7 days", str(90 * 86_400_000): "90 days", "-1": "until archived"}
    for topic in TOPICS.values():
        created = topic_settings(topic.name)
        assert created["cleanup.policy"] == ("compact" if topic.compacted else "delete"), topic.name
        assert kept.get(created.get("retention.ms", ""), "last of each key") == topic.kept, topic.name
