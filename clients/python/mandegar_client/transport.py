"""How operations are asked: what is sent and how answers are read, over httpx, in two ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

AnswerT = TypeVar("AnswerT")
TIMEOUT_SECONDS = 20.0


class ApiError(Exception):
    """The service refused (RFC 9457). `errors` names each field and what to give instead."""

    def __init__(self, response: httpx.Response) -> None:
        """Reads the problem of the answer; one that is no problem+json still has its status."""
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        self.problem: dict[str, Any] = problem if isinstance(problem, dict) else {}
        self.status = response.status_code
        self.kind = str(self.problem.get("type", "")).rpartition(":")[2]
        """A stable word for programs, such as `not-found`."""
        self.detail = str(self.problem.get("detail", ""))
        self.errors: list[dict[str, str]] = self.problem.get("errors", [])
        self.request_id = response.headers.get("x-request-id", "")
        self.retry_after = response.headers.get("retry-after")
        """Seconds after which to try again, where the service says so."""
        title = self.problem.get("title") or response.reason_phrase
        fields = "; ".join(f"{one.get('field')}: {one.get('reason')}" for one in self.errors)
        super().__init__(" ".join(part for part in (f"{self.status} {title}.", self.detail, fields) if part))


class Api:
    """One service, asked with a key. Close it, or use it as a context manager."""

    def __init__(self, base_url: str = "", key: str = "", *, http: httpx.Client | None = None) -> None:
        """`http`: a client of your own, with its base URL, which is then yours to close."""
        self._own = http is None
        self._http = http or httpx.Client(base_url=base_url, timeout=TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close the connections, unless the client was given."""
        if self._own:
            self._http.close()

    def _ask(self, method: str, template: str, answer: type[AnswerT], /, **given: Any) -> AnswerT:
        return _read(self._http.request(method, **_sent(template, self._headers, **given)), answer)


class AsyncApi:
    """One service, asked with a key. Close it, or use it as an asynchronous context manager."""

    def __init__(self, base_url: str = "", key: str = "", *, http: httpx.AsyncClient | None = None) -> None:
        """`http`: a client of your own, with its base URL, which is then yours to close."""
        self._own = http is None
        self._http = http or httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Close the connections, unless the client was given."""
        if self._own:
            await self._http.aclose()

    async def _ask(self, method: str, template: str, answer: type[AnswerT], /, **given: Any) -> AnswerT:
        return _read(await self._http.request(method, **_sent(template, self._headers, **given)), answer)


def _sent(
    template: str,
    key: Mapping[str, str],
    /,
    *,
    path: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
    header: Mapping[str, Any] | None = None,
    body: Any = None,
    accept: str = "application/json",
) -> dict[str, Any]:
    """What httpx is given. What is None is not sent."""
    places = {name: quote(_text(value), safe="") for name, value in (path or {}).items()}
    sent: dict[str, Any] = {
        "url": template.format_map(places),
        "params": {name: _texts(value) for name, value in (query or {}).items() if value is not None},
        "headers": {
            **key,
            "Accept": accept,
            **{name: _text(value) for name, value in (header or {}).items() if value is not None},
        },
    }
    return sent if body is None else sent | {"json": _plain(body)}


def _plain(body: Any) -> Any:
    """As JSON has it; of a model only what was given, so that the rest stays as it is."""
    if isinstance(body, BaseModel):
        return body.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(body, Sequence) and not isinstance(body, str | bytes):
        return [_plain(one) for one in body]
    return body


def _texts(value: Any) -> Any:
    return [_text(one) for one in value] if isinstance(value, list | tuple) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(response: httpx.Response, answer: type[AnswerT]) -> AnswerT:
    if response.is_error:
        raise ApiError(response)
    if answer is str:
        return response.text  # type: ignore[return-value]  # the type that was asked for
    if not response.content:
        return None  # type: ignore[return-value]  # the answer of an operation that gives nothing
    kind: Any = answer
    read: AnswerT = _adapter(kind).validate_json(response.content)
    return read


@cache
def _adapter(answer: Any) -> TypeAdapter[Any]:
    return TypeAdapter(answer)
