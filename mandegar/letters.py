"""What the operator does with dead letters: find them in the services' schemas, hand them in again, await what came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from mandegar.failures import CommandFailed

if TYPE_CHECKING:
    import asyncpg

    from shared.messaging.dead_letters import Letter

CHOSEN_MAX = 10_000
"""Letters that one command works on."""
NONE = "there is no such dead letter; `mandegar dead-letters list` shows them (they go after their shop's term)"
_POLL_SECONDS = 0.2


class Asked(NamedTuple):
    """Which letters: every part that is not None must hold."""

    service: str | None = None
    topic: str | None = None
    reason: str | None = None
    state: str | None = None


class Found(NamedTuple):
    """A letter, and where it lies."""

    service: str
    shop: str
    """Slug; "" where the shop is not known."""
    letter: Letter

    def row(self) -> dict[str, Any]:
        """For listings."""
        return {**self.letter._asdict(), "service": self.service, "shop": self.shop}


class Came(NamedTuple):
    """What came of a letter that was to be handled again."""

    found: Found
    outcome: str
    """`handled`, `refused` again, `waiting` still, or `unreadable`: sealed with another secret."""
    again: Letter | None = None
    """The new dead letter of one that was refused again."""

    def row(self) -> dict[str, Any]:
        """For listings."""
        letter = self.again or self.found.letter
        return {
            "letter_id": self.found.letter.letter_id,
            "service": self.found.service,
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset,
            "outcome": self.outcome,
            "again": self.again and self.again.letter_id,
            "reason": self.again and self.again.reason,
            "detail": self.again and self.again.detail,
        }


class Desk:
    """Connections to the schemas of services, opened when needed. `async with Desk.open(directory) as desk`."""

    def __init__(self, directory: Path) -> None:
        from mandegar.connecting import connection
        from shared.messaging.dead_letters import Cipher

        self._connection = connection(directory)
        self._cipher = Cipher(self._connection.secret_key)
        self._open: dict[str, asyncpg.Connection[Any]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, directory: Path) -> AsyncIterator[Desk]:
        """A desk whose connections are closed at the end."""
        desk = cls(directory)
        try:
            yield desk
        finally:
            for conn in desk._open.values():
                await conn.close()

    async def newest(self, asked: Asked, limit: int) -> tuple[list[Found], bool]:
        """The newest so many of each service, the newest first, and whether there may be more."""
        from shared.messaging.dead_letters import list_letters

        found: list[Found] = []
        more = False
        for name in self._services(asked.service):
            conn = await self._of(name)
            letters = await list_letters(conn, state=asked.state, reason=asked.reason, topic=asked.topic, limit=limit)
            more = more or len(letters) == limit
            slugs = {row[0]: row[1] for row in await conn.fetch("SELECT number, slug FROM shop")}
            found += [Found(name, slugs.get(letter.shop, ""), letter) for letter in letters]
        return sorted(found, key=lambda one: one.letter.recorded_at, reverse=True), more

    async def find(self, letter_id: str, service: str | None) -> Found:
        """One letter, looked for in all services when none is named. Raises CommandFailed."""
        from shared.messaging.dead_letters import find_letter

        for name in self._services(service):
            conn = await self._of(name)
            letter = await find_letter(conn, letter_id)
            if letter is not None:
                slug = await conn.fetchval("SELECT slug FROM shop WHERE number = $1", letter.shop)
                return Found(name, slug or "", letter)
        raise CommandFailed(NONE)

    async def body(self, found: Found) -> bytes:
        """What was refused, decrypted. Raises CommandFailed."""
        from shared.messaging.dead_letters import show_letter

        conn = await self._of(found.service)
        with _told():
            async with conn.transaction():
                await _note(conn, found, "show")
                return await show_letter(conn, found.letter.letter_id, self._cipher)

    async def ask(self, found: Found, repaired: bytes | None = None) -> None:
        """Let the service handle it again, with another body if one is given. Raises CommandFailed."""
        from shared.messaging.dead_letters import replay_letter

        conn = await self._of(found.service)
        with _told():
            async with conn.transaction():
                await _note(conn, found, "replay")
                await replay_letter(conn, found.letter.letter_id, self._cipher, repaired)

    async def ask_all(self, found: list[Found]) -> list[Found]:
        """The same for many, those of a service in one transaction: a worker sees all or none, and keeps their order.

        Gives those that were asked for, without those that are gone or were never sent, which nobody could take.
        """
        asked: list[Found] = []
        for name in dict.fromkeys(one.service for one in found):
            conn = await self._of(name)
            async with conn.transaction():
                for one in (one for one in found if one.service == name):
                    with suppress(CommandFailed):
                        await self.ask(one)
                        asked.append(one)
        return asked

    async def drop(self, found: Found) -> None:
        """Delete it. Raises CommandFailed."""
        from shared.messaging.dead_letters import drop_letter

        conn = await self._of(found.service)
        with _told():
            async with conn.transaction():
                await _note(conn, found, "drop")
                await drop_letter(conn, found.letter.letter_id)

    async def await_outcomes(self, asked: list[Found], seconds: float) -> list[Came]:
        """What came of letters that were asked for, after so many seconds at most, in the same order."""
        until = monotonic() + seconds
        came: dict[str, Came] = {}
        while True:
            for found in asked:
                if monotonic() > until and came:
                    break
                if found.letter.letter_id not in came and (outcome := await self._outcome(found)) is not None:
                    came[found.letter.letter_id] = outcome
            if len(came) == len(asked) or monotonic() > until:
                return [came.get(found.letter.letter_id) or Came(found, "waiting") for found in asked]
            await asyncio.sleep(_POLL_SECONDS)

    async def _outcome(self, found: Found) -> Came | None:
        from shared.messaging.dead_letters import find_letter, refused_again

        conn = await self._of(found.service)
        letter = await find_letter(conn, found.letter.letter_id)
        if letter is None or letter.state == "requested":
            return None
        if letter.state == "held":
            return Came(found, "unreadable")
        again = await refused_again(conn, found.service, letter)
        return Came(found, "handled" if again is None else "refused", again)

    def _services(self, service: str | None) -> list[str]:
        from mandegar.services import service_main, service_names

        if service is None:
            return service_names()
        service_main(service)  # says which there are when there is none of this name
        return [service]

    async def _of(self, service: str) -> asyncpg.Connection[Any]:
        import asyncpg

        from shared.db.engine import plain_url, server_settings

        if service not in self._open:
            self._open[service] = await asyncpg.connect(
                plain_url(self._connection.login(service)),
                timeout=5,
                command_timeout=8,
                server_settings=server_settings(service, "mandegar-operator"),
            )
        return self._open[service]


async def _note(conn: asyncpg.Connection[Any], found: Found, command: str) -> None:
    """In the audit log of the service: who shows a body shows what a shop sent of people."""
    from shared.db.audit import OPERATOR, AuditEntry, record

    action = f"mandegar dead-letters {command}"
    await record(conn, AuditEntry(found.letter.shop, OPERATOR, "", action, found.letter.letter_id))


@contextmanager
def _told() -> Iterator[None]:
    """What the runtime says of a letter is the message of the command."""
    try:
        yield
    except (LookupError, ValueError) as error:
        raise CommandFailed(str(error)) from error
