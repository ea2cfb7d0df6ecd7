"""Operations of campaigns. Generated from docs/openapi/campaigns.json by `make client`; a change is made there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from mandegar_client import campaigns_models as models
from mandegar_client.transport import Api, AsyncApi


class Campaigns(Api):
    """Messages to customers: what they consented to, what is sent, what came of it."""

    def read_audit(
        self,
        *,
        actor: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        outcome: Literal["done", "refused", "failed"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageEntryAnswer:
        """Who read personal data and who wrote what.

        This service's entries of the shop, the newest first; each service has a log of its own.

        actor: Of this actor only.
        subject: About exactly this.
        since: From this instant on, such as 2026-03-21T00:00:00Z.
        until: Before this instant.
        outcome: Of this outcome.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/audit",
            models.PageEntryAnswer,
            query={
                "actor": actor,
                "subject": subject,
                "since": since,
                "until": until,
                "outcome": outcome,
                "limit": limit,
                "cursor": cursor,
            },
        )

    def healthz(self) -> dict[str, Any]:
        """Is the process alive.

        Asks nobody else: for who restarts processes that hang.
        """
        return self._ask("GET", "/healthz", dict[str, Any])

    def readyz(self) -> dict[str, Any]:
        """Can it answer.

        Looks at what answers need, such as the database: for who sends requests to those that can answer.
        """
        return self._ask("GET", "/readyz", dict[str, Any])

    def metrics(self) -> str:
        """Prometheus metrics.

        What this process has counted, in the text format of Prometheus.
        """
        return self._ask("GET", "/metrics", str, accept="text/plain")


class AsyncCampaigns(AsyncApi):
    """Messages to customers: what they consented to, what is sent, what came of it. Its methods are awaited."""

    async def read_audit(
        self,
        *,
        actor: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        outcome: Literal["done", "refused", "failed"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageEntryAnswer:
        """As `Campaigns.read_audit`."""
        return await self._ask(
            "GET",
            "/v1/audit",
            models.PageEntryAnswer,
            query={
                "actor": actor,
                "subject": subject,
                "since": since,
                "until": until,
                "outcome": outcome,
                "limit": limit,
                "cursor": cursor,
            },
        )

    async def healthz(self) -> dict[str, Any]:
        """As `Campaigns.healthz`."""
        return await self._ask("GET", "/healthz", dict[str, Any])

    async def readyz(self) -> dict[str, Any]:
        """As `Campaigns.readyz`."""
        return await self._ask("GET", "/readyz", dict[str, Any])

    async def metrics(self) -> str:
        """As `Campaigns.metrics`."""
        return await self._ask("GET", "/metrics", str, accept="text/plain")
