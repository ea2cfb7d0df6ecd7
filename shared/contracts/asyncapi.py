"""The AsyncAPI 3.1 document: what is sent and received, for people and for generators of clients."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.contracts.registry import TOPICS, Topic
from shared.contracts.samples import samples
from shared.contracts.schemas import shared_components

_CONTENT_TYPE = "application/cloudevents+json"


def asyncapi_document() -> dict[str, Any]:
    """The document. Channel ids are topic names with underscores; message ids are event types likewise."""
    roots, components = shared_components("#/components/schemas/{name}")
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Mandegar events",
            "version": "1.0.0",
            "description": "Customer retention, driven by events. Readers ignore fields that they do not know; fields "
            "are only ever added; another meaning is a new version of the topic.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": _CONTENT_TYPE,
        "channels": {_id(topic.name): _channel(topic) for topic in TOPICS.values()},
        "operations": {_operation_id(topic): _operation(topic) for topic in TOPICS.values()},
        "components": {
            "messages": {
                _id(name): _message(topic, name, form, roots[name])
                for topic in TOPICS.values()
                for name, form in topic.types.items()
            },
            "schemas": components,
        },
    }


def _id(name: str) -> str:
    return name.replace(".", "_")


def _channel(topic: Topic) -> dict[str, Any]:
    policy = ["compact"] if topic.compacted else ["delete"]
    return {
        "address": topic.name,
        "title": topic.name,
        "description": f"{topic.description} Kept: {topic.kept}."
        + (" Holds personal data: restrict access." if topic.personal else ""),
        "messages": {_id(name): {"$ref": f"#/components/messages/{_id(name)}"} for name in topic.types},
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": {"cleanup.policy": policy}}},
    }


def _operation_id(topic: Topic) -> str:
    return f"{'receive' if topic.writer == 'shops' else 'send'}_{_id(topic.name)}"


def _operation(topic: Topic) -> dict[str, Any]:
    channel = f"#/channels/{_id(topic.name)}"
    return {
        "action": "receive" if topic.writer == "shops" else "send",
        "channel": {"$ref": channel},
        "summary": f"Written by {topic.writer}.",
        "messages": [{"$ref": f"{channel}/messages/{_id(name)}"} for name in topic.types],
    }


def _message(topic: Topic, name: str, form: type[msgspec.Struct], root: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "title": name,
        "summary": (form.__doc__ or "").strip().splitlines()[0],
        "contentType": _CONTENT_TYPE,
        "payload": root,
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}}},
        "examples": [{"name": "sample", "payload": msgspec.to_builtins(samples()[form], str_keys=True)}],
    }
