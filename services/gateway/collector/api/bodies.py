"""From the bytes of a request to its events: form, size, coding and well-formedness, before any of it is read."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence

import msgspec
from starlette.requests import Request

from services.gateway.collector.domain import EVENT_BYTES_MAX
from services.gateway.collector.events import Batch
from shared.web import FieldError, invalid, too_large, unsupported_media_type, why_refused

JSON = "application/json"
SEGMENT_FORMS = (JSON, "text/plain")
"""Libraries in browsers say `text/plain`, which needs no question beforehand."""
CLOUD_EVENT = "application/cloudevents+json"
CLOUD_BATCH = "application/cloudevents-batch+json"

_calls = msgspec.json.Decoder(Batch)
_lists = msgspec.json.Decoder(list[msgspec.Raw])


async def body_of(request: Request, forms: Collection[str], bytes_max: int) -> tuple[bytes, str]:
    """The body, and its form. Raises Problem: 413, 415, 422."""
    form = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if form not in forms:
        raise unsupported_media_type(*forms)
    body = await request.body()
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding == "gzip":
        body = _inflated(body, bytes_max)
    elif coding != "identity":
        raise unsupported_media_type("the body plain, or compressed by gzip")
    return body, form


def _inflated(body: bytes, bytes_max: int) -> bytes:
    machine = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = machine.decompress(body, bytes_max + 1)
    except zlib.error:
        raise invalid(FieldError("body", "is not compressed by gzip")) from None
    if len(plain) > bytes_max:
        raise too_large(bytes_max)
    if not machine.eof:
        raise invalid(FieldError("body", "breaks off"))
    return plain


def single(body: bytes) -> bytes:
    """One event. Raises Problem: 413, 422."""
    if len(body) > EVENT_BYTES_MAX:
        raise too_large(EVENT_BYTES_MAX)
    if reason := why_refused(body):
        raise invalid(FieldError("body", reason))
    return body


def calls(body: bytes) -> tuple[Batch, dict[int, str]]:
    """A batch of Segment's form, and what is wrong with single events of it, by index. Raises Problem."""
    reason = why_refused(body)
    try:
        batch = _calls.decode(body)
    except msgspec.ValidationError as error:
        raise invalid(FieldError("body", reason or _told(error))) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise invalid(FieldError("body", reason or "is not valid JSON")) from None
    return batch, _judged(batch.batch, reason, "body.batch")


def listed(body: bytes) -> tuple[Sequence[msgspec.Raw], dict[int, str]]:
    """A list of CloudEvents, and what is wrong with single ones, by index. Raises Problem."""
    reason = why_refused(body)
    try:
        events = _lists.decode(body)
    except msgspec.ValidationError:
        raise invalid(FieldError("body", reason or "must be a list of events")) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise invalid(FieldError("body", reason or "is not valid JSON")) from None
    return events, _judged(events, reason, "body")


def _judged(events: Sequence[msgspec.Raw], reason: str | None, field: str) -> dict[int, str]:
    """What is wrong lies in single events, which the others need not pay for; or else nothing can be read."""
    if not events:
        raise invalid(FieldError(field, "must have at least 1 event"))
    found = {
        index: f"is larger than {EVENT_BYTES_MAX} bytes"
        for index, event in enumerate(events)
        if memoryview(event).nbytes > EVENT_BYTES_MAX
    }
    if reason is None:
        return found
    bad = {index: told for index, event in enumerate(events) if (told := why_refused(bytes(event)))}
    if not bad:
        raise invalid(FieldError("body", reason))
    return bad | found


def _told(error: msgspec.ValidationError) -> str:
    return "must be an object with a list `batch`" if "sentAt" not in str(error) else "sentAt must be a date and time"
