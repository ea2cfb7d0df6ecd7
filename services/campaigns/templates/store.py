"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.campaigns.templates.domain import Template, Version
from shared.db import Reads

_LAST = """
SELECT DISTINCT ON (t.shop, t.template) t.shop, t.template, t.version, t.body::text AS body
FROM unnest($1::smallint[], $2::text[]) AS k (shop, template) JOIN template_version t USING (shop, template)
ORDER BY t.shop, t.template, t.version DESC
"""
_LIST = """
SELECT DISTINCT ON (template) template, version, author, published_at, body::text AS body FROM template_version
WHERE shop = $1 ORDER BY template, version DESC LIMIT $2
"""
_ONE = """
SELECT template, version, author, published_at, body::text AS body FROM template_version
WHERE shop = $1 AND template = $2 ORDER BY version DESC LIMIT 1
"""
_ADD = """
INSERT INTO template_version (shop, template, version, published_at, author, body)
SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5::text::jsonb FROM template_version
WHERE shop = $1 AND template = $2
ON CONFLICT DO NOTHING RETURNING version
"""
LISTED_MAX = 1_000
Key = tuple[int, str]


class Listed(NamedTuple):
    """The last version of a template, with who published it."""

    id: str
    version: int
    author: str
    published_at: datetime
    template: Template


async def last_versions(reads: Reads, keys: Collection[Key]) -> dict[Key, Version]:
    """By shop and id; those that there are not are left out."""
    asked = sorted(keys)
    rows = await reads.fetch(_LAST, [shop for shop, _ in asked], [name for _, name in asked]) if asked else []
    return {(row["shop"], row["template"]): Version(row["version"], _read(row["body"])) for row in rows}


async def listed(reads: Reads, shop: int) -> list[Listed]:
    """All templates of a shop."""
    return [_listed(row) for row in await reads.fetch(_LIST, shop, LISTED_MAX)]


async def find(reads: Reads, shop: int, name: str) -> Listed | None:
    """One template."""
    row = await reads.fetchrow(_ONE, shop, name)
    return None if row is None else _listed(row)


async def publish(
    conn: asyncpg.Connection[Any], shop: int, name: str, template: Template, *, author: str, now: datetime
) -> int | None:
    """The number of the new version; None when somebody else published one at the same moment."""
    body = msgspec.json.encode(template).decode()
    number: int | None = await conn.fetchval(_ADD, shop, name, now, author, body)
    return number


def _read(body: str) -> Template:
    return msgspec.json.decode(body, type=Template)


def _listed(row: asyncpg.Record) -> Listed:
    return Listed(row["template"], row["version"], row["author"], row["published_at"], _read(row["body"]))
