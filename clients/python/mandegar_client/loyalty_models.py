"""Forms of loyalty. Generated from docs/openapi/loyalty.json by `make client`; a change is made there."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, StringConstraints
from typing_extensions import TypeAliasType


class AbsenceAnswer(BaseModel):
    """
    A time in which a member earned nothing.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    since: AwareDatetime
    until: AwareDatetime | None
    """
    Null: it lasts.
    """
    state: str
    """
    `left` or `blocked`.
    """
    reason: str
    by: str
    """
    Who asked for it: `key:<key id>`, `staff:<subject>`.
    """


class AccountAnswer(BaseModel):
    """
    The account of one identity.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    active: int
    pending: int
    held: int
    owed: int
    entries: int
    """
    How many there are.
    """
    head: str
    """
    Hash of the last entry, which covers all before it.
    """


class AmountForm(BaseModel):
    """
    So much off the cart, and no more than its total.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["amount"]
    amount: Annotated[int, Field(ge=1, le=1000000000000000)]
    """
    Minor units.
    """


class BalanceAnswer(BaseModel):
    """
    Points by where they lie.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    active: int
    """
    Can be spent.
    """
    pending: int
    """
    Earned, and not to be spent yet.
    """
    held: int
    """
    Reserved for a redemption that is not concluded.
    """
    owed: int
    """
    A debt: taken back after it was spent.
    """


class CardAnswer(BaseModel):
    """
    A card.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    number: str
    printed: str
    """
    As it stands on the card.
    """
    customer: str
    """
    The identity that it was issued to.
    """
    kind: str
    """
    `digital` or `physical`.
    """
    state: str
    """
    `active`, `blocked` or `replaced`.
    """
    issued_at: AwareDatetime
    changed_at: AwareDatetime
    replaced_by: str | None


class CardsAnswer(BaseModel):
    """
    What identifies a person at a till.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom they are counted as.
    """
    cards: list[CardAnswer]
    bank_cards: list[AwareDatetime]
    """
    When each bank card was linked; its token is not told again.
    """


class CartForm(BaseModel):
    """
    What the customer is about to buy.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    total: Annotated[int, Field(ge=0, le=1000000000000000)]
    """
    After discounts, before tax and shipping; minor units.
    """
    currency: Annotated[str, Field(max_length=3, min_length=3)]
    """
    ISO 4217.
    """


class ChangeAnswer(BaseModel):
    """
    A member after a change was asked for.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    The identity that joined.
    """
    state: str
    """
    `active`, `left` or `blocked`.
    """
    joined_at: AwareDatetime
    """
    Orders from then on earn.
    """
    how: str
    """
    `event`, `first_order` or `http`.
    """
    absences: list[AbsenceAnswer]
    """
    The last one is what holds, where it has no end.
    """
    changed: bool
    """
    Whether this request changed anything: one that is repeated does not.
    """


class MinimumSpend(RootModel[int]):
    root: Annotated[int, Field(ge=0, le=1000000000000000)]
    """
    Of the cart, minor units.
    """


class Stock(RootModel[int]):
    root: Annotated[int, Field(ge=0, le=1000000000)]
    """
    How many there are in all; null: no limit.
    """


class Budget(RootModel[int]):
    root: Annotated[int, Field(ge=0, le=1000000000000000)]
    """
    What all may be worth together, minor units; null: no limit.
    """


class Each(RootModel[int]):
    root: Annotated[int, Field(ge=1, le=1000000)]
    """
    How many a customer may have in each period.
    """


class ValidDays(RootModel[int]):
    root: Annotated[int, Field(ge=0, le=3660)]
    """
    Whole days after that of the grant; null: for good.
    """


class Version(RootModel[int]):
    root: Annotated[int, Field(ge=1, le=2147483647)]
    """
    The one that was read: another one there answers 412.
    """


class CheckBody(BaseModel):
    """
    A programme to be checked.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    programme: dict[str, Any]
    """
    A programme, as `GET /v1/programmes/schema` describes it. What is left out has its default.
    """


class Order(RootModel[str]):
    root: Annotated[str, Field(pattern="^[^\\x00-\\x1f\\x7f]{1,200}$")]


class CodeForm(BaseModel):
    """
    A voucher, as the customer shows it.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Annotated[str, Field(pattern="^[\\x21-\\x7e]{1,100}$")]
    order: Order | None = None


class CodesAnswer(BaseModel):
    """
    What became of uploaded codes.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    added: int
    known: int
    """
    There already, under this or another reward.
    """


class CodesForm(BaseModel):
    """
    Codes of a partner.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    codes: Annotated[list[str], Field(max_length=10000, min_length=1)]
    """
    Each is given to one customer, once.
    """


class CorrectionAnswer(BaseModel):
    """
    A correction.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    correction: str
    customer: str
    points: int
    lot: str | None
    """
    That is reinstated; null: points by hand.
    """
    state: Literal["waiting", "posted", "refused"]
    """
    `waiting`: above `second_person_over` of the programme, somebody else has to decide.
    """
    reason: str
    text: str
    asked_at: AwareDatetime
    asked_by: str
    decided_at: AwareDatetime | None
    decided_by: str
    answer: str


