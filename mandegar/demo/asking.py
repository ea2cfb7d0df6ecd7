"""The platform's HTTP API, asked as a user asks it: with an API key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import httpx

READY_LIMIT_S = 60.0


class ApiError(RuntimeError):
    """The API did not answer as it should."""


class Api:
    """Questions to an API of one shop."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key
        self._client = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=20)

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def wait_until_known(self, path: str = "/v1/retention") -> None:
        """A fresh key and shop reach the service as events: within a moment. Raises ApiError when they do not."""
        deadline = time.monotonic() + READY_LIMIT_S
        while True:
            try:
                answer = await self._client.get(path)
                if answer.status_code == 200:
                    return
                last = f"{answer.status_code} {answer.text[:200]}"
            except httpx.HTTPError as error:
                last = repr(error)
            if time.monotonic() > deadline:
                raise ApiError(f"{self.url} does not accept the new API key: {last}; see `mandegar status`")
            await asyncio.sleep(0.2)

    async def retention(self, as_of: date, *, window: int, period: int, currency: str) -> dict[str, Any]:
        """Retention at a day."""
        return await self.get("/v1/retention", as_of=as_of, window_days=window, period_days=period, currency=currency)

    async def series(self, first: date, last: date, *, window: int, period: int, currency: str) -> list[dict[str, Any]]:
        """Retention at the end of each quarter."""
        answer = await self.get(
            "/v1/retention/series",
            **{"from": first, "to": last, "step": "quarter"},
            window_days=window,
            period_days=period,
            currency=currency,
        )
        points: list[dict[str, Any]] = answer["points"]
        return points

    async def return_rates(self, as_of: date) -> list[dict[str, Any]]:
        """Return rates after the first purchase."""
        rates: list[dict[str, Any]] = (await self.get("/v1/retention/return-rates", as_of=as_of))["rates"]
        return rates

    async def cohorts(self, first: str, last: str, *, months: int, currency: str) -> list[dict[str, Any]]:
        """The cohort table; months as YYYY-MM."""
        answer = await self.get("/v1/cohorts", **{"from": first, "to": last}, months=months, currency=currency)
        cohorts: list[dict[str, Any]] = answer["cohorts"]
        return cohorts

    async def get(self, path: str, **asked: Any) -> dict[str, Any]:
        """Any other question. Raises ApiError."""
        return await self._ask("GET", path, params={name: str(value) for name, value in asked.items()})

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Have something done. Raises ApiError."""
        return await self._ask("POST", path, json=dict(body))

    async def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            answer = await self._client.request(method, path, **content)
        except httpx.HTTPError as error:
            raise ApiError(f"{self.url}{path} did not answer: {error!r}") from error
        if not answer.is_success:
            raise ApiError(f"{self.url}{path} answered {answer.status_code}: {answer.text[:300]}")
        body: dict[str, Any] = answer.json()
        return body
