"""What OpenAPI says of the collector: forms and examples. Each example is sent by a test."""

from __future__ import annotations

from typing import Any

from shared.web import AllowWriteKey

_ID = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 200}, {"type": "integer"}]}
_WHEN = {"type": "string", "format": "date-time"}
_OBJECT: dict[str, Any] = {"type": "object"}
_TRACK = {
    "messageId": "ajs-7b1d2c0e-order-1042",
    "userId": "77",
    "event": "Order Completed",
    "timestamp": "2026-03-21T09:30:00Z",
    "properties": {
        "order_id": "1042",
        "revenue": 250000,
        "currency": "IRT",
        "products": [{"product_id": "TEA-250", "name": "چای لاهیجان", "price": 125000, "quantity": 2}],
    },
    "context": {"traits": {"email": "sara@mail.ir", "phone": "۰۹۱۲۳۴۵۶۷۸۹"}, "locale": "fa-IR"},
}
_VIEW = {
    "messageId": "ajs-7b1d2c0e-view-1",
    "anonymousId": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "event": "Product Viewed",
    "originalTimestamp": "2026-03-21T09:29:00Z",
    "sentAt": "2026-03-21T09:30:00Z",
    "properties": {"product_id": "TEA-250", "category": "tea", "price": "125000", "currency": "IRT"},
}
_CALLS: dict[str, dict[str, Any]] = {
    "track": _TRACK,
    "identify": {
        "messageId": "ajs-7b1d2c0e-identify-1",
        "userId": "77",
        "traits": {"name": "سارا", "email": "sara@mail.ir", "phone": "09123456789"},
    },
    "page": {
        "messageId": "ajs-7b1d2c0e-page-1",
        "anonymousId": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "name": "Home",
        "properties": {"url": "https://shop.example/"},
    },
    "screen": {"messageId": "ajs-7b1d2c0e-screen-1", "userId": "77", "name": "Basket"},
    "group": {"messageId": "ajs-7b1d2c0e-group-1", "userId": "77", "groupId": "b2b-9", "traits": {"name": "Laleh Ltd"}},
    "alias": {"messageId": "ajs-7b1d2c0e-alias-1", "previousId": "0f8fad5b-d9cb-469f", "userId": "77"},
}
SUMMARIES = {
    "track": "What somebody did: an order, or any other event of Segment's e-commerce form",
    "identify": "Who somebody is: names and contacts",
    "page": "A page was looked at",
    "screen": "A screen of an app was looked at",
    "group": "An organisation that somebody belongs to",
    "alias": "Another id of somebody. Kept as it came; it joins nobody yet",
}
ONCE = (
    "The answer is 202 when Kafka has the event. `messageId` names it once: send the same again when the answer is "
    "another, or none. What is refused names its field."
)
"""Of every call."""
MANY_AT_ONCE = (
    "Each is judged alone: the answer names what was refused, and the rest is taken. Only where none can be taken it "
    "is 422."
)
_CLOUD = {
    "specversion": "1.0",
    "id": "evt-1042",
    "source": "shop/backend",
    "type": "Order Completed",
    "time": "2026-03-21T09:30:00Z",
    "data": {"order_id": "1042", "customer_id": "77", "revenue": "250000", "currency": "IRT"},
}
_SEEN = {
    **_CLOUD,
    "id": "evt-1043",
    "type": "Product Viewed",
    "data": {"visitor": "0f8fad5b-d9cb-469f-a165-70867728950e", "sku": "TEA-250"},
}
_RESULT = {
    "title": "CollectedEvent",
    "description": "What became of one event.",
    "type": "object",
    "required": ["index", "status"],
    "properties": {
        "index": {"type": "integer"},
        "status": {"enum": ["accepted", "refused"]},
        "id": {"type": "string", "description": "The id that it has on the topic"},
        "field": {"type": "string"},
        "reason": {"type": "string"},
    },
}
_ANSWER = {
    "title": "Collected",
    "description": "What became of the events of a request.",
    "type": "object",
    "required": ["success", "accepted", "refused", "results"],
    "properties": {
        "success": {"type": "boolean", "description": "Whether all were accepted"},
        "accepted": {"type": "integer"},
        "refused": {"type": "integer"},
        "results": {"type": "array", "items": _RESULT},
    },
}
_TAKEN = {"index": 0, "status": "accepted", "id": "ajs-7b1d2c0e-view-1"}
_NOT_TAKEN = {"index": 1, "status": "refused", "field": "properties.order_id", "reason": "is required"}
ONE = {"schema": _ANSWER, "example": {"success": True, "accepted": 1, "refused": 0, "results": [_TAKEN]}}
MANY = {"schema": _ANSWER, "example": {"success": False, "accepted": 1, "refused": 1, "results": [_TAKEN, _NOT_TAKEN]}}


def call_body(call: str) -> dict[str, Any]:
    """The request body of one call."""
    examples = {call: {"value": _CALLS[call]}}
    if call == "track":
        examples["view"] = {"value": _VIEW}
    return _body({"application/json": {"schema": _call_schema(call), "examples": examples}})


def batch_body() -> dict[str, Any]:
    """The request body of many calls."""
    typed = [{"type": call, **example} for call, example in _CALLS.items()] + [{"type": "track", **_VIEW}]
    schema = {
        "title": "CallBatch",
        "description": "Calls of any kind, told apart by `type`.",
        "type": "object",
        "required": ["batch"],
        "properties": {"batch": {"type": "array", "minItems": 1, "items": _OBJECT}, "sentAt": _WHEN},
    }
    return _body({"application/json": {"schema": schema, "example": {"batch": typed}}})


def events_body() -> dict[str, Any]:
    """The request body of CloudEvents."""
    event = {
        "title": "CloudEvent",
        "description": "A CloudEvents 1.0 JSON event with Segment's e-commerce names in `data`.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1, "maxLength": 200},
            "source": {"type": "string", "minLength": 1, "maxLength": 200},
            "type": {"type": "string", "minLength": 1},
            "time": _WHEN,
            "data": _OBJECT,
        },
    }
    many = {"type": "array", "minItems": 1, "items": event}
    return _body(
        {
            "application/cloudevents+json": {"schema": event, "example": _CLOUD},
            "application/cloudevents-batch+json": {"schema": many, "example": [_CLOUD, _SEEN]},
            "application/json": {"schema": {"anyOf": [event, many]}, "example": _SEEN},
        }
    )


def _call_schema(call: str) -> dict[str, Any]:
    required = {"track": ["event"], "group": ["groupId"], "alias": ["userId", "previousId"]}.get(call, [])
    properties = {
        "messageId": {"type": "string", "maxLength": 200, "description": "Names the call once; repeat it in a retry"},
        "userId": _ID,
        "anonymousId": _ID,
        "timestamp": _WHEN,
        "originalTimestamp": _WHEN,
        "sentAt": _WHEN,
        "context": _OBJECT,
        **({"event": {"type": "string", "minLength": 1}, "properties": _OBJECT} if call == "track" else {}),
        **({"properties": _OBJECT} if call in ("page", "screen") else {}),
        **({"traits": _OBJECT} if call in ("identify", "group") else {}),
        **({"groupId": _ID} if call == "group" else {}),
        **({"previousId": _ID} if call == "alias" else {}),
    }
    return {
        "title": f"{call.capitalize()}Call",
        "description": f"Segment's call `{call}`.",
        "type": "object",
        "required": required,
        "properties": properties,
    }


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}, **AllowWriteKey.SECURITY}