class Decision(BaseModel):
    """
    What the second person says.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    text: Annotated[str, Field(max_length=2000, min_length=1)]
    """
    For staff; an erasure of the customer empties it.
    """


class DeliveryAnswer(BaseModel):
    """
    A delivery.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    delivery: str
    """
    The webhook's id, the same at each attempt.
    """
    redemption: str
    what: Literal["granted", "revoked"]
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    last_status: int | None
    """
    Of the last answer; null: there was none.
    """
    trouble: str
    made_at: AwareDatetime
    due_at: AwareDatetime | None
    """
    Of one that waits: when it is tried next.
    """
    ended_at: AwareDatetime | None


class DifferenceAnswer(BaseModel):
    """
    One field that differs.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    field: str
    """
    Rules and tiers are named by id: `rules.purchase.earn.per`.
    """
    before: Any
    """
    Null where it is not there.
    """
    after: Any


class DifferencesAnswer(BaseModel):
    """
    How two programmes differ.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    differences: list[DifferenceAnswer]


class DraftChange(BaseModel):
    """
    A draft's new content.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: Annotated[str, Field(max_length=200, min_length=1)]
    """
    For staff.
    """
    programme: dict[str, Any]
    """
    A programme, as `GET /v1/programmes/schema` describes it. What is left out has its default.
    """


class EndpointAnswer(BaseModel):
    """
    Where entitlements are told, without secrets.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    url: str | None
    """
    Null: there is none, and nothing is told.
    """
    set_at: AwareDatetime | None
    rotated_at: AwareDatetime | None
    previous_until: AwareDatetime | None
    """
    Until then webhooks are signed with two secrets.
    """
    gone_at: AwareDatetime | None
    """
    It answered 410, so nothing is sent to it; setting it again goes on with what waits.
    """
    waiting: int
    """
    Deliveries that wait.
    """
    failed: int
    """
    Deliveries that were given up.
    """


class EndpointForm(BaseModel):
    """
    Where entitlements are told.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    url: Annotated[str, Field(max_length=2000, min_length=1)]
    """
    HTTPS, on the internet; redirects are not followed.
    """


class EntitlementForm(BaseModel):
    """
    Something granted elsewhere by whoever follows `loyalty.rewards.v1`.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["entitlement"]
    entitlement: Annotated[str, Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]+$")]
    """
    A feature, credit, days: as the system that grants it names it.
    """
    quantity: Annotated[int, Field(ge=1, le=1000000000)] = 1
    worth: Annotated[int, Field(ge=0, le=1000000000000000)] = 0
    """
    What it costs the shop, for the budget.
    """


class ExpiredAnswer(BaseModel):
    """
    Points that have expired and can still be reinstated, by a correction that names the lot.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    lot: str
    """
    Its number within the account.
    """
    source: str
    source_id: str
    points: int
    """
    That have expired of it.
    """
    expired_on: date
    """
    The last day on which they could be spent.
    """
    until: date
    """
    The last day on which they can be reinstated.
    """


class ExportAnswer(BaseModel):
    """
    What loyalty holds of a customer.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    service: str
    customer: str
    membership: dict[str, Any] | None
    """
    Null for who never joined.
    """
    account: dict[str, int] | None
    """
    Points by where they lie; null where there never were any.
    """
    tier: dict[str, Any] | None
    """
    Level (empty: the first) and since when; null: none was told.
    """
    cards: list[dict[str, Any]]
    """
    By number, with their state.
    """
    orders: list[dict[str, Any]]
    """
    Each order, with the points that stand for it.
    """
    interactions: list[dict[str, Any]]
    """
    Those that earn, likewise.
    """
    postings: list[dict[str, Any]]
    """
    Every line of the ledger.
    """
    redemptions: list[dict[str, Any]]
    """
    Rewards that were asked for, and what became of each.
    """
    deliveries: list[dict[str, Any]]
    """
    What receivers of entitlements were told, or are to be.
    """
    segments: list[dict[str, Any]]
    """
    Which segments they entered or left, and when, as was told.
    """
    corrections: list[dict[str, Any]]
    """
    Points given or taken by hand, with what staff wrote.
    """


class FindingAnswer(BaseModel):
    """
    What a check found.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    field: str
    """
    Dotted: `rules.0.earn.points`.
    """
    reason: str
    """
    What is wrong, and what to do.
    """
    weight: Literal["error", "hint"]
    """
    A draft with an `error` cannot be published.
    """


class FoundAnswer(BaseModel):
    """
    Who stands at the till.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom the person is counted as.
    """
    identity: str
    """
    The identity that the card was issued or linked to.
    """
    is_member: bool
    by: str
    """
    `card` or `bank_card`.
    """


class HistoryAnswer(BaseModel):
    """
    A line of the ledger, as a member reads it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    at: AwareDatetime
    """
    When what it tells of happened.
    """
    kind: str
    """
    `earn`, `activate`, `spend`, `expire`, `claw_back`, …
    """
    points: int
    """
    How many points it moves.
    """
    effect: int
    """
    By how much what the member has changes; 0: it only moves within.
    """
    source: str | None
    """
    What they are for: `order`, `interaction`, `correction`, `reward`.
    """
    source_id: str | None
    """
    Of the order, and so on.
    """
    line: str | None
    """
    Of the order, where the rule counts lines.
    """
    rule: str
    """
    As members read it; empty: none.
    """
    programme: int | None
    """
    Version.
    """
    reason: str
    """
    A word, where staff or a term had it done.
    """
    expires_on: date | None
    """
    Last day on which the points of the lot can be spent.
    """


