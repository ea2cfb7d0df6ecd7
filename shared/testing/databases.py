"""A fresh database for each test, copied from a template that was migrated once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from itertools import count

import asyncpg
from sqlalchemy.engine import make_url

from shared.db.engine import plain_url
from shared.db.migrating import migrate
from shared.settings import login_url

_AT_ONCE = 50
_NUMBERS = count(1)  # of the process: two of these may stand on one server
Prepare = Callable[[str], Awaitable[None]]
"""Fills the template, given its URL."""


def api_url(database_url: str, service: str) -> str:
    """The same database as the service's API logs in to it, bound by row-level security."""
    return login_url(service, "api", base=database_url, environ={})


def worker_url(database_url: str, service: str) -> str:
    """The same database as the service's workers log in to it."""
    return login_url(service, "worker", base=database_url, environ={})


class Databases:
    """Makes and drops databases on one PostgreSQL, whose URL must allow CREATE DATABASE."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url
        self._templates: dict[tuple[str, ...], str] = {}
        self._made: list[str] = []

    async def create(self, *services: str, prepare: Prepare | None = None) -> str:
        """The URL of a new database in which the schemas of these services are migrated to the head.

        With `prepare`, that fills the template instead, and the names only tell templates apart.
        """
        kept = services if prepare is not None else tuple(sorted(services))
        template = self._templates.get(kept)
        if template is None:
            template = await (self._prepared(prepare) if prepare is not None else self._migrated(kept))
            self._templates[kept] = template
        return self.url_of(await self._copy(template, "test"))

    def url_of(self, name: str) -> str:
        """The URL of one of these databases."""
        return make_url(plain_url(self._admin_url)).set(database=name).render_as_string(hide_password=False)

    async def drop_all(self) -> None:
        """Drop what was made, whoever is still connected."""
        while self._made:
            names = [self._made.pop() for _ in range(min(_AT_ONCE, len(self._made)))]
            await self._execute(*(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in names))
        self._templates.clear()

    async def _prepared(self, prepare: Prepare) -> str:
        name = await self._copy("template1", "template")
        await prepare(self.url_of(name))
        return name

    async def _migrated(self, services: tuple[str, ...]) -> str:
        """A template for these: out of the one that has most of them, as each migration takes a second or two."""
        known = [made for made in self._templates if set(made) < set(services)]
        base = max(known, key=len, default=())
        name = await self._copy(self._templates.get(base, "template1"), "template")
        for service in services:
            if service not in base:
                await asyncio.to_thread(migrate, service, self.url_of(name))
        return name

    async def _copy(self, template: str, kind: str) -> str:
        name = self._name(kind)
        await self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY wal_log')
        self._made.append(name)
        return name

    def _name(self, kind: str) -> str:
        return f"{kind}_{os.getpid()}_{next(_NUMBERS)}"

    async def _execute(self, *statements: str) -> None:
        conn = await asyncpg.connect(plain_url(self._admin_url), timeout=30)  # a busy machine takes long to answer
        try:
            for statement in statements:
                await conn.execute(statement, timeout=60)
        finally:
            await conn.close(timeout=30)
