"""One service process: its worker, its API or both in one event loop, ended by one signal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from mandegar.failures import CommandFailed
from mandegar.services import roles_of, service_app, service_main

if TYPE_CHECKING:
    from shared.settings import PlatformSettings

DRAIN_HTTP_SECONDS = 10
"""Requests in hand at SIGTERM have so long to be answered."""


def run_service(name: str, *, worker: bool, api: bool) -> int:
    """Run until SIGTERM or SIGINT; gives the exit code. Raises UnknownService, CommandFailed, SettingsError."""
    import uvloop

    from shared.settings import PlatformSettings
    from shared.telemetry import configure_logging

    roles = roles_of(name)
    if not worker and "api" not in roles:
        raise CommandFailed(f"service {name} has no API; it has {', '.join(roles)}")
    settings = PlatformSettings.load(name)
    configure_logging(name, level=settings.log_level, format=settings.log_format)
    return uvloop.run(_run(name, settings, worker=worker, api=api and "api" in roles))


async def _run(name: str, settings: PlatformSettings, *, worker: bool, api: bool) -> int:
    """Whichever ends first ends the other: half a process would look alive and not be.

    Each part logs in to the database with the role of its own: the API never uses the worker's connections.
    """
    from shared.settings import PlatformSettings

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    parts: list[Coroutine[Any, Any, int]] = []
    if api:
        parts.append(_serve(name, settings, stop))
    if worker:
        parts.append(_work(name, PlatformSettings.load(name, role="worker"), stop, alone=not api))
    codes = await asyncio.gather(*[_until_end(part, stop) for part in parts])
    return max(codes)


async def _until_end(part: Coroutine[Any, Any, int], stop: asyncio.Event) -> int:
    try:
        return await part
    finally:
        stop.set()


async def _work(name: str, settings: PlatformSettings, stop: asyncio.Event, *, alone: bool) -> int:
    from shared.messaging.worker import run_worker
    from shared.telemetry import serve_metrics

    if alone and settings.metrics_port:
        serve_metrics(settings.http_host, settings.metrics_port)
    return await run_worker(service_main(name).SERVICE, settings, stop=stop)


async def _serve(name: str, settings: PlatformSettings, stop: asyncio.Event) -> int:
    """uvicorn in our loop, without its signal handlers: there is one that stops all."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        service_app(name).create_app(),
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,  # the application writes a line of its own for each request, without addresses
        server_header=False,
        timeout_graceful_shutdown=DRAIN_HTTP_SECONDS,
    )
    server = Server(config)
    config.load()
    gc.collect()
    gc.freeze()  # what is loaded stays: looking through all of it for cycles would halt every request, again and again

    async def watch() -> None:
        await stop.wait()
        server.should_exit = True

    watching = asyncio.create_task(watch())
    try:
        await server.serve()
    except SystemExit:  # how uvicorn tells that it could not listen; the reason is in its log
        sys.stderr.write(
            f"port {settings.http_port} of {settings.http_host} cannot be used; set MANDEGAR_HTTP_PORT to a free one\n"
        )
        return 1
    finally:
        watching.cancel()
    return 0