class Order1(RootModel[str]):
    root: Annotated[str, Field(pattern="^[^\\x00-\\x1f\\x7f]{1,200}$")]
    """
    The shop's id of the order, where it is known.
    """


class HoldForm(BaseModel):
    """
    Who wants what, for which cart.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    reward: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
    cart: CartForm | None = None
    order: Order1 | None = None
    """
    The shop's id of the order, where it is known.
    """


class IssueBody(BaseModel):
    """
    What kind of card.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["digital", "physical"] = "digital"


class KeepAnswer(BaseModel):
    """
    What keeps the level.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    by: date
    """
    The last day on which something counts for it.
    """
    missing: int
    """
    0: it is kept already.
    """
    in_grace: bool
    """
    The review found too little, and the time of grace runs.
    """


class LevelAnswer(BaseModel):
    """
    A level of the programme.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    name: str
    threshold: int
    """
    Of what tiers count: minor units, points or orders.
    """
    percent: int
    """
    What its members earn: 150 is one and a half times as many points.
    """
    benefits: list[str]


class LineAnswer(BaseModel):
    """
    Points of a rule on one line.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    line: str
    """
    Empty: the order as a whole, which has no lines.
    """
    earned: int
    """
    Before refunds.
    """
    points: int


class Number(RootModel[str]):
    root: Annotated[str, Field(max_length=60, min_length=1)]
    """
    In any digits, with spaces or hyphens.
    """


class Token(RootModel[str]):
    root: Annotated[str, Field(max_length=200, min_length=8, pattern="^[!-~]+$")]


class LookupBody(BaseModel):
    """
    What was scanned, typed, or told by the payment terminal: one of the two.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    number: Number | None = None
    """
    In any digits, with spaces or hyphens.
    """
    token: Token | None = None


class LotAnswer(BaseModel):
    """
    Points that were earned for one thing. What was earned is the sum of all but `owed` and `forgiven`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    lot: str
    """
    Its number within the account.
    """
    source: str
    source_id: str
    line: str
    rule: str
    version: int
    at: AwareDatetime
    active_on: date | None
    """
    Null: not known yet.
    """
    expires_on: date | None
    """
    Last day on which they can be spent; null: never.
    """
    earned: int
    pending: int
    remaining: int
    held: int
    spent: int
    repaid: int
    expired: int
    reversed: int
    adjusted: int
    owed: int
    """
    Clawed back though it was spent, and owed.
    """
    forgiven: int
    """
    Clawed back though it was spent, and borne by the shop.
    """


class MemberAnswer(BaseModel):
    """
    A member. Who is one person with others is a member where one of their identities is.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    The identity that joined.
    """
    state: str
    """
    `active`, `left` or `blocked`.
    """
    joined_at: AwareDatetime
    """
    Orders from then on earn.
    """
    how: str
    """
    `event`, `first_order` or `http`.
    """
    absences: list[AbsenceAnswer]
    """
    The last one is what holds, where it has no end.
    """


class NeededReason(BaseModel):
    """
    The same, where staff act against a member.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reason: Annotated[str, Field(max_length=500, min_length=1)]
    """
    Kept with it. Nothing personal.
    """


class Points(RootModel[int]):
    root: Annotated[int, Field(ge=-1000000000, le=1000000000)]
    """
    Below 0: taken away. Not 0.
    """


class Lot(RootModel[str]):
    root: Annotated[str, Field(pattern="^\\d{1,18}$|^[1-8]\\d{18}$")]
    """
    Of the identity's account, as `expired` of `GET /v1/points/accounts/{customer}` has it: what has expired of it can be spent again, for `reinstate_days` of the programme.
    """


class NewCorrection(BaseModel):
    """
    Points to be given or taken, or an expired lot to be reinstated: either `points` or `lot`.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    """
    The identity whose account it is.
    """
    points: Points | None = None
    """
    Below 0: taken away. Not 0.
    """
    lot: Lot | None = None
    """
    Of the identity's account, as `expired` of `GET /v1/points/accounts/{customer}` has it: what has expired of it can be spent again, for `reinstate_days` of the programme.
    """
    reason: Literal["goodwill", "mistake", "missing_order", "abuse", "other"]
    """
    Kept in the ledger for ever.
    """
    text: Annotated[str, Field(max_length=2000, min_length=1)]
    """
    For staff; an erasure of the customer empties it.
    """


class NewDraft(BaseModel):
    """
    A draft to be made.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: Annotated[str, Field(max_length=200, min_length=1)]
    """
    For staff.
    """
    programme: dict[str, Any] | None = None
    """
    Null: the version in force; where there is none, one to begin with in the shop's currency.
    """


