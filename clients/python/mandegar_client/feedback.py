"""Operations of feedback. Generated from docs/openapi/feedback.json by `make client`; a change is made there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from mandegar_client import feedback_models as models
from mandegar_client.transport import Api, AsyncApi


class Feedback(Api):
    """What customers are asked and answer, how that scores, and what is done about it."""

    def list_surveys(self) -> models.SurveysAnswer:
        """All surveys.

        In their last versions, by name.
        """
        return self._ask("GET", "/v1/surveys", models.SurveysAnswer)

    def publish_survey(self, body: models.NewSurvey | Mapping[str, Any]) -> models.SurveyAnswer:
        """Publish a survey.

        A new one, or the next version of one, for whoever is asked from now on; open links keep their version.

        Of a survey at intervals, customers who ordered before begin to wait as well, some hundred at a time.
        """
        return self._ask("POST", "/v1/surveys", models.SurveyAnswer, body=body)

    def ready_surveys(self) -> models.ReadyAnswer:
        """Surveys ready to be published.

        In English, Persian and Arabic: recommendation, satisfaction after a case, reasons for leaving, rewards.
        """
        return self._ask("GET", "/v1/surveys/ready", models.ReadyAnswer)

    def read_survey(self, *, survey: str, version: int | None = None) -> models.SurveyAnswer:
        """A survey.

        One version of it.

        survey: As the shop names it.
        version: Its number; without one the last.
        """
        return self._ask(
            "GET", "/v1/surveys/{survey}", models.SurveyAnswer, path={"survey": survey}, query={"version": version}
        )

    def invite(self, body: models.InvitationForm | Mapping[str, Any]) -> models.InvitationAnswer:
        """Have a customer asked.

        When their turn comes: nobody is asked more often than the policy and the survey say.
        """
        return self._ask("POST", "/v1/invitations", models.InvitationAnswer, body=body)

    def list_invitations(self, *, customer: str) -> models.InvitationsAnswer:
        """What a customer was asked.

        Of all identities of the person, the newest 200.

        customer: Any identity of the person.
        """
        return self._ask("GET", "/v1/invitations", models.InvitationsAnswer, query={"customer": customer})

    def read_policy(self) -> models.PolicyAnswer:
        """How often customers are asked.

        What holds for all surveys and cases of the shop.
        """
        return self._ask("GET", "/v1/policy", models.PolicyAnswer)

    def change_policy(self, body: models.PolicyForm | Mapping[str, Any]) -> models.PolicyAnswer:
        """Change how often.

        It holds from now on, also for those who wait to be asked: they are looked at when they were due before.
        """
        return self._ask("PUT", "/v1/policy", models.PolicyAnswer, body=body)

    def hand_in(self, body: models.AnswerForm | Mapping[str, Any]) -> models.AnswerShown:
        """Hand in an answer.

        It counts at once. With the same `ref` again it is the one that is there, and changes nothing.
        """
        return self._ask("POST", "/v1/answers", models.AnswerShown, body=body)

    def list_answers(
        self,
        *,
        survey: str | None = None,
        customer: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.AnswersPage:
        """Answers.

        That count, the newest first, with what people wrote.

        survey: Of one survey.
        customer: Of one person, by any of their identities.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/answers",
            models.AnswersPage,
            query={"survey": survey, "customer": customer, "limit": limit, "cursor": cursor},
        )

    def export(self, *, customer: str) -> models.ExportAnswer:
        """All that feedback holds of a customer.

        Invitations and answers. One identity at a time.

        customer: The platform's own id; gateway's export names all identities of a person.
        """
        return self._ask("GET", "/v1/customers/{customer}/export", models.ExportAnswer, path={"customer": customer})

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


class AsyncFeedback(AsyncApi):
    """What customers are asked and answer, how that scores, and what is done about it. Its methods are awaited."""

    async def list_surveys(self) -> models.SurveysAnswer:
        """As `Feedback.list_surveys`."""
        return await self._ask("GET", "/v1/surveys", models.SurveysAnswer)

    async def publish_survey(self, body: models.NewSurvey | Mapping[str, Any]) -> models.SurveyAnswer:
        """As `Feedback.publish_survey`."""
        return await self._ask("POST", "/v1/surveys", models.SurveyAnswer, body=body)

    async def ready_surveys(self) -> models.ReadyAnswer:
        """As `Feedback.ready_surveys`."""
        return await self._ask("GET", "/v1/surveys/ready", models.ReadyAnswer)

    async def read_survey(self, *, survey: str, version: int | None = None) -> models.SurveyAnswer:
        """As `Feedback.read_survey`."""
        return await self._ask(
            "GET", "/v1/surveys/{survey}", models.SurveyAnswer, path={"survey": survey}, query={"version": version}
        )

    async def invite(self, body: models.InvitationForm | Mapping[str, Any]) -> models.InvitationAnswer:
        """As `Feedback.invite`."""
        return await self._ask("POST", "/v1/invitations", models.InvitationAnswer, body=body)

    async def list_invitations(self, *, customer: str) -> models.InvitationsAnswer:
        """As `Feedback.list_invitations`."""
        return await self._ask("GET", "/v1/invitations", models.InvitationsAnswer, query={"customer": customer})

    async def read_policy(self) -> models.PolicyAnswer:
        """As `Feedback.read_policy`."""
        return await self._ask("GET", "/v1/policy", models.PolicyAnswer)

    async def change_policy(self, body: models.PolicyForm | Mapping[str, Any]) -> models.PolicyAnswer:
        """As `Feedback.change_policy`."""
        return await self._ask("PUT", "/v1/policy", models.PolicyAnswer, body=body)

    async def hand_in(self, body: models.AnswerForm | Mapping[str, Any]) -> models.AnswerShown:
        """As `Feedback.hand_in`."""
        return await self._ask("POST", "/v1/answers", models.AnswerShown, body=body)

    async def list_answers(
        self,
        *,
        survey: str | None = None,
        customer: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.AnswersPage:
        """As `Feedback.list_answers`."""
        return await self._ask(
            "GET",
            "/v1/answers",
            models.AnswersPage,
            query={"survey": survey, "customer": customer, "limit": limit, "cursor": cursor},
        )

    async def export(self, *, customer: str) -> models.ExportAnswer:
        """As `Feedback.export`."""
        return await self._ask(
            "GET", "/v1/customers/{customer}/export", models.ExportAnswer, path={"customer": customer}
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
        """As `Feedback.read_audit`."""
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
        """As `Feedback.healthz`."""
        return await self._ask("GET", "/healthz", dict[str, Any])

    async def readyz(self) -> dict[str, Any]:
        """As `Feedback.readyz`."""
        return await self._ask("GET", "/readyz", dict[str, Any])

    async def metrics(self) -> str:
        """As `Feedback.metrics`."""
        return await self._ask("GET", "/metrics", str, accept="text/plain")
