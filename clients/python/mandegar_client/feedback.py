"""Operations of feedback. Generated from docs/openapi/feedback.json by `make client`; a change is made there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
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

    def read_scores(
        self,
        *,
        measure: Literal["nps", "csat", "ces"],
        window_days: int | None = None,
        as_of: date | None = None,
        survey: str | None = None,
        version: int | None = None,
        by: Literal["stage", "tier", "version"] | None = None,
    ) -> models.ScoresAnswer:
        """A score as of a day.

        The last answer of each person in the window, with the interval of the measure.

        measure: `nps`, `csat` or `ces`: one scale at a time, they are never mixed.
        window_days: Days of the shop that end with `as_of`.
        as_of: A day of the shop; today without it.
        survey: Of one survey; all of the measure without it.
        version: Of one version of it.
        by: Apart by what somebody was when they answered, or by the survey's version.
        """
        return self._ask(
            "GET",
            "/v1/scores",
            models.ScoresAnswer,
            query={
                "measure": measure,
                "window_days": window_days,
                "as_of": as_of,
                "survey": survey,
                "version": version,
                "by": by,
            },
        )

    def read_series(
        self,
        *,
        measure: Literal["nps", "csat", "ces"],
        since: date,
        until: date | None = None,
        step: Literal["day", "week", "month"] | None = None,
        window_days: int | None = None,
        survey: str | None = None,
        version: int | None = None,
    ) -> models.ScoreSeries:
        """A score over time.

        At the end of each step; of one measure.

        measure: `nps`, `csat` or `ces`: one scale at a time, they are never mixed.
        since: The first day.
        until: The last day; today without it.
        step: `day`, `week` (seven days) or `month`, of the Gregorian calendar.
        window_days: Days of the shop that end with `as_of`.
        survey: Of one survey; all of the measure without it.
        version: Of one version of it.
        """
        return self._ask(
            "GET",
            "/v1/scores/series",
            models.ScoreSeries,
            query={
                "measure": measure,
                "since": since,
                "until": until,
                "step": step,
                "window_days": window_days,
                "survey": survey,
                "version": version,
            },
        )

    def list_cases(
        self,
        *,
        state: Literal["open", "solved"] | None = None,
        owner: str | None = None,
        late: bool | None = None,
        customer: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.CasesPage:
        """Cases.

        By their deadline, the most urgent first.

        state: In this state.
        owner: That this staff member works on.
        late: That should have been solved by now.
        customer: Of one person, by any of their identities.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/cases",
            models.CasesPage,
            query={
                "state": state,
                "owner": owner,
                "late": late,
                "customer": customer,
                "limit": limit,
                "cursor": cursor,
            },
        )

    def open_case(self, body: models.CaseForm | Mapping[str, Any]) -> models.CaseAnswer:
        """Open a case.

        Of a complaint, or of a chat or ticket that was rated badly. With the same `ref` again it is the same case.
        """
        return self._ask("POST", "/v1/cases", models.CaseAnswer, body=body)

    def read_case(self, *, case: str) -> models.WholeCase:
        """A case.

        With what was written of it, and all that was done about it.

        case: Its id.
        """
        return self._ask("GET", "/v1/cases/{case}", models.WholeCase, path={"case": case})

    def assign_case(self, body: models.OwnerForm | Mapping[str, Any], *, case: str) -> models.CaseAnswer:
        """Give a case to somebody.

        Whoever had it before.

        case: Its id.
        """
        return self._ask("POST", "/v1/cases/{case}/assign", models.CaseAnswer, path={"case": case}, body=body)

    def log_contact(self, body: models.ContactForm | Mapping[str, Any], *, case: str) -> models.CaseAnswer:
        """Log a contact.

        A call, a mail, a visit: what was said.

        case: Its id.
        """
        return self._ask("POST", "/v1/cases/{case}/contacts", models.CaseAnswer, path={"case": case}, body=body)

    def compensate(self, body: models.CompensationForm | Mapping[str, Any], *, case: str) -> models.CaseAnswer:
        """Give points for the trouble.

        Asked of loyalty by event, once for each `ref`.

        case: Its id.
        """
        return self._ask("POST", "/v1/cases/{case}/compensate", models.CaseAnswer, path={"case": case}, body=body)

    def solve_case(self, body: models.OutcomeForm | Mapping[str, Any], *, case: str) -> models.CaseAnswer:
        """Solve a case.

        With its outcome. Surveys for solved cases ask the customer, in their turn. One that is solved stays as it is.

        case: Its id.
        """
        return self._ask("POST", "/v1/cases/{case}/solve", models.CaseAnswer, path={"case": case}, body=body)

    def reopen_case(self, *, case: str) -> models.CaseAnswer:
        """Open a case again.

        With a new deadline. One that is open stays as it is.

        case: Its id.
        """
        return self._ask("POST", "/v1/cases/{case}/reopen", models.CaseAnswer, path={"case": case})

    def export(self, *, customer: str) -> models.ExportAnswer:
        """All that feedback holds of a customer.

        Invitations, answers and cases. One identity at a time.

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

    async def read_scores(
        self,
        *,
        measure: Literal["nps", "csat", "ces"],
        window_days: int | None = None,
        as_of: date | None = None,
        survey: str | None = None,
        version: int | None = None,
        by: Literal["stage", "tier", "version"] | None = None,
    ) -> models.ScoresAnswer:
        """As `Feedback.read_scores`."""
        return await self._ask(
            "GET",
            "/v1/scores",
            models.ScoresAnswer,
            query={
                "measure": measure,
                "window_days": window_days,
                "as_of": as_of,
                "survey": survey,
                "version": version,
                "by": by,
            },
        )

    async def read_series(
        self,
        *,
        measure: Literal["nps", "csat", "ces"],
        since: date,
        until: date | None = None,
        step: Literal["day", "week", "month"] | None = None,
        window_days: int | None = None,
        survey: str | None = None,
        version: int | None = None,
    ) -> models.ScoreSeries:
        """As `Feedback.read_series`."""
        return await self._ask(
            "GET",
            "/v1/scores/series",
            models.ScoreSeries,
            query={
                "measure": measure,
                "since": since,
                "until": until,
                "step": step,
                "window_days": window_days,
                "survey": survey,
                "version": version,
            },
        )

    async def list_cases(
        self,
        *,
        state: Literal["open", "solved"] | None = None,
        owner: str | None = None,
        late: bool | None = None,
        customer: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.CasesPage:
        """As `Feedback.list_cases`."""
        return await self._ask(
            "GET",
            "/v1/cases",
            models.CasesPage,
            query={
                "state": state,
                "owner": owner,
                "late": late,
                "customer": customer,
                "limit": limit,
                "cursor": cursor,
            },
        )

    async def open_case(self, body: models.CaseForm | Mapping[str, Any]) -> models.CaseAnswer:
        """As `Feedback.open_case`."""
        return await self._ask("POST", "/v1/cases", models.CaseAnswer, body=body)

    async def read_case(self, *, case: str) -> models.WholeCase:
        """As `Feedback.read_case`."""
        return await self._ask("GET", "/v1/cases/{case}", models.WholeCase, path={"case": case})

    async def assign_case(self, body: models.OwnerForm | Mapping[str, Any], *, case: str) -> models.CaseAnswer:
        """As `Feedback.assign_case`."""
        return await self._ask("POST", "/v1/cases/{case}/assign", models.CaseAnswer, path={"case": case}, body=body)

    async def log_contact(self, body: models.ContactForm | Mapping[str, Any], *, case: str) -> models.CaseAnswer:
        """As `Feedback.log_contact`."""
        return await self._ask("POST", "/v1/cases/{case}/contacts", models.CaseAnswer, path={"case": case}, body=body)

    async def compensate(self, body: models.CompensationForm | Mapping[str, Any], *, case: str) -> models.CaseAnswer:
        """As `Feedback.compensate`."""
        return await self._ask("POST", "/v1/cases/{case}/compensate", models.CaseAnswer, path={"case": case}, body=body)

    async def solve_case(self, body: models.OutcomeForm | Mapping[str, Any], *, case: str) -> models.CaseAnswer:
        """As `Feedback.solve_case`."""
        return await self._ask("POST", "/v1/cases/{case}/solve", models.CaseAnswer, path={"case": case}, body=body)

    async def reopen_case(self, *, case: str) -> models.CaseAnswer:
        """As `Feedback.reopen_case`."""
        return await self._ask("POST", "/v1/cases/{case}/reopen", models.CaseAnswer, path={"case": case})

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
