"""The demo from front to back, against a running stack."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from rich.console import Console

from mandegar.connecting import Connection
from mandegar.demo import points
from mandegar.demo.asking import Api
from mandegar.demo.customers import surrogates_of
from mandegar.demo.figures import CURRENCY, LAST, Figures
from mandegar.demo.scene import Scene
from mandegar.demo.stages import UNTIL, show
from mandegar.gateway import GATEWAY, with_gateway_at
from mandegar.recount import cdnow_purchases
from mandegar.replaying import Source
from mandegar.replaying.arrival import WAY, Waiting, wait_until_consumed, wait_until_settled
from mandegar.replaying.clocks import put_on_stream_clock
from mandegar.replaying.whole import StreamTime, replay_file
from mandegar.services import service_names
from services.gateway.shops import add_shop, create_key, list_keys, revoke_key
from shared.contracts.shops import Shop
from shared.kernel import Clock

DEMO_SHOP = "cdnow"
CDNOW = Path(__file__).resolve().parents[2] / "data" / "cdnow" / "CDNOW_master.txt.gz"
_KEY_NAME = "demo"
_SCOPES = ("metrics:read", "customers:read", "personal:read", "programmes:read", "programmes:write")
_CONSUME_LIMIT_S = 900.0


class Urls(NamedTuple):
    """Of the APIs."""

    metrics: str
    loyalty: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went, and what is needed to go on by hand."""

    figures: int
    differences: list[str]
    urls: Urls
    key: str


async def tell(
    connection: Connection,
    urls: Urls,
    directory: Path,
    console: Console,
    *,
    stages: bool = True,
    as_json: bool = False,
) -> Outcome:
    """Create the shop, a key and a programme, replay its history, wait until it is counted, compare every figure.

    `stages`: in stream time, with stages, points and tiers by month compared too; `as_json` then shows the newest
    events of stages as they lie on the topic. May be run again on the same data: what was replayed once has no second
    effect. Raises the errors of replaying, listening and asking.
    """
    gateway_url = connection.login(GATEWAY)
    shop, key = await with_gateway_at(gateway_url, _shop_and_key)
    async with Api(urls.metrics, key) as api, Api(urls.loyalty, key) as loyalty:
        await api.wait_until_known()
        if stages:
            await points.publish(loyalty)
        await _replay(connection, directory, console, _stream_time(connection) if stages else None)
        began = time.monotonic()
        recount = await asyncio.to_thread(cdnow_purchases, CDNOW, DEMO_SHOP)
        purchases, customers = recount.totals()
        console.print(
            f"recount: {purchases:,} purchases by {customers:,} customers, read by DuckDB from the file in "
            f"{time.monotonic() - began:.1f} s\n\nIn each cell: the platform's answer over HTTP, = or ≠, the recount.\n"
        )
        figures = Figures(api, recount, DEMO_SHOP, console)
        await figures.quarters()
        await figures.other_windows()
        await figures.return_rates()
        await figures.cohorts()
        if stages:
            who = await surrogates_of(connection.bootstrap_servers, shop)
            scene = Scene(connection.bootstrap_servers, shop, recount, who, figures.comparison, console)
            await show(scene, json=as_json)
            # What is due as that day begins has fallen due.
            await points.show(scene, loyalty, end=UNTIL + timedelta(days=1))
    for difference in figures.comparison.differences[:20]:
        console.print(difference, style="bold red", markup=False)
    console.print(figures.comparison.summary, style="bold")
    return Outcome(figures.comparison.figures, figures.comparison.differences, urls, key)


def farewell(outcome: Outcome, console: Console) -> None:
    """What to try while the stack stays up."""
    question = f"{outcome.urls.metrics}/v1/retention?as_of={LAST}&window_days=90&period_days=90"
    lines = (
        "",
        f"APIs and their descriptions: {outcome.urls.metrics}/docs · {outcome.urls.loyalty}/docs",
        f"Try it:  curl -s -H 'Authorization: Bearer {outcome.key}' '{question}'",
        f"         curl -s -H 'Authorization: Bearer {outcome.key}' '{outcome.urls.loyalty}/v1/points/liability'",
        "In another terminal: mandegar status · mandegar lag · mandegar shops list · mandegar dead-letters list",
        "Ctrl-C stops everything; the data stays, and `make up` starts it again.",
    )
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _stream_time(connection: Connection) -> StreamTime:
    urls = {name: connection.login(name) for name in service_names()}
    return StreamTime(lambda shops: put_on_stream_clock(shops, urls), UNTIL)


async def _shop_and_key(pool: asyncpg.Pool[Any], clock: Clock) -> tuple[Shop, str]:
    """The shop as its history needs it, and a fresh key; keys of earlier demos, which nobody can know, are revoked."""
    shop = await add_shop(pool, clock, DEMO_SHOP, name="CDNOW", zone="UTC", currency=CURRENCY)
    for old in await list_keys(pool, DEMO_SHOP):
        if old.name == _KEY_NAME and old.revoked_at is None:
            await revoke_key(pool, clock, old.key_id)
    _, text = await create_key(pool, clock, DEMO_SHOP, scopes=list(_SCOPES), name=_KEY_NAME)
    return shop, text


async def _replay(connection: Connection, directory: Path, console: Console, stream_time: StreamTime | None) -> None:
    source = Source(CDNOW, DEMO_SHOP, named={"occurred_at": "date", "amount": "dollar_value"})
    began = time.monotonic()
    sent = await replay_file(
        source,
        connection.bootstrap_servers,
        directory / "replay",
        silent=not console.is_terminal,
        stream_time=stream_time,
    )
    sent_after = time.monotonic() - began
    urls = {service: connection.login(service) for service, _ in WAY}
    with console.status("taking in …") as status:

        def say(waiting: Waiting) -> None:
            status.update(f"{waiting.service} has {waiting.events:,} events before it …")

        await wait_until_consumed(connection.bootstrap_servers, urls, limit_s=_CONSUME_LIMIT_S, say=say)
        if stream_time is not None:
            await wait_until_settled(urls, limit_s=_CONSUME_LIMIT_S, say=say)
    seconds = time.monotonic() - began
    events = sent.sent + sent.resumed
    console.print(
        f"replayed {events:,} events: sent after {sent_after:.1f} s, taken in by all after {seconds:.1f} s, "
        f"which is {events / seconds:,.0f} events/s end to end"
    )
