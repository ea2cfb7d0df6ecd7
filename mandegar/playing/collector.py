"""Lives through the collector, as a shop's systems send them: batches of CloudEvents over HTTP.

The same events again are the same ids, so whoever was interrupted begins anew. 429 and 503 say when to come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import httpx

from mandegar.generating.lives import LifeEvent

_EVENTS_MAX, _BYTES_MAX = 500, 400_000
_TRIES_MAX = 60
_PAUSE_SECONDS, _PAUSE_SECONDS_MAX = 1.0, 30.0
_AGAIN = frozenset({429, 503})
_TAKEN = 202
_KIND = "application/cloudevents-batch+json"


class CollectorRefused(RuntimeError):
    """The collector takes nothing more. The message says why."""


class Summary(NamedTuple):
    """What became of the events."""

    accepted: int
    refused: int
    reasons: tuple[str, ...]
    """Of the refused ones, the first few: field and reason."""


async def play_to_collector(events: Sequence[LifeEvent], http: httpx.AsyncClient) -> Summary:
    """Every event, in order. `http` knows the collector's address and carries the key. Raises CollectorRefused."""
    accepted, reasons = 0, list[str]()
    for batch in _batches(events):
        results = await _send(http, b"[" + b",".join(event.value for event in batch) + b"]")
        refused = [one for one in results if one["status"] != "accepted"]
        accepted += len(results) - len(refused)
        reasons += [f"{one.get('field')}: {one.get('reason')}" for one in refused]
    return Summary(accepted, len(reasons), tuple(reasons[:5]))


def _batches(events: Sequence[LifeEvent]) -> Iterator[list[LifeEvent]]:
    batch, size = list[LifeEvent](), 0
    for event in events:
        if batch and (len(batch) == _EVENTS_MAX or size + len(event.value) >= _BYTES_MAX):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += len(event.value) + 1
    if batch:
        yield batch


async def _send(http: httpx.AsyncClient, body: bytes) -> list[dict[str, Any]]:
    for _ in range(_TRIES_MAX):
        try:
            answer = await http.post("/v1/events", content=body, headers={"Content-Type": _KIND})
        except httpx.TransportError as error:
            raise CollectorRefused(f"cannot be reached: {type(error).__name__}; see --collector") from error
        if answer.status_code == _TAKEN:
            return list(answer.json()["results"])
        if answer.status_code not in _AGAIN:
            raise CollectorRefused(f"answered {answer.status_code}: {answer.text[:300]}")
        await asyncio.sleep(_pause(answer))
    raise CollectorRefused("is busy; send the same later: what it took already counts once")


def _pause(answer: httpx.Response) -> float:
    wait = answer.headers.get("Retry-After", "")
    return min(_PAUSE_SECONDS_MAX, float(wait)) if wait.isdigit() else _PAUSE_SECONDS
