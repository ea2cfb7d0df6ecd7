"""Operations of loyalty. Generated from docs/openapi/loyalty.json by `make client`; a change is made there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from mandegar_client import loyalty_models as models
from mandegar_client.transport import Api, AsyncApi


class Loyalty(Api):
    """Members of a shop's programme, their points, and what orders and interactions earn."""

    def check_programme(self, body: models.CheckBody | Mapping[str, Any]) -> models.CheckAnswer:
        """Check a programme.

        Whether it holds together, and if not, which field and what to do. Nothing is kept.
        """
        return self._ask("POST", "/v1/programmes/check", models.CheckAnswer, body=body)

    def import_programme(
        self, body: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.WholeDraftAnswer:
        """Import a file.

        A new draft from a file. Exported again, it is the same file.

        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/programmes/import",
            models.WholeDraftAnswer,
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def list_drafts(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageDraftAnswer:
        """Drafts.

        The newest first; those that were discarded are left out.

        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET", "/v1/programmes/drafts", models.PageDraftAnswer, query={"limit": limit, "cursor": cursor}
        )

    def make_draft(
        self, body: models.NewDraft | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.WholeDraftAnswer:
        """Make a draft.

        From a programme, from the version in force, or from one to begin with. It may still contradict itself.

        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/programmes/drafts",
            models.WholeDraftAnswer,
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def read_draft(self, *, draft: int) -> models.WholeDraftAnswer:
        """A draft.

        With what it says, and what a check finds in it.

        draft: Number of the draft.
        """
        return self._ask("GET", "/v1/programmes/drafts/{draft}", models.WholeDraftAnswer, path={"draft": draft})

    def change_draft(
        self,
        body: models.DraftChange | Mapping[str, Any],
        *,
        draft: int,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.WholeDraftAnswer:
        """Change a draft.

        All of it is replaced. One that was discarded is a draft again.

        draft: Number of the draft.
        if_match: The edition that was read, in quotes; another one there answers 412.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "PUT",
            "/v1/programmes/drafts/{draft}",
            models.WholeDraftAnswer,
            path={"draft": draft},
            header={"if-match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )

    def export_draft(self, *, draft: int) -> dict[str, Any]:
        """A draft as a file.

        JSON with every field written out; importing it gives the same programme.

        draft: Number of the draft.
        """
        return self._ask("GET", "/v1/programmes/drafts/{draft}/export", dict[str, Any], path={"draft": draft})

    def publish_draft(
        self,
        body: models.Publication | Mapping[str, Any],
        *,
        draft: int,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.WholeVersionAnswer:
        """Publish a draft.

        A new version, in force from now or later; versions that were planned for later still never come into force.

        What was earned before stays by its own version. A draft in which a check finds an error answers 409.

        draft: Number of the draft.
        if_match: The edition that was read, in quotes; another one there answers 412.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/programmes/drafts/{draft}/publish",
            models.WholeVersionAnswer,
            path={"draft": draft},
            header={"if-match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )

    def discard_draft(self, *, draft: int, idempotency_key: str | None = None) -> models.DraftAnswer:
        """Discard a draft.

        It is no longer listed. Changing it brings it back.

        draft: Number of the draft.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/programmes/drafts/{draft}/discard",
            models.DraftAnswer,
            path={"draft": draft},
            header={"Idempotency-Key": idempotency_key},
        )

    def list_programmes(self) -> models.ServicesLoyaltyProgrammesApiFormsVersionsAnswer:
        """Versions of the programme.

        The newest first, each with when it was, is or will be in force, who published it, and why.
        """
        return self._ask("GET", "/v1/programmes", models.ServicesLoyaltyProgrammesApiFormsVersionsAnswer)

    def read_schema(self) -> dict[str, Any]:
        """JSON Schema of a programme.

        For editors, and for whoever writes a programme by hand.
        """
        return self._ask("GET", "/v1/programmes/schema", dict[str, Any])

    def read_ready(self) -> dict[str, Any]:
        """A programme to begin with.

        In the shop's currency: a point for each unit spent, tiers by points of a year, a year to spend them.
        """
        return self._ask("GET", "/v1/programmes/ready", dict[str, Any])

    def compare(self, *, before: str, after: str) -> models.DifferencesAnswer:
        """How two programmes differ.

        Field by field, of versions or drafts; rules and tiers are compared by id, wherever they stand.

        before: A version by its number, or a draft: `draft-3`.
        after: A version by its number, or a draft: `draft-3`.
        """
        return self._ask(
            "GET", "/v1/programmes/diff", models.DifferencesAnswer, query={"before": before, "after": after}
        )

    def read_programme_version(self, *, version: int) -> models.WholeVersionAnswer:
        """A version.

        With what it says.

        version: Number of the version.
        """
        return self._ask("GET", "/v1/programmes/{version}", models.WholeVersionAnswer, path={"version": version})

    def export_version(self, *, version: int) -> dict[str, Any]:
        """A version as a file.

        JSON with every field written out; importing it gives the same programme.

        version: Number of the version.
        """
        return self._ask("GET", "/v1/programmes/{version}/export", dict[str, Any], path={"version": version})

    def simulate(self, body: models.Trial | Mapping[str, Any]) -> models.SimulationAnswer:
        """What an order would earn.

        By rule and line, with the reasons, of a cart or an interaction, on any version, draft or programme.

        With `refunds`, what would be left after them. Nothing is kept.
        """
        return self._ask("POST", "/v1/programmes/simulate", models.SimulationAnswer, body=body)

    def try_programme(self, body: models.TrialBody | Mapping[str, Any]) -> models.TrialAnswer:
        """Try a draft on what really happened.

        What it would have given for the orders and interactions of the last days, beside the version in force.

        Both are judged alike: as orders are known now, with their number and tier; caps count from the first of the
        days. Interactions of names that no version asked for are not kept, so they are not tried. Nothing is changed by
        asking.
        """
        return self._ask("POST", "/v1/programmes/trial", models.TrialAnswer, body=body)

    def explain_points(self, *, order: str | None = None, interaction: str | None = None) -> models.ExplainedAnswer:
        """Why an order got its points.

        By rule and line, also why a rule gave nothing.

        From what is kept: the order as it is known now, the version of the programme, and the context that was fixed
        when it was first judged.

        order: The shop's id of an order.
        interaction: Or the id of an interaction's event.
        """
        return self._ask(
            "GET", "/v1/points/explain", models.ExplainedAnswer, query={"order": order, "interaction": interaction}
        )

    def list_members(
        self,
        *,
        state: Literal["active", "left", "blocked"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageMemberAnswer:
        """Members of the programme.

        Members in the order in which they joined.

        state: Only those in this state.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET", "/v1/members", models.PageMemberAnswer, query={"state": state, "limit": limit, "cursor": cursor}
        )

    def read_member(self, *, customer: str) -> models.MemberAnswer:
        """One member.

        Since when somebody is a member, and when not. By the identity that joined.

        customer: Surrogate id, as events and answers have it.
        """
        return self._ask("GET", "/v1/members/{customer}", models.MemberAnswer, path={"customer": customer})

    def join(self, *, customer: str, idempotency_key: str | None = None) -> models.ChangeAnswer:
        """Join the programme.

        From now on orders earn. Also for who had left; where the programme lets customers join over HTTP.

        customer: Surrogate id, as events and answers have it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/members/{customer}/join",
            models.ChangeAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
        )

    def leave(
        self,
        body: models.Reason | Mapping[str, Any] | None = None,
        *,
        customer: str,
        idempotency_key: str | None = None,
    ) -> models.ChangeAnswer:
        """Leave it.

        What was earned stays, and nothing more is earned until they join again.

        customer: Surrogate id, as events and answers have it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/members/{customer}/leave",
            models.ChangeAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def block(
        self, body: models.NeededReason | Mapping[str, Any], *, customer: str, idempotency_key: str | None = None
    ) -> models.ChangeAnswer:
        """Block.

        A blocked member earns nothing, and joins nothing, until unblocked. The reason is kept.

        customer: Surrogate id, as events and answers have it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/members/{customer}/block",
            models.ChangeAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def unblock(
        self,
        body: models.Reason | Mapping[str, Any] | None = None,
        *,
        customer: str,
        idempotency_key: str | None = None,
    ) -> models.ChangeAnswer:
        """Unblock.

        Orders from now on earn again; those of the time between do not.

        customer: Surrogate id, as events and answers have it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/members/{customer}/unblock",
            models.ChangeAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def read_account(self, *, customer: str) -> models.StatementAnswer:
        """Balance, and what becomes of it when.

        What can be spent, what waits, what is reserved or owed; what becomes active and what expires, by day.

        customer: Surrogate id, as events and answers have it.
        """
        return self._ask("GET", "/v1/members/{customer}/account", models.StatementAnswer, path={"customer": customer})

    def read_history(
        self, *, customer: str, limit: int | None = None, cursor: str | None = None
    ) -> models.PageHistoryAnswer:
        """What happened to the points, and why.

        Every line of the ledger, the newest first, with the rule and version behind it.

        customer: Surrogate id, as events and answers have it.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/members/{customer}/history",
            models.PageHistoryAnswer,
            path={"customer": customer},
            query={"limit": limit, "cursor": cursor},
        )

    def read_tier(self, *, customer: str) -> models.TierAnswer:
        """The tier, and how far to the next.

        Counted anew from what stands: what keeps the level, and what leads to the next one.

        customer: Surrogate id, as events and answers have it.
        """
        return self._ask("GET", "/v1/members/{customer}/tier", models.TierAnswer, path={"customer": customer})

    def read_accounts(self, *, customer: str) -> models.AccountsAnswer:
        """Accounts and lots of a person.

        What each identity's account holds, the lots behind it, in the order in which they are spent; what has expired
        and can be reinstated.

        customer: Surrogate id, as events and answers have it.
        """
        return self._ask("GET", "/v1/points/accounts/{customer}", models.AccountsAnswer, path={"customer": customer})

    def read_entries(
        self, *, customer: str, limit: int | None = None, cursor: str | None = None
    ) -> models.SharedWebPagingPageEntryAnswer1:
        """Lines of the ledger.

        As they were posted, the newest first, each with its hash.

        customer: Surrogate id, as events and answers have it.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/points/accounts/{customer}/entries",
            models.SharedWebPagingPageEntryAnswer1,
            path={"customer": customer},
            query={"limit": limit, "cursor": cursor},
        )

    def read_liability(self, *, as_of: date | None = None) -> models.LiabilityAnswer:
        """What members have, and what expired.

        All points ever issued, and what became of them up to the end of a day.

        as_of: A day of the shop; absent: today.
        """
        return self._ask("GET", "/v1/points/liability", models.LiabilityAnswer, query={"as_of": as_of})

    def read_health(self, *, days: int | None = None) -> models.HealthAnswer:
        """How the programme does.

        Who takes part, and what becomes of points. The window is the last days of the shop, today among them.

        days: Length of the window.
        """
        return self._ask("GET", "/v1/points/health", models.HealthAnswer, query={"days": days})

    def issue_card(
        self,
        body: models.IssueBody | Mapping[str, Any] | None = None,
        *,
        customer: str,
        idempotency_key: str | None = None,
    ) -> models.CardAnswer:
        """Issue a card.

        A new number for a member, with its check digit. A member has a few cards in use at a time.

        customer: Surrogate id, as events and answers have it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/members/{customer}/cards",
            models.CardAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def list_cards(self, *, customer: str) -> models.CardsAnswer:
        """Cards of a person.

        All of them, the oldest first, whatever became of them; and when bank cards were linked.

        customer: Surrogate id, as events and answers have it.
        """
        return self._ask("GET", "/v1/members/{customer}/cards", models.CardsAnswer, path={"customer": customer})

    def read_qr_code(self, *, number: str) -> models.QrAnswer:
        """A card's QR code.

        The number as an image: a scanner at the till reads it as if it were typed. Of a card in use alone.

        number: All digits of the card.
        """
        return self._ask("GET", "/v1/cards/{number}/qr", models.QrAnswer, path={"number": number})

    def look_up_card(self, body: models.LookupBody | Mapping[str, Any]) -> models.FoundAnswer:
        """Who stands at the till.

        By a card in use, or by a linked bank card's token. A mistyped number is told from one that nobody has.
        """
        return self._ask("POST", "/v1/cards/lookup", models.FoundAnswer, body=body)

    def block_card(self, *, number: str, idempotency_key: str | None = None) -> models.CardAnswer:
        """Block a card.

        It identifies nobody until it is unblocked. Of a card that is blocked already, nothing changes.

        number: All digits of the card.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/cards/{number}/block",
            models.CardAnswer,
            path={"number": number},
            header={"Idempotency-Key": idempotency_key},
        )

    def unblock_card(self, *, number: str, idempotency_key: str | None = None) -> models.CardAnswer:
        """Unblock a card.

        It was found again.

        number: All digits of the card.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/cards/{number}/unblock",
            models.CardAnswer,
            path={"number": number},
            header={"Idempotency-Key": idempotency_key},
        )

    def replace_card(self, *, number: str, idempotency_key: str | None = None) -> models.CardAnswer:
        """Replace a card.

        Another number in its place, at once; the old one identifies nobody any more. The answer is the new card.

        number: All digits of the card.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/cards/{number}/replace",
            models.CardAnswer,
            path={"number": number},
            header={"Idempotency-Key": idempotency_key},
        )

    def link_bank_card(
        self, body: models.TokenBody | Mapping[str, Any], *, customer: str, idempotency_key: str | None = None
    ) -> models.CardsAnswer:
        """Link a bank card.

        Who pays with it is known without showing a card. Linked to another before, it is theirs no longer.

        customer: Surrogate id, as events and answers have it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/members/{customer}/bank-cards",
            models.CardsAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def unlink_bank_card(
        self, body: models.TokenBody | Mapping[str, Any], *, customer: str, idempotency_key: str | None = None
    ) -> models.CardsAnswer:
        """Unlink a bank card.

        It identifies the person no longer. Of one that did not, nothing changes.

        customer: Surrogate id, as events and answers have it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/members/{customer}/bank-cards/unlink",
            models.CardsAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def available(self, body: models.AskForm | Mapping[str, Any]) -> models.OffersAnswer:
        """What a customer could have, and why not.

        Every reward that is offered, with everything that stands in the way; and how far it is to the next one.

        Nothing is kept or held.
        """
        return self._ask("POST", "/v1/rewards/available", models.OffersAnswer, body=body)

    def quote(self, body: models.AskForm | Mapping[str, Any], *, reward: str) -> models.OfferAnswer:
        """What a reward costs and is worth to a customer.

        With this cart, now. Nothing is kept or held.

        reward: Id in the catalogue.
        """
        return self._ask("POST", "/v1/rewards/{reward}/quote", models.OfferAnswer, path={"reward": reward}, body=body)

    def list_rewards(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageRewardAnswer:
        """The catalogue.

        All rewards in the versions in force, by id, with what is left of each; also those that are not offered.

        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask("GET", "/v1/rewards", models.PageRewardAnswer, query={"limit": limit, "cursor": cursor})

    def make_reward(
        self, body: models.NewRewardForm | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.RewardAnswer:
        """Make a reward.

        Its first version. One that is there already just as it is sent stays as it is.

        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST", "/v1/rewards", models.RewardAnswer, header={"Idempotency-Key": idempotency_key}, body=body
        )

    def read_reward(self, *, reward: str) -> models.RewardAnswer:
        """A reward.

        In the version in force.

        reward: Id in the catalogue.
        """
        return self._ask("GET", "/v1/rewards/{reward}", models.RewardAnswer, path={"reward": reward})

    def change_reward(
        self, body: models.ChangedRewardForm | Mapping[str, Any], *, reward: str, idempotency_key: str | None = None
    ) -> models.RewardAnswer:
        """Change a reward.

        The next version, in force at once. What was granted stays as its own version says.

        reward: Id in the catalogue.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "PUT",
            "/v1/rewards/{reward}",
            models.RewardAnswer,
            path={"reward": reward},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def list_versions(self, *, reward: str) -> models.ServicesLoyaltyRewardsApiCatalogueVersionsAnswer:
        """Versions of a reward.

        Who changed what, when and why.

        reward: Id in the catalogue.
        """
        return self._ask(
            "GET",
            "/v1/rewards/{reward}/versions",
            models.ServicesLoyaltyRewardsApiCatalogueVersionsAnswer,
            path={"reward": reward},
        )

    def upload_codes(
        self, body: models.CodesForm | Mapping[str, Any], *, reward: str, idempotency_key: str | None = None
    ) -> models.CodesAnswer:
        """Upload codes.

        For a voucher with uploaded codes. Codes that are there already stay as they are.

        reward: Id in the catalogue.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/rewards/{reward}/codes",
            models.CodesAnswer,
            path={"reward": reward},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def hold_reward(
        self, body: models.HoldForm | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.RedemptionAnswer:
        """Hold a reward.

        Points, stock, budget and code are set aside until captured or released, or until the time is over.

        409 names what stands in the way; `POST /v1/rewards/available` tells it beforehand.

        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST", "/v1/redemptions", models.RedemptionAnswer, header={"Idempotency-Key": idempotency_key}, body=body
        )

    def list_redemptions(
        self, *, customer: str, limit: int | None = None, cursor: str | None = None
    ) -> models.PageRedemptionAnswer:
        """A customer's redemptions.

        The newest first, of all identities of the person.

        customer: Whose.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/redemptions",
            models.PageRedemptionAnswer,
            query={"customer": customer, "limit": limit, "cursor": cursor},
        )

    def use_code(
        self, body: models.CodeForm | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.RedemptionAnswer:
        """Use a voucher.

        By its code. Once: a second order is refused.

        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/redemptions/use",
            models.RedemptionAnswer,
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def read_redemption(self, *, redemption: str) -> models.RedemptionAnswer:
        """A redemption.

        As it stands.

        redemption: As the hold's answer has it.
        """
        return self._ask(
            "GET", "/v1/redemptions/{redemption}", models.RedemptionAnswer, path={"redemption": redemption}
        )

    def capture_redemption(
        self,
        body: models.OrderForm | Mapping[str, Any] | None = None,
        *,
        redemption: str,
        idempotency_key: str | None = None,
    ) -> models.RedemptionAnswer:
        """Capture a hold.

        The checkout went through: points are spent, the reward is granted; on an order that is named it is used.

        redemption: As the hold's answer has it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/redemptions/{redemption}/capture",
            models.RedemptionAnswer,
            path={"redemption": redemption},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def release_redemption(self, *, redemption: str, idempotency_key: str | None = None) -> models.RedemptionAnswer:
        """Release a hold.

        The checkout did not go through: points, stock, budget and code are free again.

        redemption: As the hold's answer has it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/redemptions/{redemption}/release",
            models.RedemptionAnswer,
            path={"redemption": redemption},
            header={"Idempotency-Key": idempotency_key},
        )

    def use_redemption(
        self,
        body: models.OrderForm | Mapping[str, Any] | None = None,
        *,
        redemption: str,
        idempotency_key: str | None = None,
    ) -> models.RedemptionAnswer:
        """Use a reward.

        One that was granted without an order.

        redemption: As the hold's answer has it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/redemptions/{redemption}/use",
            models.RedemptionAnswer,
            path={"redemption": redemption},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def revoke_redemption(
        self, body: models.RevokeForm | Mapping[str, Any], *, redemption: str, idempotency_key: str | None = None
    ) -> models.RedemptionAnswer:
        """Revoke a reward.

        Staff take back what was granted and not used, or an entitlement. Whoever granted that is told by webhook.

        Stock, budget and the customer's limit stay as they are.

        redemption: As the hold's answer has it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/redemptions/{redemption}/revoke",
            models.RedemptionAnswer,
            path={"redemption": redemption},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def read_endpoint(self) -> models.EndpointAnswer:
        """The endpoint.

        Where the shop's entitlements are told, and how many deliveries wait or have failed.
        """
        return self._ask("GET", "/v1/entitlements/endpoint", models.EndpointAnswer)

    def set_endpoint(self, body: models.EndpointForm | Mapping[str, Any]) -> models.SetEndpointAnswer:
        """Set the endpoint.

        What is granted or taken back from now on is told there. The first time a secret is drawn and told, once;

        later the secret stays, and an endpoint that wanted no more is sent to again.
        """
        return self._ask("PUT", "/v1/entitlements/endpoint", models.SetEndpointAnswer, body=body)

    def rotate_secret(self, body: models.SecretRotation | Mapping[str, Any] | None = None) -> models.SetEndpointAnswer:
        """Replace the secret.

        Told this once. For a while webhooks are signed with both, and a receiver may take either.
        """
        return self._ask("POST", "/v1/entitlements/endpoint/rotate", models.SetEndpointAnswer, body=body)

    def remove_endpoint(self, *, idempotency_key: str | None = None) -> models.RemovedAnswer:
        """Remove the endpoint.

        Nothing is told any more; what waits has failed, and can be sent again once there is another one.

        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/entitlements/endpoint/remove",
            models.RemovedAnswer,
            header={"Idempotency-Key": idempotency_key},
        )

    def list_deliveries(
        self,
        *,
        state: Literal["waiting", "delivered", "failed"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageDeliveryAnswer:
        """Deliveries.

        In the order in which they were made.

        state: Only those.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/entitlements/deliveries",
            models.PageDeliveryAnswer,
            query={"state": state, "limit": limit, "cursor": cursor},
        )

    def retry_delivery(self, *, delivery: str, idempotency_key: str | None = None) -> models.DeliveryAnswer:
        """Send a delivery again.

        One that failed waits anew. Refused once something later of the redemption was told: it would undo that.

        delivery: The webhook's id.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/entitlements/deliveries/{delivery}/retry",
            models.DeliveryAnswer,
            path={"delivery": delivery},
            header={"Idempotency-Key": idempotency_key},
        )

    def ask(
        self, body: models.NewCorrection | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.CorrectionAnswer:
        """Correct points.

        Posted at once, or, above the programme's limit, waiting for a second person.

        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST", "/v1/corrections", models.CorrectionAnswer, header={"Idempotency-Key": idempotency_key}, body=body
        )

    def list_corrections(
        self,
        *,
        state: Literal["waiting", "posted", "refused"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageCorrectionAnswer:
        """Corrections.

        In the order in which they were asked for.

        state: Only those.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/corrections",
            models.PageCorrectionAnswer,
            query={"state": state, "limit": limit, "cursor": cursor},
        )

    def approve(self, *, correction: str, idempotency_key: str | None = None) -> models.CorrectionAnswer:
        """Approve a correction.

        By a member of staff who did not ask for it; the points are posted.

        correction: As the answer that made it has it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/corrections/{correction}/approve",
            models.CorrectionAnswer,
            path={"correction": correction},
            header={"Idempotency-Key": idempotency_key},
        )

    def refuse(
        self, body: models.Decision | Mapping[str, Any], *, correction: str, idempotency_key: str | None = None
    ) -> models.CorrectionAnswer:
        """Refuse a correction.

        By a member of staff who did not ask for it; nothing is posted.

        correction: As the answer that made it has it.
        idempotency_key: Drawn anew for each write, and sent with its repeats as well: they have one effect, and one
            answer for a day.
        """
        return self._ask(
            "POST",
            "/v1/corrections/{correction}/refuse",
            models.CorrectionAnswer,
            path={"correction": correction},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    def export(self, *, customer: str) -> models.ExportAnswer:
        """All that loyalty holds of a customer.

        Membership, account, orders, interactions, postings, rewards, corrections. One identity at a time.

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
    ) -> models.SharedWebPagingPageEntryAnswer2:
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
            models.SharedWebPagingPageEntryAnswer2,
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


class AsyncLoyalty(AsyncApi):
    """Members of a shop's programme, their points, and what orders and interactions earn. Its methods are awaited."""

    async def check_programme(self, body: models.CheckBody | Mapping[str, Any]) -> models.CheckAnswer:
        """As `Loyalty.check_programme`."""
        return await self._ask("POST", "/v1/programmes/check", models.CheckAnswer, body=body)

    async def import_programme(
        self, body: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.WholeDraftAnswer:
        """As `Loyalty.import_programme`."""
        return await self._ask(
            "POST",
            "/v1/programmes/import",
            models.WholeDraftAnswer,
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def list_drafts(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageDraftAnswer:
        """As `Loyalty.list_drafts`."""
        return await self._ask(
            "GET", "/v1/programmes/drafts", models.PageDraftAnswer, query={"limit": limit, "cursor": cursor}
        )

    async def make_draft(
        self, body: models.NewDraft | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.WholeDraftAnswer:
        """As `Loyalty.make_draft`."""
        return await self._ask(
            "POST",
            "/v1/programmes/drafts",
            models.WholeDraftAnswer,
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def read_draft(self, *, draft: int) -> models.WholeDraftAnswer:
        """As `Loyalty.read_draft`."""
        return await self._ask("GET", "/v1/programmes/drafts/{draft}", models.WholeDraftAnswer, path={"draft": draft})

    async def change_draft(
        self,
        body: models.DraftChange | Mapping[str, Any],
        *,
        draft: int,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.WholeDraftAnswer:
        """As `Loyalty.change_draft`."""
        return await self._ask(
            "PUT",
            "/v1/programmes/drafts/{draft}",
            models.WholeDraftAnswer,
            path={"draft": draft},
            header={"if-match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )

    async def export_draft(self, *, draft: int) -> dict[str, Any]:
        """As `Loyalty.export_draft`."""
        return await self._ask("GET", "/v1/programmes/drafts/{draft}/export", dict[str, Any], path={"draft": draft})

    async def publish_draft(
        self,
        body: models.Publication | Mapping[str, Any],
        *,
        draft: int,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.WholeVersionAnswer:
        """As `Loyalty.publish_draft`."""
        return await self._ask(
            "POST",
            "/v1/programmes/drafts/{draft}/publish",
            models.WholeVersionAnswer,
            path={"draft": draft},
            header={"if-match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )

    async def discard_draft(self, *, draft: int, idempotency_key: str | None = None) -> models.DraftAnswer:
        """As `Loyalty.discard_draft`."""
        return await self._ask(
            "POST",
            "/v1/programmes/drafts/{draft}/discard",
            models.DraftAnswer,
            path={"draft": draft},
            header={"Idempotency-Key": idempotency_key},
        )

    async def list_programmes(self) -> models.ServicesLoyaltyProgrammesApiFormsVersionsAnswer:
        """As `Loyalty.list_programmes`."""
        return await self._ask("GET", "/v1/programmes", models.ServicesLoyaltyProgrammesApiFormsVersionsAnswer)

    async def read_schema(self) -> dict[str, Any]:
        """As `Loyalty.read_schema`."""
        return await self._ask("GET", "/v1/programmes/schema", dict[str, Any])

    async def read_ready(self) -> dict[str, Any]:
        """As `Loyalty.read_ready`."""
        return await self._ask("GET", "/v1/programmes/ready", dict[str, Any])

    async def compare(self, *, before: str, after: str) -> models.DifferencesAnswer:
        """As `Loyalty.compare`."""
        return await self._ask(
            "GET", "/v1/programmes/diff", models.DifferencesAnswer, query={"before": before, "after": after}
        )

    async def read_programme_version(self, *, version: int) -> models.WholeVersionAnswer:
        """As `Loyalty.read_programme_version`."""
        return await self._ask("GET", "/v1/programmes/{version}", models.WholeVersionAnswer, path={"version": version})

    async def export_version(self, *, version: int) -> dict[str, Any]:
        """As `Loyalty.export_version`."""
        return await self._ask("GET", "/v1/programmes/{version}/export", dict[str, Any], path={"version": version})

    async def simulate(self, body: models.Trial | Mapping[str, Any]) -> models.SimulationAnswer:
        """As `Loyalty.simulate`."""
        return await self._ask("POST", "/v1/programmes/simulate", models.SimulationAnswer, body=body)

    async def try_programme(self, body: models.TrialBody | Mapping[str, Any]) -> models.TrialAnswer:
        """As `Loyalty.try_programme`."""
        return await self._ask("POST", "/v1/programmes/trial", models.TrialAnswer, body=body)

    async def explain_points(
        self, *, order: str | None = None, interaction: str | None = None
    ) -> models.ExplainedAnswer:
        """As `Loyalty.explain_points`."""
        return await self._ask(
            "GET", "/v1/points/explain", models.ExplainedAnswer, query={"order": order, "interaction": interaction}
        )

    async def list_members(
        self,
        *,
        state: Literal["active", "left", "blocked"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageMemberAnswer:
        """As `Loyalty.list_members`."""
        return await self._ask(
            "GET", "/v1/members", models.PageMemberAnswer, query={"state": state, "limit": limit, "cursor": cursor}
        )

    async def read_member(self, *, customer: str) -> models.MemberAnswer:
        """As `Loyalty.read_member`."""
        return await self._ask("GET", "/v1/members/{customer}", models.MemberAnswer, path={"customer": customer})

    async def join(self, *, customer: str, idempotency_key: str | None = None) -> models.ChangeAnswer:
        """As `Loyalty.join`."""
        return await self._ask(
            "POST",
            "/v1/members/{customer}/join",
            models.ChangeAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
        )

    async def leave(
        self,
        body: models.Reason | Mapping[str, Any] | None = None,
        *,
        customer: str,
        idempotency_key: str | None = None,
    ) -> models.ChangeAnswer:
        """As `Loyalty.leave`."""
        return await self._ask(
            "POST",
            "/v1/members/{customer}/leave",
            models.ChangeAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def block(
        self, body: models.NeededReason | Mapping[str, Any], *, customer: str, idempotency_key: str | None = None
    ) -> models.ChangeAnswer:
        """As `Loyalty.block`."""
        return await self._ask(
            "POST",
            "/v1/members/{customer}/block",
            models.ChangeAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def unblock(
        self,
        body: models.Reason | Mapping[str, Any] | None = None,
        *,
        customer: str,
        idempotency_key: str | None = None,
    ) -> models.ChangeAnswer:
        """As `Loyalty.unblock`."""
        return await self._ask(
            "POST",
            "/v1/members/{customer}/unblock",
            models.ChangeAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def read_account(self, *, customer: str) -> models.StatementAnswer:
        """As `Loyalty.read_account`."""
        return await self._ask(
            "GET", "/v1/members/{customer}/account", models.StatementAnswer, path={"customer": customer}
        )

    async def read_history(
        self, *, customer: str, limit: int | None = None, cursor: str | None = None
    ) -> models.PageHistoryAnswer:
        """As `Loyalty.read_history`."""
        return await self._ask(
            "GET",
            "/v1/members/{customer}/history",
            models.PageHistoryAnswer,
            path={"customer": customer},
            query={"limit": limit, "cursor": cursor},
        )

    async def read_tier(self, *, customer: str) -> models.TierAnswer:
        """As `Loyalty.read_tier`."""
        return await self._ask("GET", "/v1/members/{customer}/tier", models.TierAnswer, path={"customer": customer})

    async def read_accounts(self, *, customer: str) -> models.AccountsAnswer:
        """As `Loyalty.read_accounts`."""
        return await self._ask(
            "GET", "/v1/points/accounts/{customer}", models.AccountsAnswer, path={"customer": customer}
        )

    async def read_entries(
        self, *, customer: str, limit: int | None = None, cursor: str | None = None
    ) -> models.SharedWebPagingPageEntryAnswer1:
        """As `Loyalty.read_entries`."""
        return await self._ask(
            "GET",
            "/v1/points/accounts/{customer}/entries",
            models.SharedWebPagingPageEntryAnswer1,
            path={"customer": customer},
            query={"limit": limit, "cursor": cursor},
        )

    async def read_liability(self, *, as_of: date | None = None) -> models.LiabilityAnswer:
        """As `Loyalty.read_liability`."""
        return await self._ask("GET", "/v1/points/liability", models.LiabilityAnswer, query={"as_of": as_of})

    async def read_health(self, *, days: int | None = None) -> models.HealthAnswer:
        """As `Loyalty.read_health`."""
        return await self._ask("GET", "/v1/points/health", models.HealthAnswer, query={"days": days})

    async def issue_card(
        self,
        body: models.IssueBody | Mapping[str, Any] | None = None,
        *,
        customer: str,
        idempotency_key: str | None = None,
    ) -> models.CardAnswer:
        """As `Loyalty.issue_card`."""
        return await self._ask(
            "POST",
            "/v1/members/{customer}/cards",
            models.CardAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def list_cards(self, *, customer: str) -> models.CardsAnswer:
        """As `Loyalty.list_cards`."""
        return await self._ask("GET", "/v1/members/{customer}/cards", models.CardsAnswer, path={"customer": customer})

    async def read_qr_code(self, *, number: str) -> models.QrAnswer:
        """As `Loyalty.read_qr_code`."""
        return await self._ask("GET", "/v1/cards/{number}/qr", models.QrAnswer, path={"number": number})

    async def look_up_card(self, body: models.LookupBody | Mapping[str, Any]) -> models.FoundAnswer:
        """As `Loyalty.look_up_card`."""
        return await self._ask("POST", "/v1/cards/lookup", models.FoundAnswer, body=body)

    async def block_card(self, *, number: str, idempotency_key: str | None = None) -> models.CardAnswer:
        """As `Loyalty.block_card`."""
        return await self._ask(
            "POST",
            "/v1/cards/{number}/block",
            models.CardAnswer,
            path={"number": number},
            header={"Idempotency-Key": idempotency_key},
        )

    async def unblock_card(self, *, number: str, idempotency_key: str | None = None) -> models.CardAnswer:
        """As `Loyalty.unblock_card`."""
        return await self._ask(
            "POST",
            "/v1/cards/{number}/unblock",
            models.CardAnswer,
            path={"number": number},
            header={"Idempotency-Key": idempotency_key},
        )

    async def replace_card(self, *, number: str, idempotency_key: str | None = None) -> models.CardAnswer:
        """As `Loyalty.replace_card`."""
        return await self._ask(
            "POST",
            "/v1/cards/{number}/replace",
            models.CardAnswer,
            path={"number": number},
            header={"Idempotency-Key": idempotency_key},
        )

    async def link_bank_card(
        self, body: models.TokenBody | Mapping[str, Any], *, customer: str, idempotency_key: str | None = None
    ) -> models.CardsAnswer:
        """As `Loyalty.link_bank_card`."""
        return await self._ask(
            "POST",
            "/v1/members/{customer}/bank-cards",
            models.CardsAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def unlink_bank_card(
        self, body: models.TokenBody | Mapping[str, Any], *, customer: str, idempotency_key: str | None = None
    ) -> models.CardsAnswer:
        """As `Loyalty.unlink_bank_card`."""
        return await self._ask(
            "POST",
            "/v1/members/{customer}/bank-cards/unlink",
            models.CardsAnswer,
            path={"customer": customer},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def available(self, body: models.AskForm | Mapping[str, Any]) -> models.OffersAnswer:
        """As `Loyalty.available`."""
        return await self._ask("POST", "/v1/rewards/available", models.OffersAnswer, body=body)

    async def quote(self, body: models.AskForm | Mapping[str, Any], *, reward: str) -> models.OfferAnswer:
        """As `Loyalty.quote`."""
        return await self._ask(
            "POST", "/v1/rewards/{reward}/quote", models.OfferAnswer, path={"reward": reward}, body=body
        )

    async def list_rewards(self, *, limit: int | None = None, cursor: str | None = None) -> models.PageRewardAnswer:
        """As `Loyalty.list_rewards`."""
        return await self._ask("GET", "/v1/rewards", models.PageRewardAnswer, query={"limit": limit, "cursor": cursor})

    async def make_reward(
        self, body: models.NewRewardForm | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.RewardAnswer:
        """As `Loyalty.make_reward`."""
        return await self._ask(
            "POST", "/v1/rewards", models.RewardAnswer, header={"Idempotency-Key": idempotency_key}, body=body
        )

    async def read_reward(self, *, reward: str) -> models.RewardAnswer:
        """As `Loyalty.read_reward`."""
        return await self._ask("GET", "/v1/rewards/{reward}", models.RewardAnswer, path={"reward": reward})

    async def change_reward(
        self, body: models.ChangedRewardForm | Mapping[str, Any], *, reward: str, idempotency_key: str | None = None
    ) -> models.RewardAnswer:
        """As `Loyalty.change_reward`."""
        return await self._ask(
            "PUT",
            "/v1/rewards/{reward}",
            models.RewardAnswer,
            path={"reward": reward},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def list_versions(self, *, reward: str) -> models.ServicesLoyaltyRewardsApiCatalogueVersionsAnswer:
        """As `Loyalty.list_versions`."""
        return await self._ask(
            "GET",
            "/v1/rewards/{reward}/versions",
            models.ServicesLoyaltyRewardsApiCatalogueVersionsAnswer,
            path={"reward": reward},
        )

    async def upload_codes(
        self, body: models.CodesForm | Mapping[str, Any], *, reward: str, idempotency_key: str | None = None
    ) -> models.CodesAnswer:
        """As `Loyalty.upload_codes`."""
        return await self._ask(
            "POST",
            "/v1/rewards/{reward}/codes",
            models.CodesAnswer,
            path={"reward": reward},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def hold_reward(
        self, body: models.HoldForm | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.RedemptionAnswer:
        """As `Loyalty.hold_reward`."""
        return await self._ask(
            "POST", "/v1/redemptions", models.RedemptionAnswer, header={"Idempotency-Key": idempotency_key}, body=body
        )

    async def list_redemptions(
        self, *, customer: str, limit: int | None = None, cursor: str | None = None
    ) -> models.PageRedemptionAnswer:
        """As `Loyalty.list_redemptions`."""
        return await self._ask(
            "GET",
            "/v1/redemptions",
            models.PageRedemptionAnswer,
            query={"customer": customer, "limit": limit, "cursor": cursor},
        )

    async def use_code(
        self, body: models.CodeForm | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.RedemptionAnswer:
        """As `Loyalty.use_code`."""
        return await self._ask(
            "POST",
            "/v1/redemptions/use",
            models.RedemptionAnswer,
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def read_redemption(self, *, redemption: str) -> models.RedemptionAnswer:
        """As `Loyalty.read_redemption`."""
        return await self._ask(
            "GET", "/v1/redemptions/{redemption}", models.RedemptionAnswer, path={"redemption": redemption}
        )

    async def capture_redemption(
        self,
        body: models.OrderForm | Mapping[str, Any] | None = None,
        *,
        redemption: str,
        idempotency_key: str | None = None,
    ) -> models.RedemptionAnswer:
        """As `Loyalty.capture_redemption`."""
        return await self._ask(
            "POST",
            "/v1/redemptions/{redemption}/capture",
            models.RedemptionAnswer,
            path={"redemption": redemption},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def release_redemption(
        self, *, redemption: str, idempotency_key: str | None = None
    ) -> models.RedemptionAnswer:
        """As `Loyalty.release_redemption`."""
        return await self._ask(
            "POST",
            "/v1/redemptions/{redemption}/release",
            models.RedemptionAnswer,
            path={"redemption": redemption},
            header={"Idempotency-Key": idempotency_key},
        )

    async def use_redemption(
        self,
        body: models.OrderForm | Mapping[str, Any] | None = None,
        *,
        redemption: str,
        idempotency_key: str | None = None,
    ) -> models.RedemptionAnswer:
        """As `Loyalty.use_redemption`."""
        return await self._ask(
            "POST",
            "/v1/redemptions/{redemption}/use",
            models.RedemptionAnswer,
            path={"redemption": redemption},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def revoke_redemption(
        self, body: models.RevokeForm | Mapping[str, Any], *, redemption: str, idempotency_key: str | None = None
    ) -> models.RedemptionAnswer:
        """As `Loyalty.revoke_redemption`."""
        return await self._ask(
            "POST",
            "/v1/redemptions/{redemption}/revoke",
            models.RedemptionAnswer,
            path={"redemption": redemption},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def read_endpoint(self) -> models.EndpointAnswer:
        """As `Loyalty.read_endpoint`."""
        return await self._ask("GET", "/v1/entitlements/endpoint", models.EndpointAnswer)

    async def set_endpoint(self, body: models.EndpointForm | Mapping[str, Any]) -> models.SetEndpointAnswer:
        """As `Loyalty.set_endpoint`."""
        return await self._ask("PUT", "/v1/entitlements/endpoint", models.SetEndpointAnswer, body=body)

    async def rotate_secret(
        self, body: models.SecretRotation | Mapping[str, Any] | None = None
    ) -> models.SetEndpointAnswer:
        """As `Loyalty.rotate_secret`."""
        return await self._ask("POST", "/v1/entitlements/endpoint/rotate", models.SetEndpointAnswer, body=body)

    async def remove_endpoint(self, *, idempotency_key: str | None = None) -> models.RemovedAnswer:
        """As `Loyalty.remove_endpoint`."""
        return await self._ask(
            "POST",
            "/v1/entitlements/endpoint/remove",
            models.RemovedAnswer,
            header={"Idempotency-Key": idempotency_key},
        )

    async def list_deliveries(
        self,
        *,
        state: Literal["waiting", "delivered", "failed"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageDeliveryAnswer:
        """As `Loyalty.list_deliveries`."""
        return await self._ask(
            "GET",
            "/v1/entitlements/deliveries",
            models.PageDeliveryAnswer,
            query={"state": state, "limit": limit, "cursor": cursor},
        )

    async def retry_delivery(self, *, delivery: str, idempotency_key: str | None = None) -> models.DeliveryAnswer:
        """As `Loyalty.retry_delivery`."""
        return await self._ask(
            "POST",
            "/v1/entitlements/deliveries/{delivery}/retry",
            models.DeliveryAnswer,
            path={"delivery": delivery},
            header={"Idempotency-Key": idempotency_key},
        )

    async def ask(
        self, body: models.NewCorrection | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> models.CorrectionAnswer:
        """As `Loyalty.ask`."""
        return await self._ask(
            "POST", "/v1/corrections", models.CorrectionAnswer, header={"Idempotency-Key": idempotency_key}, body=body
        )

    async def list_corrections(
        self,
        *,
        state: Literal["waiting", "posted", "refused"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageCorrectionAnswer:
        """As `Loyalty.list_corrections`."""
        return await self._ask(
            "GET",
            "/v1/corrections",
            models.PageCorrectionAnswer,
            query={"state": state, "limit": limit, "cursor": cursor},
        )

    async def approve(self, *, correction: str, idempotency_key: str | None = None) -> models.CorrectionAnswer:
        """As `Loyalty.approve`."""
        return await self._ask(
            "POST",
            "/v1/corrections/{correction}/approve",
            models.CorrectionAnswer,
            path={"correction": correction},
            header={"Idempotency-Key": idempotency_key},
        )

    async def refuse(
        self, body: models.Decision | Mapping[str, Any], *, correction: str, idempotency_key: str | None = None
    ) -> models.CorrectionAnswer:
        """As `Loyalty.refuse`."""
        return await self._ask(
            "POST",
            "/v1/corrections/{correction}/refuse",
            models.CorrectionAnswer,
            path={"correction": correction},
            header={"Idempotency-Key": idempotency_key},
            body=body,
        )

    async def export(self, *, customer: str) -> models.ExportAnswer:
        """As `Loyalty.export`."""
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
    ) -> models.SharedWebPagingPageEntryAnswer2:
        """As `Loyalty.read_audit`."""
        return await self._ask(
            "GET",
            "/v1/audit",
            models.SharedWebPagingPageEntryAnswer2,
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
        """As `Loyalty.healthz`."""
        return await self._ask("GET", "/healthz", dict[str, Any])

    async def readyz(self) -> dict[str, Any]:
        """As `Loyalty.readyz`."""
        return await self._ask("GET", "/readyz", dict[str, Any])

    async def metrics(self) -> str:
        """As `Loyalty.metrics`."""
        return await self._ask("GET", "/metrics", str, accept="text/plain")
