"""From bytes to events: one pass a topic; what cannot be read is told apart from what is merely not for us."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
from msgspec import UNSET
from xxhash import xxh3_64_intdigest

from shared.contracts.envelope import HEADER_DECODER, Header
from shared.messaging.handling import Delivery, Subscription
from shared.messaging.identities import identity_of
from shared.messaging.records import Chunk, Record, Refusal

BACKFILL = "backfill"
_SIGN = 1 << 63
_WRAP = 1 << 64
_QUOTED = re.compile(r"value\s+['\"].*?['\"]( - at|$)", re.DOTALL)
_STAMPS = b',"receivedat":"'
_ESCAPED_NUL = b"\\u0000"


class TopicDecoder:
    """Decodes the records of one subscription's topic."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self._decode = msgspec.json.Decoder(subscription.events).decode
        self._tags = None if subscription.raw else known_tags(subscription.events)
        self._others = {name: msgspec.json.Decoder(form).decode for name, form in subscription.other_forms.items()}

    def chunk(
        self, partition: int, records: Sequence[Record], *, start: int, stop: int | None = None, epoch: int = 0
    ) -> Chunk:
        """Decode records that were fetched from position `start`."""
        if stop is None:
            stop = records[-1].offset + 1 if records else start
        topic = self.subscription.topic
        chunk = Chunk(topic, partition, start, stop, epoch)
        own, lane = not self.subscription.raw, self.subscription.lane
        decode = self._decode
        values = [record.value for record in records if record.value is not None]
        chunk.size = sum(map(len, values))
        suspected = _ESCAPED_NUL in b"".join(values)  # once for all: a look into each costs as much as hashing it
        deliveries, ids, contents, days = chunk.deliveries, chunk.ids, chunk.contents, chunk.days
        for record in records:
            value = record.value
            if value is None:
                continue  # a tombstone: the key is gone from a compacted topic
            offset = record.offset
            try:
                if suspected and _ESCAPED_NUL in value and _holds_nul(value):
                    raise msgspec.ValidationError("holds the character NUL, which cannot be stored")
                try:
                    event = decode(value)
                except msgspec.ValidationError as error:
                    event = self._in_another_form(value, error)
                if lane and event.origin != BACKFILL:
                    msgspec.structs.force_setattr(event, "origin", BACKFILL)  # ours alone: it was just decoded
                day = _day_of(event.time)
                content = xxh3_64_intdigest(value if own else _said(value, event))
                identity = identity_of(event.id, event.source, own=own)
            except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
                refusal = self._judge(partition, offset, value, error)
                if refusal is not None:
                    chunk.refusals.append(refusal)
                else:
                    chunk.size -= len(value)
                continue
            deliveries.append(Delivery(event, topic, partition, offset, record.timestamp, value))
            ids.append(identity)
            contents.append(content - _WRAP if content >= _SIGN else content)
            days.append(day)
        return chunk

    def _in_another_form(self, value: bytes, error: msgspec.ValidationError) -> Any:
        """The event in the form that its `type` names. Raises `error` where it names none."""
        if self._others:
            other = self._others.get(" ".join(_type_of(value).casefold().split()))
            if other is not None:
                return other(value)
        raise error

    def _judge(self, partition: int, offset: int, value: bytes, error: Exception) -> Refusal | None:
        """None when the event is of a type that this service does not read; else why it is refused."""
        header: Header | None = None
        reason, detail = "schema", describe(error)
        try:
            header = HEADER_DECODER.decode(value)
            if self._tags is not None and header.type not in self._tags:
                return None
        except msgspec.ValidationError as bad_header:
            reason, detail = "envelope", describe(bad_header)
        except (msgspec.MsgspecError, ValueError, RecursionError) as bad_json:
            reason, detail = "json", describe(bad_json)
        return Refusal(
            self.subscription.topic,
            partition,
            offset,
            value,
            header.shop if header else "",
            header.id if header else "",
            reason,
            detail,
        )


def _said(value: bytes, event: Any) -> bytes:
    """The part of a raw event that its sender said: the front door's stamps, written last, differ in a repetition."""
    if getattr(event, "receivedat", UNSET) is UNSET:
        return value
    return value[: value.rfind(_STAMPS)]


def _type_of(value: bytes) -> str:
    try:
        return HEADER_DECODER.decode(value).type
    except msgspec.ValidationError:
        return ""


def known_tags(events: Any) -> frozenset[str]:
    """The `type` of each event in a Struct type or a union of them."""
    types = get_args(events) or (events,)
    return frozenset(str(kind.__struct_config__.tag) for kind in types)


def describe(error: Exception) -> str:
    """What msgspec says, without any value of the event: field names and positions only."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, msgspec.MsgspecError):
        return _QUOTED.sub(r"value\1", str(error))[:500]
    return "cannot be read"


def _day_of(instant: datetime) -> int:
    """Ordinal of the day in UTC; an instant without offset is taken as UTC. Clamped at the ends of the calendar."""
    if instant.tzinfo is UTC or instant.tzinfo is None:
        return instant.toordinal()
    try:
        return instant.astimezone(UTC).toordinal()
    except OverflowError:
        return instant.toordinal()


def _holds_nul(value: bytes) -> bool:
    """Whether the escape stands for NUL: an escaped backslash before `u0000` is just text."""
    pending: list[Any] = [msgspec.json.decode(value)]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            if "\0" in item:
                return True
        elif isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return False
