"""From a webhook to messages for the raw topic, read as the collector reads. Whatever it says, it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from services.gateway.collector import (
    Desk,
    Message,
    Moment,
    Refused,
    Said,
    explain,
    kept_order_message,
    order_message,
    unread_message,
)
from services.gateway.intake import Refusal
from services.gateway.webhooks.events.forms import Adaptor, Headers, Told, Unread


class Trouble(NamedTuple):
    """Why something of a webhook will lie among the dead letters. No value stands in it."""

    field: str
    reason: str


class Read(NamedTuple):
    """What becomes of one webhook: messages for the raw topic."""

    messages: list[Message]
    trouble: Trouble | None


def read_webhook(desk: Desk, adaptor: Adaptor, body: bytes, headers: Headers) -> Read:
    """A signed webhook as messages. What cannot be read goes to the topic as it came: the worker sets it aside.

    Ids are of what is said: the same delivery, the same order told by another subscription, or a part of it that did
    not change since, says the same and takes effect once.
    """
    topic = adaptor.topic(headers)
    return _read(desk, adaptor, topic, body, lambda: adaptor.read(topic, body, headers))


def read_order(desk: Desk, adaptor: Adaptor, document: bytes) -> Read:
    """An order as the shop system's API gives it. What a webhook of the same state told has the same ids."""
    return _read(desk, adaptor, "order", document, lambda: adaptor.read_order(document))


def _read(desk: Desk, adaptor: Adaptor, topic: str, body: bytes, tell: Callable[[], list[Told]]) -> Read:
    try:
        found = [_message(desk, adaptor, told) for told in tell()]
    except Unread as unread:
        return _unread(desk, adaptor, topic, body, Trouble("", str(unread)))
    except msgspec.ValidationError as error:
        told = explain(error)
        return _unread(desk, adaptor, topic, body, Trouble(told.field, told.reason))
    except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
        return _unread(desk, adaptor, topic, body, Trouble("", "is not valid JSON, or holds figures that are none"))
    return Read([message for message, _ in found], next((trouble for _, trouble in found if trouble), None))


def _message(desk: Desk, adaptor: Adaptor, told: Told) -> tuple[Message, Trouble | None]:
    moment = Moment(desk.received, is_said=False) if told.time is None else Moment(told.time, is_said=True)
    said = Said("", told.type, adaptor.vendor, moment)
    try:
        return order_message(desk, said, told.data), None
    except Refusal as refusal:
        # The worker refuses it by the same name, where it can be put right and handed in again.
        field, _, reason = refusal.detail.partition(": ")
        return kept_order_message(desk, said, told.data), Trouble(field, reason)
    except Refused as refused:
        return kept_order_message(desk, said, told.data), Trouble(refused.field, refused.reason)


def _unread(desk: Desk, adaptor: Adaptor, topic: str, body: bytes, trouble: Trouble) -> Read:
    what = f"{adaptor.vendor} {topic}"[:200].strip()
    return Read([unread_message(desk, what, adaptor.vendor, body, trouble.reason)], trouble)
