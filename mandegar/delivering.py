"""What commands that send orders from a file have in common: whose orders, what they are taken for, what is told."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mandegar.connecting import Connection
    from mandegar.replaying import ReplaySummary
    from shared.contracts.shops import Shop

INTERRUPTED = 130
"""Exit code, as shells have it for a program ended by SIGINT."""
DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_WAIT_LIMIT_S = 3_600.0


class OriginChoice(StrEnum):
    """What the events are taken for."""

    live = "live"
    backfill = "backfill"


class LeftOut(NamedTuple):
    """What a command calls the rows that cannot be used: their number and file in JSON, and both in a sentence."""

    number: str
    file: str
    words: str


def shops_of(directory: Path) -> dict[str, Shop]:
    """All shops, by slug."""
    from mandegar.gateway import with_gateway
    from services.gateway.shops import list_shops

    return {shop.slug: shop for shop in asyncio.run(with_gateway(directory, lambda pool, _clock: list_shops(pool)))}


def the_shop(shops: Mapping[str, Shop], slug: str) -> Shop:
    """One of them. Raises CommandFailed, naming those that there are."""
    from mandegar.failures import CommandFailed

    if slug not in shops:
        known = ", ".join(sorted(shops)) or "none"
        raise CommandFailed(f"there is no shop {slug}; add it with `mandegar shops add {slug}`. There are: {known}")
    return shops[slug]


def outcome(file: Path, shop: str, summary: ReplaySummary, began: float, left_out: LeftOut) -> dict[str, object]:
    """What a run did, for programs. `began`: by the monotonic clock."""
    seconds = time.monotonic() - began
    return {
        "file": str(file),
        "shop": shop,
        "sent": summary.sent,
        "resumed": summary.resumed,
        left_out.number: summary.bad,
        left_out.file: summary.bad_rows_file,
        "seconds": round(seconds, 3),
        "events_per_second": round(summary.sent / max(seconds, 1e-6), 1),
    }


async def wait_until_in(found: Connection, began: float, *, lane: bool, settled: bool = False) -> dict[str, object]:
    """Return when the services have taken in everything, and with `settled` what fell due has happened; says how long.

    Raises NotArrived.
    """
    from mandegar.replaying.arrival import LANE_WAY, WAY, wait_until_consumed, wait_until_settled

    way = LANE_WAY if lane else WAY
    urls = {service: found.login(service) for service, _ in way}
    await wait_until_consumed(found.bootstrap_servers, urls, limit_s=_WAIT_LIMIT_S, way=way)
    if settled:
        await wait_until_settled(urls, limit_s=_WAIT_LIMIT_S)
    return {"consumed_after_seconds": round(time.monotonic() - began, 3)}


def tell(result: Mapping[str, object], left_out: LeftOut, *, as_json: bool) -> None:
    """Print what a run did."""
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
        return
    text = f"{result['sent']:,} events sent in {result['seconds']} s ({result['events_per_second']:,}/s)"
    if result["resumed"]:
        text += f", after {result['resumed']:,} of an interrupted run"
    if result[left_out.number]:
        text += f"; {result[left_out.number]:,} {left_out.words}, in {result[left_out.file]}"
    if "consumed_after_seconds" in result:
        text += f"; all taken in after {result['consumed_after_seconds']} s"
    print(text)
