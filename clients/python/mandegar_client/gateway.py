"""Operations of gateway. Generated from docs/openapi/gateway.json by `make client`; a change is made there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from mandegar_client import gateway_models as models
from mandegar_client.transport import Api, AsyncApi


class Gateway(Api):
    """The front door: takes events of shops, knows who is who, keeps settings of shops."""

    def track(self, body: models.TrackCall | Mapping[str, Any]) -> models.Collected:
        """What somebody did: an order, or any other event of Segment's e-commerce form.

        The answer is 202 when Kafka has the event. `messageId` names it once: send the same again when the answer is
        another, or none. What is refused names its field.
        """
        return self._ask("POST", "/v1/track", models.Collected, body=body)

    def identify(self, body: models.IdentifyCall | Mapping[str, Any]) -> models.Collected:
        """Who somebody is: names and contacts.

        The answer is 202 when Kafka has the event. `messageId` names it once: send the same again when the answer is
        another, or none. What is refused names its field.
        """
        return self._ask("POST", "/v1/identify", models.Collected, body=body)

    def page(self, body: models.PageCall | Mapping[str, Any]) -> models.Collected:
        """A page was looked at.

        The answer is 202 when Kafka has the event. `messageId` names it once: send the same again when the answer is
        another, or none. What is refused names its field.
        """
        return self._ask("POST", "/v1/page", models.Collected, body=body)

    def screen(self, body: models.ScreenCall | Mapping[str, Any]) -> models.Collected:
        """A screen of an app was looked at.

        The answer is 202 when Kafka has the event. `messageId` names it once: send the same again when the answer is
        another, or none. What is refused names its field.
        """
        return self._ask("POST", "/v1/screen", models.Collected, body=body)

    def group(self, body: models.GroupCall | Mapping[str, Any]) -> models.Collected:
        """An organisation that somebody belongs to.

        The answer is 202 when Kafka has the event. `messageId` names it once: send the same again when the answer is
        another, or none. What is refused names its field.
        """
        return self._ask("POST", "/v1/group", models.Collected, body=body)

    def alias(self, body: models.AliasCall | Mapping[str, Any]) -> models.Collected:
        """Another id of somebody. Kept as it came; it joins nobody yet.

        The answer is 202 when Kafka has the event. `messageId` names it once: send the same again when the answer is
        another, or none. What is refused names its field.
        """
        return self._ask("POST", "/v1/alias", models.Collected, body=body)

    def batch(self, body: models.CallBatch | Mapping[str, Any]) -> models.Collected:
        """Many calls of Segment's form at once.

        Each is judged alone: the answer names what was refused, and the rest is taken. Only where none can be taken it
        is 422.
        """
        return self._ask("POST", "/v1/batch", models.Collected, body=body)

    def events(
        self, body: models.CloudEvent | Sequence[models.CloudEvent | Mapping[str, Any]] | Mapping[str, Any]
    ) -> models.Collected:
        """CloudEvents, one or many.

        Each is judged alone: the answer names what was refused, and the rest is taken. Only where none can be taken it
        is 422.
        """
        return self._ask("POST", "/v1/events", models.Collected, body=body)

    def read_settings(self, *, slug: str) -> models.SettingsAnswer:
        """A shop's settings.

        All settings as they are in force, with their version.

        slug: Short name of the shop; the API key must be one of its own.
        """
        return self._ask("GET", "/v1/shops/{slug}/settings", models.SettingsAnswer, path={"slug": slug})

    def change_settings(
        self, body: models.SettingsChange | Mapping[str, Any], *, slug: str, if_match: str | None = None
    ) -> models.SettingsAnswer:
        """Change a shop's settings.

        What is given is changed, the rest stays. All services hear of it through `shops.v1`, in the same transaction.

        Ask metrics first what it will cost: `POST /v1/settings/preview`. Figures of a changed zone, calendar, window or
        threshold are built beside the ones in force, and exchanged for them at once.

        slug: Short name of the shop; the API key must be one of its own.
        if_match: The version that the change was made from, in quotes; another one in force answers 412.
        """
        return self._ask(
            "PATCH",
            "/v1/shops/{slug}/settings",
            models.SettingsAnswer,
            path={"slug": slug},
            header={"if-match": if_match},
            body=body,
        )

    def list_keys(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageListedKeyAnswer:
        """The shop's API keys.

        All keys, also those that have expired or are revoked, in the order of their ids.

        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask("GET", "/v1/keys", models.PageListedKeyAnswer, query={"limit": limit, "cursor": cursor})

    def make_key(self, body: models.NewKey | Mapping[str, Any]) -> models.MadeKeyAnswer:
        """Make an API key.

        The answer tells the key, once: only its hash is kept. All services know it within seconds.
        """
        return self._ask("POST", "/v1/keys", models.MadeKeyAnswer, body=body)

    def rotate_key(
        self, body: models.Rotation | Mapping[str, Any] | None = None, *, key_id: str
    ) -> models.RotatedKeyAnswer:
        """Replace an API key.

        A new key with scopes, name and, unless told otherwise, end of the old one, which works on for a while.

        key_id: As the list shows it.
        """
        return self._ask(
            "POST", "/v1/keys/{key_id}/rotate", models.RotatedKeyAnswer, path={"key_id": key_id}, body=body
        )

    def revoke_key(self, *, key_id: str) -> models.KeyAnswer:
        """Revoke an API key.

        All services refuse it within seconds. One that is revoked already stays as it is.

        key_id: As the list shows it.
        """
        return self._ask("POST", "/v1/keys/{key_id}/revoke", models.KeyAnswer, path={"key_id": key_id})

    def list_suggestions(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageConflictAnswer:
        """Customers who may be one person.

        Whom an event named together and who were not merged, with the reason. Those whom staff parted are left out.

        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET", "/v1/customers/suggestions", models.PageConflictAnswer, query={"limit": limit, "cursor": cursor}
        )

    def read_identities(self, *, customer: str) -> models.PersonAnswer:
        """A customer's identities.

        All identities that are one person with the customer, what was merged, and who else it might be.

        customer: Surrogate id, as events and answers have it.
        """
        return self._ask("GET", "/v1/customers/{customer}/identities", models.PersonAnswer, path={"customer": customer})

    def merge(self, body: models.Merge | Mapping[str, Any], *, customer: str) -> models.PersonAnswer:
        """Merge into another.

        Join the customer, and who is merged into it, to another one. Nothing is lost: `unmerge` parts them again.

        Those who are one person already stay so, and nothing changes.

        customer: Surrogate id, as events and answers have it.
        """
        return self._ask(
            "POST", "/v1/customers/{customer}/merge", models.PersonAnswer, path={"customer": customer}, body=body
        )

    def unmerge(self, body: models.Unmerge | Mapping[str, Any] | None = None, *, customer: str) -> models.PersonAnswer:
        """Undo a merge.

        Part the customer from the one it was merged into. Who was merged into it stays with it.

        Events do not join the two again. A customer who is not merged stays as it is.

        customer: Surrogate id, as events and answers have it.
        """
        return self._ask(
            "POST", "/v1/customers/{customer}/unmerge", models.PersonAnswer, path={"customer": customer}, body=body
        )

    def find(self, body: models.Named | Mapping[str, Any]) -> models.FoundAnswer:
        """Find a customer by an identifier.

        The identifier stands in the body, so that it is in no log of addresses.
        """
        return self._ask("POST", "/v1/customers/find", models.FoundAnswer, body=body)

    def export(self, *, customer: str) -> models.ExportAnswer:
        """All that gateway holds of a person.

        Identities, contacts and consents. metrics has the orders, at the same address.

        customer: The platform's own id of the customer, thirteen characters.
        """
        return self._ask("GET", "/v1/customers/{customer}/export", models.ExportAnswer, path={"customer": customer})

    def erase(self, body: models.EraseBody | Mapping[str, Any], *, customer: str) -> models.CertificateAnswer:
        """Erase a person.

        All identities of the person. Asked for again, the answer is the same erasure, as it stands.

        Erase the person in the shop's own systems first: what those send afterwards makes somebody new.

        customer: The platform's own id of the customer, thirteen characters.
        """
        return self._ask(
            "POST", "/v1/customers/{customer}/erase", models.CertificateAnswer, path={"customer": customer}, body=body
        )

    def newest(self, *, limit: int | None = None) -> models.ErasuresAnswer:
        """The newest erasures.

        With what each still waits for.

        limit: At most so many.
        """
        return self._ask("GET", "/v1/erasures", models.ErasuresAnswer, query={"limit": limit})

    def preview_inactive(self, *, months: int) -> models.InactiveAnswer:
        """Who would be erased as inactive.

        How many customers the term `inactive_months` would erase today. Erases nobody.

        months: A term to try; the shop's own is a setting.
        """
        return self._ask("GET", "/v1/erasures/preview", models.InactiveAnswer, query={"months": months})

    def certificate(self, *, erasure: str) -> models.CertificateAnswer:
        """The certificate of an erasure.

        Who was asked and who answered, what is gone, what stays and why, and when topics will have forgotten it.

        erasure: As the request was answered.
        """
        return self._ask("GET", "/v1/erasures/{erasure}", models.CertificateAnswer, path={"erasure": erasure})

    def add_consent(self, body: models.StatementBody | Mapping[str, Any]) -> models.ConsentsAnswer:
        """Hand in a statement of consent.

        The person is named by exactly one of `customer`, `customer_id`, `phone`, `email`.

        The same statement again changes nothing. What holds afterwards is told to all on `consents.v1`, and answered:
        without `personal:read`, of this channel and purpose alone.
        """
        return self._ask("POST", "/v1/consents", models.ConsentsAnswer, body=body)

    def read_consents(self, *, customer: str) -> models.ConsentsAnswer:
        """What a customer agreed to.

        By channel and purpose the statement that occurred last.

        customer: The platform's own id of the customer, thirteen characters.
        """
        return self._ask("GET", "/v1/customers/{customer}/consents", models.ConsentsAnswer, path={"customer": customer})

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


class AsyncGateway(AsyncApi):
    """The front door: takes events of shops, knows who is who, keeps settings of shops. Its methods are awaited."""

    async def track(self, body: models.TrackCall | Mapping[str, Any]) -> models.Collected:
        """As `Gateway.track`."""
        return await self._ask("POST", "/v1/track", models.Collected, body=body)

    async def identify(self, body: models.IdentifyCall | Mapping[str, Any]) -> models.Collected:
        """As `Gateway.identify`."""
        return await self._ask("POST", "/v1/identify", models.Collected, body=body)

    async def page(self, body: models.PageCall | Mapping[str, Any]) -> models.Collected:
        """As `Gateway.page`."""
        return await self._ask("POST", "/v1/page", models.Collected, body=body)

    async def screen(self, body: models.ScreenCall | Mapping[str, Any]) -> models.Collected:
        """As `Gateway.screen`."""
        return await self._ask("POST", "/v1/screen", models.Collected, body=body)

    async def group(self, body: models.GroupCall | Mapping[str, Any]) -> models.Collected:
        """As `Gateway.group`."""
        return await self._ask("POST", "/v1/group", models.Collected, body=body)

    async def alias(self, body: models.AliasCall | Mapping[str, Any]) -> models.Collected:
        """As `Gateway.alias`."""
        return await self._ask("POST", "/v1/alias", models.Collected, body=body)

    async def batch(self, body: models.CallBatch | Mapping[str, Any]) -> models.Collected:
        """As `Gateway.batch`."""
        return await self._ask("POST", "/v1/batch", models.Collected, body=body)

    async def events(
        self, body: models.CloudEvent | Sequence[models.CloudEvent | Mapping[str, Any]] | Mapping[str, Any]
    ) -> models.Collected:
        """As `Gateway.events`."""
        return await self._ask("POST", "/v1/events", models.Collected, body=body)

    async def read_settings(self, *, slug: str) -> models.SettingsAnswer:
        """As `Gateway.read_settings`."""
        return await self._ask("GET", "/v1/shops/{slug}/settings", models.SettingsAnswer, path={"slug": slug})

    async def change_settings(
        self, body: models.SettingsChange | Mapping[str, Any], *, slug: str, if_match: str | None = None
    ) -> models.SettingsAnswer:
        """As `Gateway.change_settings`."""
        return await self._ask(
            "PATCH",
            "/v1/shops/{slug}/settings",
            models.SettingsAnswer,
            path={"slug": slug},
            header={"if-match": if_match},
            body=body,
        )

    async def list_keys(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageListedKeyAnswer:
        """As `Gateway.list_keys`."""
        return await self._ask("GET", "/v1/keys", models.PageListedKeyAnswer, query={"limit": limit, "cursor": cursor})

    async def make_key(self, body: models.NewKey | Mapping[str, Any]) -> models.MadeKeyAnswer:
        """As `Gateway.make_key`."""
        return await self._ask("POST", "/v1/keys", models.MadeKeyAnswer, body=body)

    async def rotate_key(
        self, body: models.Rotation | Mapping[str, Any] | None = None, *, key_id: str
    ) -> models.RotatedKeyAnswer:
        """As `Gateway.rotate_key`."""
        return await self._ask(
            "POST", "/v1/keys/{key_id}/rotate", models.RotatedKeyAnswer, path={"key_id": key_id}, body=body
        )

    async def revoke_key(self, *, key_id: str) -> models.KeyAnswer:
        """As `Gateway.revoke_key`."""
        return await self._ask("POST", "/v1/keys/{key_id}/revoke", models.KeyAnswer, path={"key_id": key_id})

    async def list_suggestions(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> models.PageConflictAnswer:
        """As `Gateway.list_suggestions`."""
        return await self._ask(
            "GET", "/v1/customers/suggestions", models.PageConflictAnswer, query={"limit": limit, "cursor": cursor}
        )

    async def read_identities(self, *, customer: str) -> models.PersonAnswer:
        """As `Gateway.read_identities`."""
        return await self._ask(
            "GET", "/v1/customers/{customer}/identities", models.PersonAnswer, path={"customer": customer}
        )

    async def merge(self, body: models.Merge | Mapping[str, Any], *, customer: str) -> models.PersonAnswer:
        """As `Gateway.merge`."""
        return await self._ask(
            "POST", "/v1/customers/{customer}/merge", models.PersonAnswer, path={"customer": customer}, body=body
        )

    async def unmerge(
        self, body: models.Unmerge | Mapping[str, Any] | None = None, *, customer: str
    ) -> models.PersonAnswer:
        """As `Gateway.unmerge`."""
        return await self._ask(
            "POST", "/v1/customers/{customer}/unmerge", models.PersonAnswer, path={"customer": customer}, body=body
        )

    async def find(self, body: models.Named | Mapping[str, Any]) -> models.FoundAnswer:
        """As `Gateway.find`."""
        return await self._ask("POST", "/v1/customers/find", models.FoundAnswer, body=body)

    async def export(self, *, customer: str) -> models.ExportAnswer:
        """As `Gateway.export`."""
        return await self._ask(
            "GET", "/v1/customers/{customer}/export", models.ExportAnswer, path={"customer": customer}
        )

    async def erase(self, body: models.EraseBody | Mapping[str, Any], *, customer: str) -> models.CertificateAnswer:
        """As `Gateway.erase`."""
        return await self._ask(
            "POST", "/v1/customers/{customer}/erase", models.CertificateAnswer, path={"customer": customer}, body=body
        )

    async def newest(self, *, limit: int | None = None) -> models.ErasuresAnswer:
        """As `Gateway.newest`."""
        return await self._ask("GET", "/v1/erasures", models.ErasuresAnswer, query={"limit": limit})

    async def preview_inactive(self, *, months: int) -> models.InactiveAnswer:
        """As `Gateway.preview_inactive`."""
        return await self._ask("GET", "/v1/erasures/preview", models.InactiveAnswer, query={"months": months})

    async def certificate(self, *, erasure: str) -> models.CertificateAnswer:
        """As `Gateway.certificate`."""
        return await self._ask("GET", "/v1/erasures/{erasure}", models.CertificateAnswer, path={"erasure": erasure})

    async def add_consent(self, body: models.StatementBody | Mapping[str, Any]) -> models.ConsentsAnswer:
        """As `Gateway.add_consent`."""
        return await self._ask("POST", "/v1/consents", models.ConsentsAnswer, body=body)

    async def read_consents(self, *, customer: str) -> models.ConsentsAnswer:
        """As `Gateway.read_consents`."""
        return await self._ask(
            "GET", "/v1/customers/{customer}/consents", models.ConsentsAnswer, path={"customer": customer}
        )

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
        """As `Gateway.read_audit`."""
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
        """As `Gateway.healthz`."""
        return await self._ask("GET", "/healthz", dict[str, Any])

    async def readyz(self) -> dict[str, Any]:
        """As `Gateway.readyz`."""
        return await self._ask("GET", "/readyz", dict[str, Any])

    async def metrics(self) -> str:
        """As `Gateway.metrics`."""
        return await self._ask("GET", "/metrics", str, accept="text/plain")
