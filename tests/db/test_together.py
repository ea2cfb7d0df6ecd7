"""Writes that go together: each with its own parameters, all or none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from shared.db.together import Together, columns_of, inserting
from shared.testing import Databases
from tests.messaging.probe import prepare

pytestmark = pytest.mark.stack
_ADD = inserting("one", {"number": "int", "name": "text"})
_COUNT = "UPDATE other SET many = many + $2 WHERE name = $1"


@pytest.fixture
async def conn(databases: Databases) -> AsyncIterator[asyncpg.Connection[Any]]:
    one = await asyncpg.connect(await databases.create("probe", prepare=prepare))
    await one.execute("CREATE TEMP TABLE one (number int PRIMARY KEY, name text)")
    await one.execute("CREATE TEMP TABLE other AS VALUES ('a', 0), ('b', 0)")
    await one.execute("ALTER TABLE other RENAME column1 TO name; ALTER TABLE other RENAME column2 TO many")
    yield one
    await one.close()


async def kept(conn: asyncpg.Connection[Any]) -> tuple[list[tuple[Any, ...]], dict[str, int]]:
    rows = await conn.fetch("SELECT number, name FROM one ORDER BY number")
    return [tuple(row) for row in rows], dict(await conn.fetch("SELECT name, many FROM other"))


async def test_each_has_parameters_of_its_own_whatever_it_goes_with(conn: asyncpg.Connection[Any]) -> None:
    writes = Together()
    writes.add(_ADD, *columns_of([(1, "x"), (2, "y")]))
    writes.add(_COUNT, "a", 10)
    writes.add(_ADD, *columns_of([(number, "z") for number in range(3, 20)]))
    writes.add(_COUNT, "b", 11)
    await writes.run(conn)
    rows, counts = await kept(conn)
    assert rows == [(1, "x"), (2, "y"), *((number, "z") for number in range(3, 20))]
    assert counts == {"a": 10, "b": 11}
    await writes.run(conn)
    assert (await kept(conn))[1] == counts, "nothing was left of them"
    writes.add(_COUNT, "a", 1)
    await writes.run(conn)
    assert (await kept(conn))[1] == {"a": 11, "b": 11}


async def test_one_that_fails_leaves_nothing_of_the_others(conn: asyncpg.Connection[Any]) -> None:
    writes = Together()
    writes.add(_COUNT, "a", 10)
    writes.add(_ADD, *columns_of([(1, "x"), (1, "y")]))
    with pytest.raises(asyncpg.UniqueViolationError):
        await writes.run(conn)
    assert await kept(conn) == ([], {"a": 0, "b": 0})
