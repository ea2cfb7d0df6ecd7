"""Finding a connection while the database is there, and while it is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest

from services.gateway.webhooks.domain import Address
from services.gateway.webhooks.finding import Finder
from services.gateway.webhooks.secrets import Vault
from shared.contracts.shops import Shop
from shared.web import Database

VAULT = Vault("9f2c7d41a86be350c1d24f7a90b8e6d3")
HERE = Address(1, "a" * 16)
SECRET = "4b7e0c91d2a8f365"


class PlayedDatabase:
    """Answers with one connection, with none, or not at all."""

    def __init__(self) -> None:
        self.asked = 0
        self.failure: Exception | None = None
        settings = msgspec.json.encode(Shop(number=1, slug="demo", name="Demo")).decode()
        sealed = {"secret": VAULT.seal(SECRET, HERE), "previous_secret": None}
        self.row: dict[str, Any] | None = {"vendor": "shopify", "settings": settings} | sealed

    @asynccontextmanager
    async def read(self, _shop: int) -> AsyncIterator[PlayedDatabase]:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        yield self

    async def fetchrow(self, _query: str, *_args: Any) -> dict[str, Any] | None:
        return self.row


class Hands:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_connection_is_asked_for_once_in_a_while_and_its_removal_is_seen() -> None:
    played, hands = PlayedDatabase(), Hands()
    finder, database = Finder(VAULT, 5.0, monotonic=hands), cast(Database, played)
    for hands.now in (0.0, 4.0):
        found = await finder.find(database, HERE)
        assert found is not None
        assert found.secrets == (SECRET,)
    assert played.asked == 1
    played.row, hands.now = None, 6.0
    assert await finder.find(database, HERE) is None
    played.failure = ConnectionRefusedError()
    with pytest.raises(ConnectionRefusedError):
        await finder.find(database, HERE)


async def test_a_known_connection_holds_for_an_hour_while_the_database_is_away() -> None:
    played, hands = PlayedDatabase(), Hands()
    finder, database = Finder(VAULT, 5.0, monotonic=hands), cast(Database, played)
    await finder.find(database, HERE)
    played.failure = TimeoutError()
    hands.now = 3_000.0
    assert await finder.find(database, HERE) is not None
    with pytest.raises(TimeoutError):
        await finder.find(database, Address(2, "a" * 16))
    hands.now = 3_700.0
    with pytest.raises(TimeoutError):
        await finder.find(database, HERE)
