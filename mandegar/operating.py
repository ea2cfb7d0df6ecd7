"""A service's own HTTP application in this process, asked by the operator of the installation for one shop.

So commands judge, write and tell as the API does, with the login of an API, row-level security and an entry of
`operator` in the audit log; no server need run. What they publish is sent by the relay of a running worker.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mandegar.failures import CommandFailed
from mandegar.printing import in_words, print_rows

if TYPE_CHECKING:
    import httpx

    from shared.web import Caller

_PAGE = 200
_SECONDS_MAX = 60.0
_NOT_FOUND = 404


class Asker:
    """Asks an application. Raises CommandFailed with what a refusal says."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer's JSON. Parts of the query that are None are left out."""
        content = {} if body is None else {"json": body}
        asked = {name: _plain(value) for name, value in query.items() if value is not None}
        answer = await self._http.request(method, path, params=asked, **content)
        if not answer.is_success:
            raise CommandFailed(_refusal(answer))
        return answer.json() if answer.content else None

    async def pages(self, path: str, most: int, **query: Any) -> list[dict[str, Any]]:
        """Items of a listing that comes in pages, at most so many."""
        found: list[dict[str, Any]] = []
        cursor = None
        while len(found) < most:
            page = await self("GET", path, limit=min(_PAGE, most - len(found)), cursor=cursor, **query)
            found += page["items"]
            cursor = page.get("next")
            if cursor is None:
                break
        return found


class _Doorkeeper:
    """In place of the keys of an application: whoever asks is the operator, of one shop."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def caller(self, _text: str) -> Caller:
        return self._caller


@asynccontextmanager
async def asking(directory: Path, service: str, slug: str) -> AsyncIterator[Asker]:
    """The application of a service, running for this, as the operator asks it for a shop."""
    import httpx

    from mandegar.services import service_app
    from shared.telemetry import configure_logging

    configure_logging("operator", level="error")
    with _environment(directory, service):
        app = service_app(service).create_app()
    async with app.router.lifespan_context(app):
        app.state.keyring = _Doorkeeper(await _operator(app.state.keyring, slug))
        transport = httpx.ASGITransport(app=app)
        headers = {"X-Api-Key": "operator"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://operator", headers=headers, timeout=_SECONDS_MAX
        ) as http:
            yield Asker(http)


def asked(directory: Path, service: str, slug: str, call: str, body: Any = None, **query: Any) -> Any:
    """One question, answered. `call`: method and path."""
    method, _, path = call.partition(" ")

    async def ask() -> Any:
        async with asking(directory, service, slug) as asker:
            return await asker(method, path, body, **query)

    return asyncio.run(ask())


def listed(directory: Path, service: str, slug: str, path: str, most: int, **query: Any) -> list[dict[str, Any]]:
    """Items of a listing, at most so many."""

    async def ask() -> list[dict[str, Any]]:
        async with asking(directory, service, slug) as asker:
            return await asker.pages(path, most, **query)

    return asyncio.run(ask())


def show(found: Mapping[str, Any], *, as_json: bool) -> None:
    """One thing, a line for each of its parts."""
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        return
    for name, value in found.items():
        print(f"{name:<20}{in_words(value)}")


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """A listing: as JSON whole, else in these columns."""
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    else:
        print_rows(rows, columns)


def document(text: str) -> Any:
    """JSON that was given on stdin or in a file. Raises CommandFailed."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandFailed(f"that is no JSON: {error}") from None


async def _operator(keyring: Any, slug: str) -> Caller:
    from shared.db.audit import OPERATOR
    from shared.kernel import PERMISSIONS
    from shared.web import Caller

    class Operator(Caller):
        """Who has the installation's own logins may do everything, and says so in the audit log."""

        @property
        def actor(self) -> str:
            return OPERATOR

    found = await keyring.shop(slug)
    if found is None:
        raise CommandFailed(f"the service knows no shop {slug!r}; `mandegar shops list` shows them")
    return Operator(found[0], frozenset(PERMISSIONS))


@contextmanager
def _environment(directory: Path, service: str) -> Iterator[None]:
    """The settings of an API of this installation, while its application is made."""
    from mandegar.connecting import connection
    from shared.settings.logins import own_variable

    found = connection(directory)
    wanted = {**found.environment(), own_variable(service, "api"): found.login(service, "api")}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _refusal(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return f"the service answered {answer.status_code}"
    fields = [f"{one['field'].removeprefix('body.')}: {one['reason']}" for one in told.get("errors", ())]
    said = str("; ".join(fields) or told.get("detail") or told.get("title"))
    return f"{said}; `list` shows those that there are" if answer.status_code == _NOT_FOUND else said


def _plain(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