class NextAnswer(BaseModel):
    """
    What leads to the next level.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    level: LevelAnswer
    missing: int
    by: date | None
    """
    Until then all that was counted so far counts; null: nothing was yet.
    """


class NextRewardAnswer(BaseModel):
    """
    The reward that comes within reach first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    reward: str
    name: str
    points: int
    missing: int
    """
    So many points more, and it can be had.
    """


class OnDayAnswer(BaseModel):
    """
    Points of which something becomes on a day.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    on: date | None
    """
    A day of the shop; null: not known yet.
    """
    points: int


class Order2(RootModel[str]):
    root: Annotated[str, Field(pattern="^[^\\x00-\\x1f\\x7f]{1,200}$")]
    """
    As it is refunded or cancelled, the points come back in proportion.
    """


class OrderForm(BaseModel):
    """
    On which order.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    order: Order2 | None = None
    """
    As it is refunded or cancelled, the points come back in proportion.
    """


class PageCorrectionAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[CorrectionAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageDeliveryAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[DeliveryAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageHistoryAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[HistoryAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageMemberAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[MemberAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class AtMost(RootModel[int]):
    root: Annotated[int, Field(ge=0, le=1000000000000000)]
    """
    Minor units.
    """


class PercentForm(BaseModel):
    """
    A share of the cart, rounded down.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["percent"]
    percent: Annotated[int, Field(ge=1, le=100)]
    at_most: AtMost | None = None
    """
    Minor units.
    """


class ProductForm(BaseModel):
    """
    A product or gift.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["product"]
    product: Annotated[str, Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]+$")]
    """
    The shop's id of it.
    """
    worth: Annotated[int, Field(ge=0, le=1000000000000000)] = 0
    """
    What it costs the shop, for the budget.
    """


class Publication(BaseModel):
    """
    Why, and from when.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reason: Annotated[str, Field(max_length=500, min_length=1)]
    """
    Kept with the version, for those after you.
    """
    in_force_from: AwareDatetime | None = None
    """
    With offset. Null: now. Only a shop's first version may begin in the past.
    """


class QrAnswer(BaseModel):
    """
    A card's number as an image.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    number: str
    svg: str
    """
    A whole SVG document.
    """


class RatioAnswer(BaseModel):
    """
    A share, with what it was made of.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    numerator: int
    denominator: int
    value: float | None
    """
    Null: a ratio over nothing.
    """


class Reason(BaseModel):
    """
    Why: kept with the member, and shown to staff. Nothing personal.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reason: Annotated[str, Field(max_length=500)] = ""
    """
    Kept with it.
    """


class RedemptionAnswer(BaseModel):
    """
    A redemption.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    redemption: str
    customer: str
    reward: str
    version: int
    state: str
    """
    `held`, `granted`, `used`, `released`, `lapsed`, `expired`, `revoked`.
    """
    points: int
    worth: int
    """
    Minor units.
    """
    currency: str
    order: str | None
    asked_at: AwareDatetime
    until: AwareDatetime
    """
    When the hold lapses unless it is captured.
    """
    granted_at: AwareDatetime | None
    expires_at: AwareDatetime | None
    """
    Null: it does not, or was used at once.
    """
    used_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
    revoked_why: str | None
    """
    `order`: with its order; else the reason that staff gave.
    """
    code: str | None
    """
    Of a voucher, once it is granted.
    """


class RemovedAnswer(BaseModel):
    """
    Nothing is told any more.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    removed: bool
    """
    False: there was none.
    """


class RevokeForm(BaseModel):
    """
    Why a reward is taken back.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reason: Literal["customer", "mistake", "abuse", "other"]
    """
    Kept, and told to whoever granted it.
    """
    give_back: bool = False
    """
    Its points are the customer's again. Of one on an order they come back with its refund.
    """


class RewardAnswer(BaseModel):
    """
    A reward in the version in force, and what is left.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    version: int
    reward: dict[str, Any]
    """
    As it was sent, with defaults.
    """
    taken: int
    """
    Held, granted and used.
    """
    committed: int
    """
    What these are worth, minor units.
    """
    codes_left: int
    """
    Uploaded codes that nobody has.
    """
    author: str
    reason: str
    published_at: AwareDatetime


class SecretRotation(BaseModel):
    """
    How the secret is replaced.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    keep_hours: Annotated[int, Field(ge=0, le=720)] = 24
    """
    So long webhooks are signed with the secret before as well.
    """


class SentenceAnswer(BaseModel):
    """
    A step of the reasoning, with a key under which a console may keep it in another language.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    key: str
    text: str
    values: dict[str, str | int]


class SetEndpointAnswer(BaseModel):
    """
    Where entitlements are told, after a change.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    url: str | None
    """
    Null: there is none, and nothing is told.
    """
    set_at: AwareDatetime | None
    rotated_at: AwareDatetime | None
    previous_until: AwareDatetime | None
    """
    Until then webhooks are signed with two secrets.
    """
    gone_at: AwareDatetime | None
    """
    It answered 410, so nothing is sent to it; setting it again goes on with what waits.
    """
    waiting: int
    """
    Deliveries that wait.
    """
    failed: int
    """
    Deliveries that were given up.
    """
    secret: str | None
    """
    What webhooks are signed with (`whsec_…`), where it is new. It is told this once.
    """


class ShippingForm(BaseModel):
    """
    Free or faster shipping.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["shipping"]
    how: Literal["free", "fast"]
    worth: Annotated[int, Field(ge=0, le=1000000000000000)] = 0
    """
    What it costs the shop, for the budget.
    """


class StatementAnswer(BaseModel):
    """
    What a member has. Of a person with several identities: of all together.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom they are counted as.
    """
    as_of: date
    """
    The shop's day.
    """
    is_member: bool
    balance: BalanceAnswer
    activating: list[OnDayAnswer]
    """
    Pending points, by the day on which they become active.
    """
    expiring: list[OnDayAnswer]
    """
    Points by the last day on which they can be spent.
    """


class SumsAnswer(BaseModel):
    """
    What a programme gives in all.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    points: int
    occasions: int
    """
    Orders and interactions that earn anything.
    """
    customers: int
    """
    Who earn anything.
    """
    rules: dict[str, int]
    """
    Points by rule.
    """


class TierAnswer(BaseModel):
    """
    Where a member stands.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom they are counted as.
    """
    as_of: date
    """
    The shop's day.
    """
    programme: int | None
    """
    Version in force; null: the shop has none.
    """
    level: LevelAnswer | None
    """
    Null: the programme has no tiers.
    """
    since: date | None
    """
    Null: from the beginning.
    """
    by: str | None
    """
    What counts: `spend`, `points` or `orders`.
    """
    currency: str | None
    """
    Of `spend`.
    """
    counted: int
    """
    In the window that ends today.
    """
    review_on: date | None
    """
    The level is reviewed when this day begins; null: never.
    """
    keep: KeepAnswer | None
    """
    Null: nothing takes the level away.
    """
    next: NextAnswer | None
    """
    Null: there is no higher one.
    """
    sentences: list[str]
    """
    The same for members, in English.
    """


class TokenBody(BaseModel):
    """
    A token by which the payment provider names a bank card.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    token: Annotated[str, Field(max_length=200, min_length=8, pattern="^[!-~]+$")]
    """
    Never the card's number.
    """


class Of(RootModel[str]):
    root: Annotated[str, Field(pattern="^(draft-)?\\d{1,9}$")]
    """
    A version by its number, or a draft: `draft-3`. Null: the version in force at `at`.
    """


class TrialAnswer(BaseModel):
    """
    Two programmes side by side.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    days: int
    customers: int
    occasions: int
    """
    Orders and interactions that were looked at, as they are known now.
    """
    complete: bool
    """
    False: there are more than 10000, and only a part of the customers was looked at.
    """
    share: float
    """
    About which share of customers that is; what is given is not blown up by it.
    """
    posted: int
    """
    Points that stand for them in the ledger.
    """
    before: SumsAnswer
    after: SumsAnswer
    more: int
    """
    Customers who would have got more.
    """
    fewer: int
    differences: dict[str, int]
    """
    Quantiles of the difference, over customers, by percent.
    """


class Of1(RootModel[str]):
    root: Annotated[str, Field(pattern="^(draft-)?\\d{1,9}$")]
    """
    A draft, `draft-3`, or a version by its number.
    """


class Against(RootModel[str]):
    root: Annotated[str, Field(pattern="^(draft-)?\\d{1,9}$")]
    """
    Compared with it; null: the version in force.
    """


class TrialBody(BaseModel):
    """
    What is tried, and on what.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    of: Of1 | None = None
    """
    A draft, `draft-3`, or a version by its number.
    """
    programme: dict[str, Any] | None = None
    """
    A programme that is kept nowhere; then without `of`.
    """
    against: Against | None = None
    """
    Compared with it; null: the version in force.
    """
    days: Annotated[int, Field(ge=1, le=90)] = 30
    """
    So many days until now.
    """
    whom: Literal["members", "everybody"] = "members"
    """
    `members`: what was judged by a programme. `everybody`: as if every customer were one.
    """


UsedAdditionalProperty = TypeAliasType("UsedAdditionalProperty", Annotated[int, Field(ge=0, le=1000000000000000)])


class TriedCustomer(BaseModel):
    """
    Whose order it would be.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    number: Annotated[int, Field(ge=1, le=1000000)] = 1
    """
    Which of the customer's orders, or interactions of the name.
    """
    tier: Annotated[str, Field(max_length=40)] = ""
    """
    Id; empty: none.
    """
    segments: Annotated[list[str], Field(max_length=100)] = []
    used: Annotated[
        dict[Annotated[str, StringConstraints(max_length=60)], UsedAdditionalProperty] | None, Field(max_length=200)
    ] = None
    """
    Points earned before under caps: `review:day`, or `:month` for all rules.
    """


class TriedItem(BaseModel):
    """
    Pieces of a line that would come back.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    line_id: Annotated[str, Field(max_length=200, min_length=1)]
    quantity: Annotated[int, Field(ge=0, le=1000000)] = 0
    amount: Annotated[int, Field(ge=0, le=1000000000000000)] = 0


class TriedLine(BaseModel):
    """
    A line of the cart.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    line_id: Annotated[str, Field(max_length=200, min_length=1)]
    quantity: Annotated[int, Field(ge=0, le=1000000)] = 1
    price: Annotated[int, Field(ge=0, le=1000000000000000)] = 0
    """
    Of one piece, in minor units, after the line's own discount.
    """
    product_id: Annotated[str, Field(max_length=200)] = ""
    sku: Annotated[str, Field(max_length=200)] = ""
    category: Annotated[str, Field(max_length=200)] = ""
    brand: Annotated[str, Field(max_length=200)] = ""


class Currency(RootModel[str]):
    root: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    """
    Null: the programme's.
    """


class Revenue(RootModel[int]):
    root: Annotated[int, Field(ge=0, le=1000000000000000)]
    """
    After discounts, without shipping and tax; null: that of the lines.
    """


class Amount(RootModel[int]):
    root: Annotated[int, Field(ge=0, le=1000000000000000)]


class TriedRefund(BaseModel):
    """
    A refund that would follow.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    amount: Amount | None = None
    whole: bool = False
    items: Annotated[list[TriedItem], Field(max_length=200, validate_default=True)] = []


class VoucherForm(BaseModel):
    """
    A code, drawn for the customer, or one of those that were uploaded.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["voucher"]
    codes: Literal["own", "uploaded"]
    worth: Annotated[int, Field(ge=0, le=1000000000000000)] = 0
    """
    What it costs the shop, for the budget.
    """


class WalletForm(BaseModel):
    """
    Money back to the wallet, which follows `loyalty.rewards.v1`.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    kind: Literal["wallet"]
    amount: Annotated[int, Field(ge=1, le=1000000000000000)]
    """
    Minor units.
    """


class WholeDraftAnswer(BaseModel):
    """
    A draft with what it says.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    publishable: bool
    findings: list[FindingAnswer]
    draft: int
    name: str
    edition: int
    """
    Rises with each change; as `If-Match` it keeps two people from undoing each other.
    """
    discarded: bool
    based_on: int | None
    """
    The version that it was made from, or published as last.
    """
    author: str
    changed_at: AwareDatetime
    programme: dict[str, Any]


class WholeVersionAnswer(BaseModel):
    """
    A version with what it says.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    version: int
    state: Literal["in_force", "scheduled", "past", "superseded"]
    """
    `superseded`: another one was published before it came into force.
    """
    in_force_from: AwareDatetime
    in_force_until: AwareDatetime | None
    """
    When another one takes its place; null: not planned.
    """
    author: str
    reason: str
    published_at: AwareDatetime
    programme: dict[str, Any]


class WhyNotAnswer(BaseModel):
    """
    One thing that stands in the way.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    reason: str
    """
    `not_offered`, `not_yet`, `over`, `not_a_member`, `cart_needed`, `other_currency`, `spend_more`, `points_missing`, `sold_out`, `budget_spent`, `limit_reached`, `no_codes_left`.
    """
    missing: int | None
    """
    Points, or minor units of the cart, that are missing.
    """


class ServicesLoyaltyProgrammesApiFormsVersionAnswer(BaseModel):
    """
    A version, without what it says.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    version: int
    state: Literal["in_force", "scheduled", "past", "superseded"]
    """
    `superseded`: another one was published before it came into force.
    """
    in_force_from: AwareDatetime
    in_force_until: AwareDatetime | None
    """
    When another one takes its place; null: not planned.
    """
    author: str
    reason: str
    published_at: AwareDatetime


class ServicesLoyaltyProgrammesApiFormsVersionsAnswer(BaseModel):
    """
    All versions of a shop, the newest first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[ServicesLoyaltyProgrammesApiFormsVersionAnswer]


class ServicesLoyaltyRewardsApiCatalogueVersionAnswer(BaseModel):
    """
    One version of a reward.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    version: int
    reward: dict[str, Any]
    author: str
    reason: str
    published_at: AwareDatetime


class ServicesLoyaltyRewardsApiCatalogueVersionsAnswer(BaseModel):
    """
    All versions, the newest first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[ServicesLoyaltyRewardsApiCatalogueVersionAnswer]


class ServicesLoyaltyStatementsApiStaffEntryAnswer(BaseModel):
    """
    A line of the ledger: points that went from one bucket to another.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    n: int
    """
    Numbers the account's entries from 1 on.
    """
    transaction: int
    """
    Number of the first entry that was posted with it.
    """
    at: AwareDatetime
    booked_at: AwareDatetime
    day: date
    """
    The shop's day that its clock had come to.
    """
    kind: str
    debit: str
    """
    The bucket that points leave.
    """
    credit: str
    points: int
    source: str | None
    source_id: str | None
    line: str | None
    rule: str | None
    version: int | None
    name: str
    """
    Of the redemption or correction, where it is one.
    """
    cause: str
    """
    Id of the event that had it done.
    """
    reason: str
    actor: str
    hash: str
    """
    Covers this entry and all before it.
    """


class SharedWebAuditLogEntryAnswer(BaseModel):
    """
    One line of the audit log.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: int
    at: AwareDatetime
    """
    By the database's clock.
    """
    actor: str
    """
    `key:<key id>`, `staff:<subject of the token>` or `operator`.
    """
    role: str
    """
    Of staff; empty for keys and commands.
    """
    action: str
    """
    Method and path of the route, or the command.
    """
    subject: str
    """
    Ids of what it was about, separated by blanks; never personal data.
    """
    request_id: str
    """
    As `X-Request-Id` of the answer told it; also in the log.
    """
    outcome: Literal["done", "refused", "failed"]


class SharedWebPagingPageEntryAnswer1(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[ServicesLoyaltyStatementsApiStaffEntryAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class SharedWebPagingPageEntryAnswer2(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[SharedWebAuditLogEntryAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class Error(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    field: str
    reason: str


class Problem(BaseModel):
    """
    RFC 9457. `errors` names each field and what is wrong with it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    type: str
    """
    Stable name of the kind of problem
    """
    title: str
    status: int
    detail: str | None = None
    """
    What to do about it
    """
    request_id: str | None = None
    errors: list[Error] | None = None


class AccountsAnswer(BaseModel):
    """
    All accounts of a person, the lots of which something is left, and those that can be reinstated.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom they are counted as.
    """
    accounts: list[AccountAnswer]
    lots: list[LotAnswer]
    """
    In the order in which they are spent, at most 500.
    """
    expired: list[ExpiredAnswer]
    """
    The latest first, by the programme's `reinstate_days`.
    """


class AskForm(BaseModel):
    """
    Who might have something, and with what in the cart.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    cart: CartForm | None = None


class ChangedRewardForm(BaseModel):
    """
    Its next version.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: Annotated[str, Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]+$")]
    """
    As members read it.
    """
    what: Annotated[
        PercentForm | AmountForm | ShippingForm | ProductForm | VoucherForm | EntitlementForm | WalletForm,
        Field(discriminator="kind"),
    ]
    """
    What it gives.
    """
    currency: Annotated[str, Field(max_length=3, min_length=3)]
    """
    ISO 4217, of all amounts.
    """
    points: Annotated[int, Field(ge=0, le=1000000000)]
    """
    What it costs. 0: a gift.
    """
    active: bool = True
    """
    Whether it is offered.
    """
    since: AwareDatetime | None = None
    """
    Offered from then on.
    """
    until: AwareDatetime | None = None
    """
    And before then.
    """
    minimum_spend: MinimumSpend | None = None
    """
    Of the cart, minor units.
    """
    stock: Stock | None = None
    """
    How many there are in all; null: no limit.
    """
    budget: Budget | None = None
    """
    What all may be worth together, minor units; null: no limit.
    """
    each: Each | None = None
    """
    How many a customer may have in each period.
    """
    per: Literal["ever", "month", "day"] = "ever"
    """
    That period, in the shop's days.
    """
    hold_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """
    How long a checkout has to capture.
    """
    valid_days: ValidDays | None = None
    """
    Whole days after that of the grant; null: for good.
    """
    reminders: Annotated[list[int], Field(max_length=8)] = [30, 7, 1]
    """
    Days ahead at which customers hear that it expires.
    """
    version: Version | None = None
    """
    The one that was read: another one there answers 412.
    """
    reason: Annotated[str, Field(max_length=500, min_length=1)]
    """
    Kept with the version.
    """


class CheckAnswer(BaseModel):
    """
    Whether a programme holds together.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    publishable: bool
    findings: list[FindingAnswer]


class DraftAnswer(BaseModel):
    """
    A draft, without what it says.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    publishable: bool
    findings: list[FindingAnswer]
    draft: int
    name: str
    edition: int
    """
    Rises with each change; as `If-Match` it keeps two people from undoing each other.
    """
    discarded: bool
    based_on: int | None
    """
    The version that it was made from, or published as last.
    """
    author: str
    changed_at: AwareDatetime


class HealthAnswer(BaseModel):
    """
    How the programme does: members now, and points of the window that ends on a day.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    days: int
    members: int
    """
    Active ones, by identity.
    """
    left: int
    blocked: int
    joined: int
    """
    Of all members, those who joined in the window.
    """
    enrolment: RatioAnswer
    """
    Active members, of all customers.
    """
    issued: int
    redeemed: int
    expired: int
    reversed: int
    redemption: RatioAnswer
    """
    Points redeemed, of those issued in the window.
    """


class LiabilityAnswer(BaseModel):
    """
    What became of all points up to the end of a day, as it was booked.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    """
    A day of the shop.
    """
    issued: int
    redeemed: int
    expired: int
    reversed: int
    """
    Taken back, as what had earned it was refunded.
    """
    adjusted: int
    """
    Taken by corrections or borne by the shop, less what corrections gave.
    """
    outstanding: int
    """
    What members have, debts taken off: the liability.
    """
    breakage: RatioAnswer
    """
    Expired, of all that was redeemed or expired.
    """


class NewRewardForm(BaseModel):
    """
    A reward that is new.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: Annotated[str, Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]+$")]
    """
    As members read it.
    """
    what: Annotated[
        PercentForm | AmountForm | ShippingForm | ProductForm | VoucherForm | EntitlementForm | WalletForm,
        Field(discriminator="kind"),
    ]
    """
    What it gives.
    """
    currency: Annotated[str, Field(max_length=3, min_length=3)]
    """
    ISO 4217, of all amounts.
    """
    points: Annotated[int, Field(ge=0, le=1000000000)]
    """
    What it costs. 0: a gift.
    """
    active: bool = True
    """
    Whether it is offered.
    """
    since: AwareDatetime | None = None
    """
    Offered from then on.
    """
    until: AwareDatetime | None = None
    """
    And before then.
    """
    minimum_spend: MinimumSpend | None = None
    """
    Of the cart, minor units.
    """
    stock: Stock | None = None
    """
    How many there are in all; null: no limit.
    """
    budget: Budget | None = None
    """
    What all may be worth together, minor units; null: no limit.
    """
    each: Each | None = None
    """
    How many a customer may have in each period.
    """
    per: Literal["ever", "month", "day"] = "ever"
    """
    That period, in the shop's days.
    """
    hold_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """
    How long a checkout has to capture.
    """
    valid_days: ValidDays | None = None
    """
    Whole days after that of the grant; null: for good.
    """
    reminders: Annotated[list[int], Field(max_length=8)] = [30, 7, 1]
    """
    Days ahead at which customers hear that it expires.
    """
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
    """
    Stays the same from version to version.
    """


class OfferAnswer(BaseModel):
    """
    A reward as one customer sees it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    reward: str
    version: int
    name: str
    kind: str
    points: int
    worth: int | None
    """
    Minor units; null where only a cart would tell.
    """
    currency: str
    available: bool
    why_not: list[WhyNotAnswer]
    """
    All that stands in the way; empty: they can have it.
    """


class OffersAnswer(BaseModel):
    """
    The catalogue as one customer sees it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    points: int
    """
    That can be spent now.
    """
    next: NextRewardAnswer | None
    """
    Of those that points alone are missing for, with this cart, the nearest.
    """
    items: list[OfferAnswer]


class PageDraftAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[DraftAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageRedemptionAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[RedemptionAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageRewardAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[RewardAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class RuleAnswer(BaseModel):
    """
    What one rule gives, and why.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    rule: str
    name: str
    verdict: str
    """
    `counted`; `nothing`: not one whole point; `condition` and `currency`: it does not apply; `outdone`: another rule counts instead; `capped`.
    """
    earned: int
    """
    Before refunds.
    """
    points: int
    why: str
    sentences: list[SentenceAnswer]
    lines: list[LineAnswer]


class SimulationAnswer(BaseModel):
    """
    What an order would earn.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    version: int | None
    """
    Of the programme; null for a draft and for one that is kept nowhere.
    """
    points: int
    earned: int
    """
    Before refunds.
    """
    active_from: AwareDatetime
    """
    When the points could be spent; delivery is not told of.
    """
    expires_at: AwareDatetime | None
    """
    Until when; null: they do not expire.
    """
    rules: list[RuleAnswer]


class TriedOrder(BaseModel):
    """
    A cart, or an interaction.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    currency: Currency | None = None
    """
    Null: the programme's.
    """
    revenue: Revenue | None = None
    """
    After discounts, without shipping and tax; null: that of the lines.
    """
    channel: Annotated[str, Field(max_length=200)] = ""
    lines: Annotated[list[TriedLine], Field(max_length=200, validate_default=True)] = []
    refunds: Annotated[list[TriedRefund], Field(max_length=50, validate_default=True)] = []
    interaction: Annotated[str, Field(max_length=200)] = ""
    """
    Its name, where no order but an interaction is tried.
    """


class ExplainedAnswer(BaseModel):
    """
    What an order or an interaction is worth, by rule and line, and why.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    order: str | None
    interaction: str | None
    customer: str | None
    """
    Whose account the points are in; null for a guest's order.
    """
    occurred_at: AwareDatetime | None
    """
    Its first completion; null while that is not known.
    """
    why_not: str | None
    """
    Why it was not judged at all; null when it was.
    """
    version: int | None
    """
    Of the programme: that in force when it occurred.
    """
    number: int | None
    """
    Which of the customer's orders, or interactions of the name, it was; null where no rule asks.
    """
    tier: str
    """
    The customer's then; empty: none.
    """
    segments: list[str]
    """
    The customer's then, of those that rules ask for.
    """
    used: dict[str, int]
    """
    Points earned before under caps: `review:day`, `:month` for all rules.
    """
    points: int
    earned: int
    """
    Before refunds.
    """
    active_on: date | None
    """
    The day of the shop on which the points become active.
    """
    expires_on: date | None
    """
    The day on which they can no longer be spent; null: they do not expire.
    """
    rules: list[RuleAnswer]


class Trial(BaseModel):
    """
    What is tried on which programme.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    of: Of | None = None
    """
    A version by its number, or a draft: `draft-3`. Null: the version in force at `at`.
    """
    programme: dict[str, Any] | None = None
    """
    A programme that is kept nowhere; then without `of`.
    """
    at: AwareDatetime | None = None
    """
    When it would be ordered, with offset; null: now.
    """
    order: TriedOrder
    customer: TriedCustomer | None = None
