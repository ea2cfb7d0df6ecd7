"""Operations of campaigns. Generated from docs/openapi/campaigns.json by `make client`; a change is made there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from mandegar_client import campaigns_models as models
from mandegar_client.transport import Api, AsyncApi


class Campaigns(Api):
    """Messages to customers: what they consented to, what is sent, what came of it."""

    def read_profile(self, *, customer: str) -> models.ProfileAnswer:
        """A person, as messages and segments see them.

        Contacts, orders, stage, points and tier, as far as events have told campaigns of them.

        customer: Surrogate id of any of their identities.
        """
        return self._ask("GET", "/v1/profiles/{customer}", models.ProfileAnswer, path={"customer": customer})

    def read_schema(self) -> dict[str, Any]:
        """JSON Schema of a condition.

        For editors, and for whoever writes a condition by hand.
        """
        return self._ask("GET", "/v1/segments/schema", dict[str, Any])

    def size(self, body: models.SizeForm | Mapping[str, Any]) -> models.SizeAnswer:
        """For how many a condition holds.

        Before it is used: of all whom the shop knows now. Nothing is kept.

        Of a shop with more than 100,000 profiles 20,000 customers are asked, always the same; then `exact` is false,
        every number is an estimate, and `low` and `high` bound the size. A published segment has all its members
        counted.
        """
        return self._ask("POST", "/v1/segments/size", models.SizeAnswer, body=body)

    def list_members(
        self, *, segment: str, limit: int | None = None, cursor: str | None = None
    ) -> models.PageMemberAnswer:
        """Who belongs to a segment.

        By id. A CSV without `limit` holds all, of one moment; with `limit`, the header `Link` leads to the next page.

        segment: Its id.
        limit: Members of a page, at most. Default: 50; of CSV: all, in one answer.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/segments/{segment}/members",
            models.PageMemberAnswer,
            path={"segment": segment},
            query={"limit": limit, "cursor": cursor},
        )

    def list_members_csv(
        self,
        *,
        segment: str,
        limit: int | None = None,
        cursor: str | None = None,
        bom: Literal["true", "false"] | None = None,
    ) -> str:
        """Who belongs to a segment.

        By id. A CSV without `limit` holds all, of one moment; with `limit`, the header `Link` leads to the next page.

        segment: Its id.
        limit: Members of a page, at most. Default: 50; of CSV: all, in one answer.
        cursor: `next` of the page before; absent for the first page.
        bom: Begin CSV with a byte order mark, for spreadsheets.
        """
        return self._ask(
            "GET",
            "/v1/segments/{segment}/members",
            str,
            path={"segment": segment},
            query={"limit": limit, "cursor": cursor, "bom": bom},
            accept="text/csv",
        )

    def list_segments(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageListedAnswer:
        """Segments.

        By id.

        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask("GET", "/v1/segments", models.PageListedAnswer, query={"limit": limit, "cursor": cursor})

    def make_segment(self, body: models.NewForm | Mapping[str, Any]) -> models.SegmentAnswer:
        """Make a segment.

        A draft. One that is there already just as it is sent stays as it is.
        """
        return self._ask("POST", "/v1/segments", models.SegmentAnswer, body=body)

    def read_segment(self, *, segment: str) -> models.SegmentAnswer:
        """A segment.

        Its draft, the version that holds, how many belong, and how far a version is that was published lately.

        segment: Its id.
        """
        return self._ask("GET", "/v1/segments/{segment}", models.SegmentAnswer, path={"segment": segment})

    def change_segment(self, body: models.DraftForm | Mapping[str, Any], *, segment: str) -> models.SegmentAnswer:
        """Change a segment's draft.

        The version that holds stays as it is until the draft is published.

        segment: Its id.
        """
        return self._ask("PUT", "/v1/segments/{segment}", models.SegmentAnswer, path={"segment": segment}, body=body)

    def publish_segment(self, *, segment: str) -> models.SegmentAnswer:
        """Publish a segment's draft.

        The next version. Events keep it from now on, and everybody else is judged by it in the background.

        A draft that says what the version says that holds makes none: pressed twice, it is one.

        segment: Its id.
        """
        return self._ask("POST", "/v1/segments/{segment}/publish", models.SegmentAnswer, path={"segment": segment})

    def list_segment_versions(self, *, segment: str) -> models.VersionsAnswer:
        """Versions of a segment.

        Who published what, and when.

        segment: Its id.
        """
        return self._ask("GET", "/v1/segments/{segment}/versions", models.VersionsAnswer, path={"segment": segment})

    def list_templates(self) -> models.TemplatesAnswer:
        """All templates.

        In their last versions, by id.
        """
        return self._ask("GET", "/v1/templates", models.TemplatesAnswer)

    def publish_template(self, body: models.TemplateForm | Mapping[str, Any]) -> models.TemplateAnswer:
        """Publish a template.

        A new one, or the next version of one, for messages that are claimed from now on.

        What a template may not hold is refused, by line.
        """
        return self._ask("POST", "/v1/templates", models.TemplateAnswer, body=body)

    def read_template(self, *, template: str) -> models.TemplateAnswer:
        """A template.

        In its last version.

        template: As the shop names it.
        """
        return self._ask("GET", "/v1/templates/{template}", models.TemplateAnswer, path={"template": template})

    def preview(self, body: models.PreviewForm | Mapping[str, Any], *, template: str) -> models.PreviewAnswer:
        """See a template written.

        With the fields that are given. Nothing is sent or kept.

        template: As the shop names it.
        """
        return self._ask(
            "POST", "/v1/templates/{template}/preview", models.PreviewAnswer, path={"template": template}, body=body
        )

    def read_policy(self) -> models.PolicyAnswer:
        """When and how often customers may be sent messages.

        Caps, quiet hours, weekend, and what is exempt.
        """
        return self._ask("GET", "/v1/messages/policy", models.PolicyAnswer)

    def change_policy(self, body: models.PolicyForm | Mapping[str, Any]) -> models.PolicyAnswer:
        """Change when and how often messages go.

        The next version, all of it replaced; what falls due from now on is judged by it. The same again makes none.
        """
        return self._ask("PUT", "/v1/messages/policy", models.PolicyAnswer, body=body)

    def list_policies(self) -> models.PoliciesAnswer:
        """Versions of that policy.

        Who changed what, and when.
        """
        return self._ask("GET", "/v1/messages/policy/versions", models.PoliciesAnswer)

    def send_message(self, body: models.MessageForm | Mapping[str, Any]) -> models.MessageAnswer:
        """Send a customer a message.

        Planned, and sent by the worker where consent allows it. For the same occasion again it is the same message.
        """
        return self._ask("POST", "/v1/messages", models.MessageAnswer, body=body)

    def list_messages(self, *, customer: str) -> models.MessagesAnswer:
        """Messages of a customer.

        Of all identities of the person, the newest 200.

        customer: Any identity of the person.
        """
        return self._ask("GET", "/v1/messages", models.MessagesAnswer, query={"customer": customer})

    def read_message(self, *, message: str) -> models.MessageAnswer:
        """How a message stands.

        Its state, and what led there.

        message: Its id.
        """
        return self._ask("GET", "/v1/messages/{message}", models.MessageAnswer, path={"message": message})

    def read_addresses(self, *, customer: str) -> models.AddressesAnswer:
        """Whether messages reach a customer's addresses.

        Worked out of what came back of messages that went there, whoever they were for.

        customer: Any identity of the person.
        """
        return self._ask("GET", "/v1/addresses", models.AddressesAnswer, query={"customer": customer})

    def lift_address(self, body: models.LiftForm | Mapping[str, Any]) -> models.AddressesAnswer:
        """Have an address tried again.

        What came back before says nothing from now on. A bounce after it counts again.
        """
        return self._ask("POST", "/v1/addresses/lift", models.AddressesAnswer, body=body)

    def try_template(self, body: models.TrialForm | Mapping[str, Any], *, template: str) -> models.TrialAnswer:
        """Send a test of a template.

        In its last version, by the worker. No consent is asked, no event tells of it, and no figure counts it.

        template: As the shop names it.
        """
        return self._ask(
            "POST", "/v1/templates/{template}/test", models.TrialAnswer, path={"template": template}, body=body
        )

    def read_results(self, *, campaign: str, window_days: int | None = None) -> models.ResultsAnswer:
        """What a campaign led to.

        Counted anew each time, so orders that are cancelled, refunded or late, and merged customers, are as they stand.

        An order counts for the last message before it, of whichever campaign. `lift` is apart from that: it holds those
        whom a journey treats against those whom it held out, by all they bought since.

        campaign: As its messages name it.
        window_days: Orders so long after a message, or a run's begin, are due to it.
        """
        return self._ask(
            "GET",
            "/v1/campaigns/{campaign}/results",
            models.ResultsAnswer,
            path={"campaign": campaign},
            query={"window_days": window_days},
        )

    def list_tasks(
        self,
        *,
        state: Literal["open", "done", "cancelled"] | None = None,
        owner: str | None = None,
        customer: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageTaskAnswer:
        """Tasks of staff.

        Those that are due first come first.

        state: Those that are.
        owner: Whose; empty: nobody's.
        customer: Of this person, any identity.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/tasks",
            models.PageTaskAnswer,
            query={"state": state, "owner": owner, "customer": customer, "limit": limit, "cursor": cursor},
        )

    def read_task(self, *, task: str) -> models.TaskAnswer:
        """A task.

        What is to be done, and how it stands.

        task: The task's id.
        """
        return self._ask("GET", "/v1/tasks/{task}", models.TaskAnswer, path={"task": task})

    def claim_task(self, body: models.ClaimForm | Mapping[str, Any] | None = None, *, task: str) -> models.TaskAnswer:
        """Take a task.

        The caller is its owner then. Refused where somebody else has it, unless it is said that it is taken over.

        task: The task's id.
        """
        return self._ask("POST", "/v1/tasks/{task}/claim", models.TaskAnswer, path={"task": task}, body=body)

    def finish_task(self, body: models.OutcomeForm | Mapping[str, Any], *, task: str) -> models.TaskAnswer:
        """Task done.

        With what came of it. In the same words once more it is the same; what has ended otherwise stays.

        task: The task's id.
        """
        return self._ask("POST", "/v1/tasks/{task}/done", models.TaskAnswer, path={"task": task}, body=body)

    def cancel_task(self, body: models.OutcomeForm | Mapping[str, Any], *, task: str) -> models.TaskAnswer:
        """Cancel a task.

        It will not be done, and why.

        task: The task's id.
        """
        return self._ask("POST", "/v1/tasks/{task}/cancel", models.TaskAnswer, path={"task": task}, body=body)

    def register_browser(self, body: models.BrowserForm | Mapping[str, Any]) -> models.BrowserAnswer:
        """Register a browser for push.

        Once more is the same. Messages go to it where the customer consented to push.
        """
        return self._ask("POST", "/v1/push/browsers", models.BrowserAnswer, body=body)

    def remove_browser(self, body: models.RemovalForm | Mapping[str, Any]) -> models.RemovedBrowserAnswer:
        """Forget a browser.

        It gets nothing more.
        """
        return self._ask("POST", "/v1/push/browsers/remove", models.RemovedBrowserAnswer, body=body)

    def list_ready_journeys(self) -> models.ReadiesAnswer:
        """Ready-made journeys.

        Onboarding, active, lapsing and lost customers, thanks, tiers, points that expire, carts, reviews.
        """
        return self._ask("GET", "/v1/journeys/ready", models.ReadiesAnswer)

    def install_ready_journey(
        self, body: models.InstallForm | Mapping[str, Any], *, ready: str
    ) -> models.WholeJourneyAnswer:
        """Install a ready-made one.

        A draft of its name, and its templates. What the shop has of these names stays as it is. Publish it to begin.

        ready: Its id.
        """
        return self._ask(
            "POST", "/v1/journeys/ready/{ready}", models.WholeJourneyAnswer, path={"ready": ready}, body=body
        )

    def list_journeys(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageJourneyAnswer:
        """All journeys.

        By id, without what they say.

        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask("GET", "/v1/journeys", models.PageJourneyAnswer, query={"limit": limit, "cursor": cursor})

    def save_draft(self, body: models.JourneyForm | Mapping[str, Any]) -> models.WholeJourneyAnswer:
        """Save a draft.

        Of a new journey, or of one that there is, which goes on as it was published until the draft is.
        """
        return self._ask("POST", "/v1/journeys", models.WholeJourneyAnswer, body=body)

    def import_journey(self, body: models.FileForm | Mapping[str, Any]) -> models.WholeJourneyAnswer:
        """Import a file.

        A draft from a file, as the export gives it. Exported again, it is the same file.
        """
        return self._ask("POST", "/v1/journeys/import", models.WholeJourneyAnswer, body=body)

    def read_journey_schema(self) -> dict[str, Any]:
        """What a journey may hold.

        JSON Schema, for editors.
        """
        return self._ask("GET", "/v1/journeys/schema", dict[str, Any])

    def read_journey(self, *, journey: str) -> models.WholeJourneyAnswer:
        """A journey.

        How it stands, and its draft.

        journey: As the shop names it.
        """
        return self._ask("GET", "/v1/journeys/{journey}", models.WholeJourneyAnswer, path={"journey": journey})

    def export_journey(self, *, journey: str) -> dict[str, Any]:
        """A journey as a file.

        Its draft, with every field written out.

        journey: As the shop names it.
        """
        return self._ask("GET", "/v1/journeys/{journey}/export", dict[str, Any], path={"journey": journey})

    def list_journey_versions(
        self, *, journey: str, limit: int | None = None, cursor: str | None = None
    ) -> models.PageJourneyVersionAnswer:
        """Versions of a journey.

        The newest first. Runs keep the version that they entered.

        journey: As the shop names it.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/journeys/{journey}/versions",
            models.PageJourneyVersionAnswer,
            path={"journey": journey},
            query={"limit": limit, "cursor": cursor},
        )

    def publish_journey(self, *, journey: str) -> models.JourneyAnswer:
        """Publish a draft.

        The next version, which new runs enter from now on; runs keep theirs. A draft that is in force stays so.

        journey: As the shop names it.
        """
        return self._ask("POST", "/v1/journeys/{journey}/publish", models.JourneyAnswer, path={"journey": journey})

    def pause_journey(self, *, journey: str) -> models.JourneyAnswer:
        """Pause a journey.

        From the answer on no run moves, no message of it is claimed, and nobody enters it.

        journey: As the shop names it.
        """
        return self._ask("POST", "/v1/journeys/{journey}/pause", models.JourneyAnswer, path={"journey": journey})

    def resume_journey(self, *, journey: str) -> models.JourneyAnswer:
        """Have a journey go on.

        Runs go on where they stood; messages that have not expired go out.

        journey: As the shop names it.
        """
        return self._ask("POST", "/v1/journeys/{journey}/resume", models.JourneyAnswer, path={"journey": journey})

    def kill_journey(self, *, journey: str) -> models.JourneyAnswer:
        """End a journey for good.

        From the answer on none of its messages is claimed; its runs end, some at a time. It does not come back.

        journey: As the shop names it.
        """
        return self._ask("POST", "/v1/journeys/{journey}/kill", models.JourneyAnswer, path={"journey": journey})

    def enter_customers(self, body: models.RunsForm | Mapping[str, Any], *, journey: str) -> models.AskedAnswer:
        """Have customers enter.

        By hand, whatever the journey is entered by else. Those whom campaigns does not know are named and refused.

        journey: As the shop names it.
        """
        return self._ask(
            "POST", "/v1/journeys/{journey}/runs", models.AskedAnswer, path={"journey": journey}, body=body
        )

    def list_runs(
        self,
        *,
        journey: str,
        state: Literal["running", "completed", "goal", "exit", "killed", "erased"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageRunAnswer:
        """Runs of a journey.

        In the order in which they were entered.

        journey: As the shop names it.
        state: Only those.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/journeys/{journey}/runs",
            models.PageRunAnswer,
            path={"journey": journey},
            query={"state": state, "limit": limit, "cursor": cursor},
        )

    def count_runs(self, *, journey: str) -> models.RunCountsAnswer:
        """How runs of a journey stand.

        By state, over all versions.

        journey: As the shop names it.
        """
        return self._ask("GET", "/v1/journeys/{journey}/counts", models.RunCountsAnswer, path={"journey": journey})

    def export(self, *, customer: str) -> models.ExportAnswer:
        """All that campaigns holds of a customer.

        The profile, what holds of consents, and messages. One identity at a time.

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


class AsyncCampaigns(AsyncApi):
    """Messages to customers: what they consented to, what is sent, what came of it. Its methods are awaited."""

    async def read_profile(self, *, customer: str) -> models.ProfileAnswer:
        """As `Campaigns.read_profile`."""
        return await self._ask("GET", "/v1/profiles/{customer}", models.ProfileAnswer, path={"customer": customer})

    async def read_schema(self) -> dict[str, Any]:
        """As `Campaigns.read_schema`."""
        return await self._ask("GET", "/v1/segments/schema", dict[str, Any])

    async def size(self, body: models.SizeForm | Mapping[str, Any]) -> models.SizeAnswer:
        """As `Campaigns.size`."""
        return await self._ask("POST", "/v1/segments/size", models.SizeAnswer, body=body)

    async def list_members(
        self, *, segment: str, limit: int | None = None, cursor: str | None = None
    ) -> models.PageMemberAnswer:
        """As `Campaigns.list_members`."""
        return await self._ask(
            "GET",
            "/v1/segments/{segment}/members",
            models.PageMemberAnswer,
            path={"segment": segment},
            query={"limit": limit, "cursor": cursor},
        )

    async def list_members_csv(
        self,
        *,
        segment: str,
        limit: int | None = None,
        cursor: str | None = None,
        bom: Literal["true", "false"] | None = None,
    ) -> str:
        """As `Campaigns.list_members_csv`."""
        return await self._ask(
            "GET",
            "/v1/segments/{segment}/members",
            str,
            path={"segment": segment},
            query={"limit": limit, "cursor": cursor, "bom": bom},
            accept="text/csv",
        )

    async def list_segments(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageListedAnswer:
        """As `Campaigns.list_segments`."""
        return await self._ask("GET", "/v1/segments", models.PageListedAnswer, query={"limit": limit, "cursor": cursor})

    async def make_segment(self, body: models.NewForm | Mapping[str, Any]) -> models.SegmentAnswer:
        """As `Campaigns.make_segment`."""
        return await self._ask("POST", "/v1/segments", models.SegmentAnswer, body=body)

    async def read_segment(self, *, segment: str) -> models.SegmentAnswer:
        """As `Campaigns.read_segment`."""
        return await self._ask("GET", "/v1/segments/{segment}", models.SegmentAnswer, path={"segment": segment})

    async def change_segment(self, body: models.DraftForm | Mapping[str, Any], *, segment: str) -> models.SegmentAnswer:
        """As `Campaigns.change_segment`."""
        return await self._ask(
            "PUT", "/v1/segments/{segment}", models.SegmentAnswer, path={"segment": segment}, body=body
        )

    async def publish_segment(self, *, segment: str) -> models.SegmentAnswer:
        """As `Campaigns.publish_segment`."""
        return await self._ask(
            "POST", "/v1/segments/{segment}/publish", models.SegmentAnswer, path={"segment": segment}
        )

    async def list_segment_versions(self, *, segment: str) -> models.VersionsAnswer:
        """As `Campaigns.list_segment_versions`."""
        return await self._ask(
            "GET", "/v1/segments/{segment}/versions", models.VersionsAnswer, path={"segment": segment}
        )

    async def list_templates(self) -> models.TemplatesAnswer:
        """As `Campaigns.list_templates`."""
        return await self._ask("GET", "/v1/templates", models.TemplatesAnswer)

    async def publish_template(self, body: models.TemplateForm | Mapping[str, Any]) -> models.TemplateAnswer:
        """As `Campaigns.publish_template`."""
        return await self._ask("POST", "/v1/templates", models.TemplateAnswer, body=body)

    async def read_template(self, *, template: str) -> models.TemplateAnswer:
        """As `Campaigns.read_template`."""
        return await self._ask("GET", "/v1/templates/{template}", models.TemplateAnswer, path={"template": template})

    async def preview(self, body: models.PreviewForm | Mapping[str, Any], *, template: str) -> models.PreviewAnswer:
        """As `Campaigns.preview`."""
        return await self._ask(
            "POST", "/v1/templates/{template}/preview", models.PreviewAnswer, path={"template": template}, body=body
        )

    async def read_policy(self) -> models.PolicyAnswer:
        """As `Campaigns.read_policy`."""
        return await self._ask("GET", "/v1/messages/policy", models.PolicyAnswer)

    async def change_policy(self, body: models.PolicyForm | Mapping[str, Any]) -> models.PolicyAnswer:
        """As `Campaigns.change_policy`."""
        return await self._ask("PUT", "/v1/messages/policy", models.PolicyAnswer, body=body)

    async def list_policies(self) -> models.PoliciesAnswer:
        """As `Campaigns.list_policies`."""
        return await self._ask("GET", "/v1/messages/policy/versions", models.PoliciesAnswer)

    async def send_message(self, body: models.MessageForm | Mapping[str, Any]) -> models.MessageAnswer:
        """As `Campaigns.send_message`."""
        return await self._ask("POST", "/v1/messages", models.MessageAnswer, body=body)

    async def list_messages(self, *, customer: str) -> models.MessagesAnswer:
        """As `Campaigns.list_messages`."""
        return await self._ask("GET", "/v1/messages", models.MessagesAnswer, query={"customer": customer})

    async def read_message(self, *, message: str) -> models.MessageAnswer:
        """As `Campaigns.read_message`."""
        return await self._ask("GET", "/v1/messages/{message}", models.MessageAnswer, path={"message": message})

    async def read_addresses(self, *, customer: str) -> models.AddressesAnswer:
        """As `Campaigns.read_addresses`."""
        return await self._ask("GET", "/v1/addresses", models.AddressesAnswer, query={"customer": customer})

    async def lift_address(self, body: models.LiftForm | Mapping[str, Any]) -> models.AddressesAnswer:
        """As `Campaigns.lift_address`."""
        return await self._ask("POST", "/v1/addresses/lift", models.AddressesAnswer, body=body)

    async def try_template(self, body: models.TrialForm | Mapping[str, Any], *, template: str) -> models.TrialAnswer:
        """As `Campaigns.try_template`."""
        return await self._ask(
            "POST", "/v1/templates/{template}/test", models.TrialAnswer, path={"template": template}, body=body
        )

    async def read_results(self, *, campaign: str, window_days: int | None = None) -> models.ResultsAnswer:
        """As `Campaigns.read_results`."""
        return await self._ask(
            "GET",
            "/v1/campaigns/{campaign}/results",
            models.ResultsAnswer,
            path={"campaign": campaign},
            query={"window_days": window_days},
        )

    async def list_tasks(
        self,
        *,
        state: Literal["open", "done", "cancelled"] | None = None,
        owner: str | None = None,
        customer: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageTaskAnswer:
        """As `Campaigns.list_tasks`."""
        return await self._ask(
            "GET",
            "/v1/tasks",
            models.PageTaskAnswer,
            query={"state": state, "owner": owner, "customer": customer, "limit": limit, "cursor": cursor},
        )

    async def read_task(self, *, task: str) -> models.TaskAnswer:
        """As `Campaigns.read_task`."""
        return await self._ask("GET", "/v1/tasks/{task}", models.TaskAnswer, path={"task": task})

    async def claim_task(
        self, body: models.ClaimForm | Mapping[str, Any] | None = None, *, task: str
    ) -> models.TaskAnswer:
        """As `Campaigns.claim_task`."""
        return await self._ask("POST", "/v1/tasks/{task}/claim", models.TaskAnswer, path={"task": task}, body=body)

    async def finish_task(self, body: models.OutcomeForm | Mapping[str, Any], *, task: str) -> models.TaskAnswer:
        """As `Campaigns.finish_task`."""
        return await self._ask("POST", "/v1/tasks/{task}/done", models.TaskAnswer, path={"task": task}, body=body)

    async def cancel_task(self, body: models.OutcomeForm | Mapping[str, Any], *, task: str) -> models.TaskAnswer:
        """As `Campaigns.cancel_task`."""
        return await self._ask("POST", "/v1/tasks/{task}/cancel", models.TaskAnswer, path={"task": task}, body=body)

    async def register_browser(self, body: models.BrowserForm | Mapping[str, Any]) -> models.BrowserAnswer:
        """As `Campaigns.register_browser`."""
        return await self._ask("POST", "/v1/push/browsers", models.BrowserAnswer, body=body)

    async def remove_browser(self, body: models.RemovalForm | Mapping[str, Any]) -> models.RemovedBrowserAnswer:
        """As `Campaigns.remove_browser`."""
        return await self._ask("POST", "/v1/push/browsers/remove", models.RemovedBrowserAnswer, body=body)

    async def list_ready_journeys(self) -> models.ReadiesAnswer:
        """As `Campaigns.list_ready_journeys`."""
        return await self._ask("GET", "/v1/journeys/ready", models.ReadiesAnswer)

    async def install_ready_journey(
        self, body: models.InstallForm | Mapping[str, Any], *, ready: str
    ) -> models.WholeJourneyAnswer:
        """As `Campaigns.install_ready_journey`."""
        return await self._ask(
            "POST", "/v1/journeys/ready/{ready}", models.WholeJourneyAnswer, path={"ready": ready}, body=body
        )

    async def list_journeys(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageJourneyAnswer:
        """As `Campaigns.list_journeys`."""
        return await self._ask(
            "GET", "/v1/journeys", models.PageJourneyAnswer, query={"limit": limit, "cursor": cursor}
        )

    async def save_draft(self, body: models.JourneyForm | Mapping[str, Any]) -> models.WholeJourneyAnswer:
        """As `Campaigns.save_draft`."""
        return await self._ask("POST", "/v1/journeys", models.WholeJourneyAnswer, body=body)

    async def import_journey(self, body: models.FileForm | Mapping[str, Any]) -> models.WholeJourneyAnswer:
        """As `Campaigns.import_journey`."""
        return await self._ask("POST", "/v1/journeys/import", models.WholeJourneyAnswer, body=body)

    async def read_journey_schema(self) -> dict[str, Any]:
        """As `Campaigns.read_journey_schema`."""
        return await self._ask("GET", "/v1/journeys/schema", dict[str, Any])

    async def read_journey(self, *, journey: str) -> models.WholeJourneyAnswer:
        """As `Campaigns.read_journey`."""
        return await self._ask("GET", "/v1/journeys/{journey}", models.WholeJourneyAnswer, path={"journey": journey})

    async def export_journey(self, *, journey: str) -> dict[str, Any]:
        """As `Campaigns.export_journey`."""
        return await self._ask("GET", "/v1/journeys/{journey}/export", dict[str, Any], path={"journey": journey})

    async def list_journey_versions(
        self, *, journey: str, limit: int | None = None, cursor: str | None = None
    ) -> models.PageJourneyVersionAnswer:
        """As `Campaigns.list_journey_versions`."""
        return await self._ask(
            "GET",
            "/v1/journeys/{journey}/versions",
            models.PageJourneyVersionAnswer,
            path={"journey": journey},
            query={"limit": limit, "cursor": cursor},
        )

    async def publish_journey(self, *, journey: str) -> models.JourneyAnswer:
        """As `Campaigns.publish_journey`."""
        return await self._ask(
            "POST", "/v1/journeys/{journey}/publish", models.JourneyAnswer, path={"journey": journey}
        )

    async def pause_journey(self, *, journey: str) -> models.JourneyAnswer:
        """As `Campaigns.pause_journey`."""
        return await self._ask("POST", "/v1/journeys/{journey}/pause", models.JourneyAnswer, path={"journey": journey})

    async def resume_journey(self, *, journey: str) -> models.JourneyAnswer:
        """As `Campaigns.resume_journey`."""
        return await self._ask("POST", "/v1/journeys/{journey}/resume", models.JourneyAnswer, path={"journey": journey})

    async def kill_journey(self, *, journey: str) -> models.JourneyAnswer:
        """As `Campaigns.kill_journey`."""
        return await self._ask("POST", "/v1/journeys/{journey}/kill", models.JourneyAnswer, path={"journey": journey})

    async def enter_customers(self, body: models.RunsForm | Mapping[str, Any], *, journey: str) -> models.AskedAnswer:
        """As `Campaigns.enter_customers`."""
        return await self._ask(
            "POST", "/v1/journeys/{journey}/runs", models.AskedAnswer, path={"journey": journey}, body=body
        )

    async def list_runs(
        self,
        *,
        journey: str,
        state: Literal["running", "completed", "goal", "exit", "killed", "erased"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageRunAnswer:
        """As `Campaigns.list_runs`."""
        return await self._ask(
            "GET",
            "/v1/journeys/{journey}/runs",
            models.PageRunAnswer,
            path={"journey": journey},
            query={"state": state, "limit": limit, "cursor": cursor},
        )

    async def count_runs(self, *, journey: str) -> models.RunCountsAnswer:
        """As `Campaigns.count_runs`."""
        return await self._ask(
            "GET", "/v1/journeys/{journey}/counts", models.RunCountsAnswer, path={"journey": journey}
        )

    async def export(self, *, customer: str) -> models.ExportAnswer:
        """As `Campaigns.export`."""
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
