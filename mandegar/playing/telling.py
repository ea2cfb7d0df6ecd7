"""Lives made and sent where they are wanted, and what is printed of that."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

from mandegar.generating.lives import Lives, Market, generate_lives
from mandegar.generating.writing import write_lives
from mandegar.playing.collector import play_to_collector
from mandegar.playing.topics import play_to_kafka

_HTTP_SECONDS = 30.0


def to_file(lives: Lives, out: Path, truth: Path) -> str:
    """Write events and truth; what was done."""
    write_lives(lives, out, truth)
    return f"written to {out}; the truth in {truth}"


def to_kafka(lives: Lives, bootstrap_servers: str) -> str:
    """Produce to the raw topics; what was done. Raises SendError."""
    sent = asyncio.run(play_to_kafka(lives.events, bootstrap_servers))
    return f"{sent:,} of them acknowledged by Kafka"


def to_collector(lives: Lives, address: str, key: str) -> str:
    """Send to gateway's collector; what was done. Raises CollectorRefused."""

    async def send() -> str:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=_HTTP_SECONDS) as http:
            done = await play_to_collector(lives.events, http)
        why = "".join(f"\n  refused: {reason}" for reason in done.reasons)
        return f"{done.accepted:,} of them accepted, {done.refused:,} refused{why}"

    return asyncio.run(send())


def tell(market: Market, deliver: Callable[[Lives], str]) -> list[str]:
    """Make the lives and deliver them; lines for people."""
    lives = generate_lives(market)
    bought = sum(cart.order_id is not None for cart in lives.carts)
    scores = Counter(answer.score for answer in lives.answers)
    asked = ", ".join(f"{score}: {count}" for score, count in sorted(scores.items()))
    return [
        f"{len(lives.events):,} events of {market.customers:,} customers of {market.shop}, {deliver(lives)}",
        f"{len(lives.facts):,} orders; {len(lives.carts):,} carts, {bought:,} of them bought",
        f"{len(lives.answers):,} answers from 0 to 10: {asked or 'none'}",
        f"mandegar shops add {market.shop} --zone {market.zone} --currency {market.kept_currency}",
    ]
