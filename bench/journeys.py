"""`python -m bench.journeys`: journeys in flight whose timers are all due at once, until the last letter is out.

1 customers, their consents, and what each put into a cart, through Kafka: a run each, which waits for an hour
2 the worker ends; that hour is over for all of them (their rows are told so); the worker begins again
3 it moves the runs, plans the letters, claims them, hands them to a mail server beside it, and writes what came of it

Measured from the start of the second worker, which has its backlog to itself. Every letter is counted by the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import psutil

from bench.ground import create_topics, fresh_database
from bench.journeys_ground import SHOP, prepared, produce
from bench.measure import ROOT, processes_of, processor_seconds
from bench.servers import servers
from mandegar.stack import Stack
from services.campaigns.main import create_service
from shared.contracts import topics

LIMIT_SECONDS = 1_800.0
_IN_FLIGHT = "SELECT count(*) FROM campaigns.journey_run WHERE due IS NOT NULL"
_AN_HOUR_LATER = """
UPDATE campaigns.journey_run SET due = now();
UPDATE campaigns.timer SET due = now() WHERE kind = 'journeys_run';
VACUUM ANALYZE;
"""
_OPEN = "SELECT count(*) FROM campaigns.message WHERE state IN (0, 1)"
_STATES = "SELECT state, count(*)::int FROM campaigns.message GROUP BY 1"


def journeys(runs: int) -> dict[str, Any]:
    """On servers of their own; prints the table and gives its figures."""
    with servers() as stack:
        service = create_service()
        names = {one.topic for one in service.subscriptions} | {*service.own_topics, topics.DEAD_LETTERS}
        asyncio.run(create_topics(stack.bootstrap_servers, names))
        fresh_database(stack.database_url, SHOP, "campaigns")
        asyncio.run(prepared(stack.database_url))
        with sinking() as (port, counts):
            os.environ.update(mail_settings(port))
            entered = enter(stack, runs)
            asyncio.run(execute(stack.database_url, _AN_HOUR_LATER))
            sent = send(stack, runs)
        told = {"runs": runs, "enter": entered, "send": sent, "sink": counts, "load": os.getloadavg()[0]}
    check(told)
    show(told)
    return told


def enter(stack: Stack, runs: int) -> dict[str, Any]:
    """All runs are entered and wait."""
    print(f"\njourneys: {runs:,} customers and carts: producing …", flush=True)
    asyncio.run(produce(stack.bootstrap_servers, runs))
    began = time.perf_counter()
    with working() as (process, told):
        asyncio.run(until(stack.database_url, _IN_FLIGHT, runs))
        seconds = time.perf_counter() - began
        resident = psutil.Process(process.pid).memory_info().rss / 2**20
    print(f"{runs:,} runs in flight after {seconds:,.0f} s; {resident:,.0f} MiB resident", flush=True)
    return {"seconds": seconds, "resident_mib": resident, **told}


def send(stack: Stack, runs: int) -> dict[str, Any]:
    """All that is due is done."""
    processes = processes_of(stack)
    before = {name: processor_seconds(process) for name, process in processes.items()}
    with working() as (_, told):
        asyncio.run(until(stack.database_url, "SELECT count(*) FROM campaigns.message", runs))
        asyncio.run(until(stack.database_url, _OPEN, 0))
        asyncio.run(until(stack.database_url, "SELECT count(*) FROM campaigns.outbox", 0))
    used = {name: processor_seconds(process) - before[name] for name, process in processes.items()}
    states = dict(asyncio.run(fetch(stack.database_url, _STATES)))
    return {**told, "processor": used, "states": states}


def check(told: dict[str, Any]) -> None:
    """Every message was sent, and lies with the server once."""
    runs, sink = told["runs"], told["sink"]
    if told["send"]["states"] != {2: runs} or (sink["messages"], sink["letters"]) != (runs, runs):
        raise SystemExit(f"wrong: states {told['send']['states']}, {sink}")


def show(told: dict[str, Any]) -> None:
    """The tables."""
    runs, sent, sink = told["runs"], told["send"], told["sink"]
    steps = sent["steps"]
    began = steps["move runs"]["began"]
    print(f"\n{runs:,} journeys, all due; load {told['load']:.1f}")
    print("                  after, s   messages/s")
    for name, step in (("planned", "plan"), ("claimed", "claim"), ("sent", "end")):
        seconds = steps[step]["ended"] - began
        print(f"{name:<16} {seconds:>9,.1f} {runs / seconds:>12,.0f}")
    print("\nus a message          clock   calls")
    for name, step in steps.items():
        print(f"{name:<20} {step['seconds'] * 1e6 / runs:>7,.0f} {step['calls']:>7,}")
    used = {"worker": sent["processor_seconds"], **sent["processor"], "mail server": sink["processor_seconds"]}
    costs = ", ".join(f"{name} {seconds * 1e6 / runs:,.0f}" for name, seconds in used.items())
    print(f"processor time, us a message: {costs}")
    print(
        f"peak RSS of the worker: {told['enter']['rss_mib']:,.0f} MiB entering, {sent['rss_mib']:,.0f} MiB sending; "
        f"{sink['connections']:,} connections to the mail server, {sink['octets'] / runs:,.0f} bytes a letter"
    )
    print("verified: each message is sent, and lies with the mail server once")


@contextmanager
def working() -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A worker of campaigns; what it tells of itself is there when the block has ended."""
    told: dict[str, Any] = {}
    command = [sys.executable, "-m", "bench.journeys_ours"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True)
    try:
        yield process, told
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        told.update(json.loads(out.strip().splitlines()[-1]))
    finally:
        process.kill()
        process.wait()


@contextmanager
def sinking() -> Iterator[tuple[int, dict[str, Any]]]:
    """A mail server; its port, and its counts when the block has ended."""
    counts: dict[str, Any] = {}
    command = [sys.executable, "-m", "bench.sink"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline()), counts
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        counts.update(json.loads(out.strip().splitlines()[-1]))
    finally:
        process.kill()
        process.wait()


def mail_settings(port: int) -> dict[str, str]:
    """For the worker's environment."""
    return {
        "MANDEGAR_SMTP_HOST": "127.0.0.1",
        "MANDEGAR_SMTP_PORT": str(port),
        "MANDEGAR_SMTP_TLS": "none",
        "MANDEGAR_MAIL_FROM": "Bench <shop@bench.example>",
        "MANDEGAR_PUBLIC_URL": "https://m.bench.example",
    }


async def until(url: str, question: str, wanted: int) -> None:
    """Ask now and then; not so often that it would be work."""
    ended = time.monotonic() + LIMIT_SECONDS
    while (found := (await fetch(url, question))[0][0]) != wanted:
        if time.monotonic() > ended:
            raise SystemExit(f"not done after {LIMIT_SECONDS:,.0f} s: {question} gives {found}, not {wanted}")
        await asyncio.sleep(1)


async def fetch(url: str, question: str) -> list[tuple[Any, ...]]:
    """Rows."""
    conn = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await conn.fetch(question)]
    finally:
        await conn.close()


async def execute(url: str, statements: str) -> None:
    """One after the other, each in a transaction of its own."""
    conn = await asyncpg.connect(url)
    try:
        for statement in filter(str.strip, statements.split(";")):
            await conn.execute(statement)
    finally:
        await conn.close()


def main() -> None:
    """The part alone."""
    parser = argparse.ArgumentParser(prog="python -m bench.journeys", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    journeys(parser.parse_args().runs)


if __name__ == "__main__":
    main()
