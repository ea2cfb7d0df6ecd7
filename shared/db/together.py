"""Writes that go together: one statement, so that a small transaction waits for the database once and not for each.

For what touches rows of its own: all of them see what was there before, and which comes first is not said. So of
those that go together at most one may wait for others' locks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg

_FEW = 250
_PARAMETER = re.compile(r"\$(\d+)")


def is_few(rows: int) -> bool:
    """Whether arrays of their values cost less than COPY, which waits twice."""
    return rows <= _FEW


def inserting(table: str, columns: Mapping[str, str]) -> str:
    """INSERT of rows that come as an array for each column. `columns`: their types, by name."""
    arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(columns.values(), 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"  # noqa: S608 - names of our own


def columns_of(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows, of which there is one at least, as an array for each column."""
    return [list(column) for column in zip(*rows, strict=True)]


class Together:
    """Statements that change something and whose answers nobody needs."""

    def __init__(self) -> None:
        self._statements: list[tuple[str, int]] = []
        """Each with the number of arguments before its own."""
        self._arguments: list[Any] = []

    def add(self, statement: str, *arguments: object) -> None:
        """An INSERT, UPDATE or DELETE, its parameters counted from 1 on."""
        self._statements.append((statement, len(self._arguments)))
        self._arguments += arguments

    async def run(self, conn: asyncpg.Connection[Any]) -> None:
        """All that was added; nothing is left of it then."""
        statements, arguments = tuple(self._statements), self._arguments
        self._statements, self._arguments = [], []
        if statements:
            await conn.execute(_joined(statements), *arguments)


@lru_cache(maxsize=256)
def _joined(statements: tuple[tuple[str, int], ...]) -> str:
    texts = [_PARAMETER.sub(lambda found: f"${int(found[1]) + before}", text) for text, before in statements]  # noqa: B023 - called at once
    if len(texts) == 1:
        return texts[0]
    return f"WITH {', '.join(f'w{n} AS ({text})' for n, text in enumerate(texts))} SELECT"
