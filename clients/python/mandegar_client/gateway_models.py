"""Forms of gateway. Generated from docs/openapi/gateway.json by `make client`; a change is made there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel


class ConflictAnswer(BaseModel):
    """
    Two whom an event names together, and who are not merged: to be merged by hand where they are one person.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    other: str
    reason: str
    """
    `two_customer_ids`, `too_many_phones`, `too_many_emails`, `kept_apart`.
    """
    at: AwareDatetime


class ConsentAnswer(BaseModel):
    """
    What holds for one channel and purpose.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    channel: str
    purpose: str
    state: str
    occurred_at: AwareDatetime
    source: str
    record: str
    """
    Id of the statement.
    """


class ConsentsAnswer(BaseModel):
    """
    What holds for one person, all identities together.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    consents: list[ConsentAnswer]
    """
    No entry: no consent.
    """


class DoneAnswer(BaseModel):
    """
    A merge, or its undoing.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    other: str
    action: str
    """
    `merged` or `unmerged`.
    """
    by: str
    """
    `event`, or who asked for it: `key:<key id>`, `staff:<subject>`.
    """
    reason: str
    at: AwareDatetime


class EntryAnswer(BaseModel):
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


class EraseBody(BaseModel):
    """
    Why somebody is erased. No free text: the certificate holds nothing personal.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reason: Literal["request", "objection", "withdrawn", "unlawful", "inactive"]
    """
    Why.
    """
    reference: Annotated[str, Field(pattern="^[A-Za-z0-9._/#-]{0,64}$")] = ""
    """
    Number of the request in your own files.
    """
    dry_run: bool = False
    """
    Only say what would go.
    """


class ExportAnswer(BaseModel):
    """
    What gateway holds of a person.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    service: str
    customer: str
    identities: list[dict[str, Any]]
    """
    Contacts as last known, and how many identifiers lead there.
    """
    consents: list[dict[str, Any]]
    """
    All statements, the oldest first, with their evidence.
    """
    merges: list[dict[str, Any]]
    """
    What was merged and undone, with what staff wrote beside it.
    """
    erasure: str | None


class FoundAnswer(BaseModel):
    """
    Whom an identifier leads to.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    The person, as all identities are counted.
    """
    identities: list[str]
    """
    All identities of the person.
    """


class IdentityAnswer(BaseModel):
    """
    One of the identities of a person.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    merged_into: str | None
    """
    Whom it was merged into itself; null for the one that goes on.
    """
    guest: bool
    """
    The shop has given it no customer id.
    """
    created_at: AwareDatetime


class InactiveAnswer(BaseModel):
    """
    Whom a term would erase.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    months: int
    not_heard_of_since: AwareDatetime
    customers: int


class KeyAnswer(BaseModel):
    """
    A key, without its text, which is kept nowhere.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    key_id: str
    name: str
    scopes: list[str]
    expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None


class LifecycleChange(BaseModel):
    """
    When a customer counts as new, lapsing and lost.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    lost_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """
    Lost: without an order for so many days.
    """
    onboarding_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """
    A new or reactivated customer is active after so many days.
    """
    lapsing: Literal["personal", "fixed"] = "personal"
    """
    By each one's own rhythm, or alike for all.
    """
    lapsing_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """
    The fixed threshold; also used while the shop has too few gaps.
    """
    lapsing_floor: Annotated[int, Field(ge=1, le=3650)] = 7
    """
    No personal threshold is shorter.
    """
    lapsing_quantile: Annotated[int, Field(ge=1, le=99)] = 80
    """
    Percent of gaps that the threshold is to exceed.
    """
    activity: Literal["orders", "visits", "either"] = "orders"
    """
    What days without activity are counted from. Being lost always goes by orders.
    """


class ListedKeyAnswer(BaseModel):
    """
    A key in the list.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    key_id: str
    name: str
    scopes: list[str]
    expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
    used_at: AwareDatetime | None
    """
    When gateway was last asked by it, to a minute; `mandegar keys list` asks all services.
    """


class MadeKeyAnswer(BaseModel):
    """
    A key that was just made.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    key_id: str
    name: str
    scopes: list[str]
    expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
    key: str
    """
    The text of the key. It is told this once.
    """


class Merge(BaseModel):
    """
    Whom a customer is to be merged into.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    into: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    """
    The customer who goes on; orders of both are then counted as theirs.
    """
    reason: Annotated[str, Field(max_length=500)] = ""
    """
    Kept with the merge.
    """


class Customer(RootModel[str]):
    root: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    """
    The platform's own id.
    """


class CustomerId(RootModel[str]):
    root: Annotated[str, Field(max_length=200, min_length=1)]
    """
    The shop's own id.
    """


class Phone(RootModel[str]):
    root: Annotated[str, Field(max_length=40, min_length=1)]
    """
    In any form that the shop sends.
    """


class Email(RootModel[str]):
    root: Annotated[str, Field(max_length=254, min_length=1)]
    """
    In any case.
    """


class Named(BaseModel):
    """
    A person, named by exactly one of these.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Customer | None = None
    """
    The platform's own id.
    """
    customer_id: CustomerId | None = None
    """
    The shop's own id.
    """
    phone: Phone | None = None
    """
    In any form that the shop sends.
    """
    email: Email | None = None
    """
    In any case.
    """


class ExpiresInDays(RootModel[int]):
    root: Annotated[int, Field(ge=1, le=3660)]
    """
    The key expires after so many days; it never does if not given.
    """


class NewKey(BaseModel):
    """
    A key to be made.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    scopes: Annotated[
        list[
            Literal[
                "metrics:read",
                "customers:read",
                "customers:write",
                "personal:read",
                "personal:erase",
                "orders:write",
                "collect:write",
                "shops:read",
                "shops:write",
                "audit:read",
                "programmes:read",
                "programmes:write",
                "loyalty:write",
                "campaigns:read",
                "campaigns:write",
                "feedback:read",
                "feedback:write",
                "cases:write",
                "admin",
            ]
        ],
        Field(max_length=19, min_length=1),
    ]
    """
    What it may do.
    """
    name: Annotated[str, Field(max_length=200)] = ""
    """
    What it is for.
    """
    expires_in_days: ExpiresInDays | None = None
    """
    The key expires after so many days; it never does if not given.
    """


class PageConflictAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[ConflictAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageEntryAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[EntryAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageListedKeyAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[ListedKeyAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PersonAnswer(BaseModel):
    """
    A person with all identities.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    canonical: str
    """
    The identity as which the person is counted.
    """
    changed: bool
    """
    Whether this request moved anything.
    """
    identities: list[IdentityAnswer]
    merges: list[DoneAnswer]
    """
    What was merged and undone, the latest first, at most 200.
    """
    suggestions: list[ConflictAnswer]
    """
    The latest first, at most 200.
    """


class PreviewAnswer(BaseModel):
    """
    What an erasure would do.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customers: list[str]
    """
    All identities of the person.
    """
    removes: dict[str, int]
    """
    What is known to go, by kind.
    """
    searches: list[str]
    """
    Where more may be found while it is done.
    """
    keeps: dict[str, str]
    """
    What stays, and why.
    """


class RotatedKeyAnswer(BaseModel):
    """
    A key that takes the place of another.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    key_id: str
    name: str
    scopes: list[str]
    expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
    key: str
    """
    The text of the key. It is told this once.
    """
    replaces: str
    """
    Id of the old key.
    """
    old_expires_at: AwareDatetime
    """
    Until then the old key works as well.
    """


class Rotation(BaseModel):
    """
    How a key is rotated.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    keep_hours: Annotated[int, Field(ge=0, le=720)] = 24
    """
    So long the old key goes on working; 0 ends it at once.
    """
    expires_in_days: ExpiresInDays | None = None
    """
    The key expires after so many days; it never does if not given.
    """


class ServiceAnswer(BaseModel):
    """
    What one service did.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    service: str
    answered_at: AwareDatetime
    removed: dict[str, int]
    kept: dict[str, int]


class SettingsAnswer(BaseModel):
    """
    The settings in force, those left at their default included.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    shop: str
    version: int
    """
    Rises with each change; as `If-Match` it keeps two people from undoing each other.
    """
    changed: list[str]
    """
    What this request changed; empty when reading.
    """
    settings: dict[str, Any]


class SettingsChange(BaseModel):
    """
    Settings of a shop to be changed.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    name: Annotated[str, Field(max_length=200, min_length=1)] = ""
    """
    Name for people.
    """
    zone: Annotated[str, Field(max_length=64)] = "UTC"
    """
    IANA name. Decides where a day starts.
    """
    currency: Annotated[str, Field(max_length=3)] = "USD"
    """
    ISO 4217 code where an order names none.
    """
    calendar: Literal["gregorian", "jalali"] = "gregorian"
    """
    For reports by month.
    """
    languages: Annotated[list[str], Field(max_length=20, min_length=1)] = ["en"]
    """
    Tags, the first one preferred.
    """
    week_start: Annotated[int, Field(ge=0, le=6)] = 0
    """
    0 is Monday, 5 Saturday, 6 Sunday.
    """
    phone_region: Annotated[str, Field(max_length=2)] = "US"
    """
    Of phones written without a country code.
    """
    windows: Annotated[list[int], Field(max_length=50, min_length=1)] = [365]
    """
    Windows kept as counters, in days.
    """
    loyal_over: Annotated[int, Field(ge=1)] = 4
    """
    Loyal: more orders in the window than this.
    """
    periods: Annotated[list[int], Field(max_length=50, min_length=1)] = [30]
    """
    Periods kept on basis `booked`, in days.
    """
    closing_days: Annotated[int, Field(ge=0, le=28)] = 3
    """
    A month closes so many days after its end.
    """
    clock: Literal["wall", "stream"] = "wall"
    """
    `stream`: time is what replays of the past tell.
    """
    lifecycle: LifecycleChange | None = None
    """
    Any of its fields.
    """
    benchmark: Annotated[str, Field(max_length=200, min_length=1)] = "retail"
    """
    Industry shown beside the shop's CRR.
    """
    blocked_identifiers: Annotated[list[str], Field(max_length=1000)] = []
    """
    Values that never identify anybody.
    """
    dead_letter_days: Annotated[int, Field(ge=1, le=30)] = 30
    """
    Bodies of dead letters are kept so long.
    """
    inactive_months: Annotated[int, Field(ge=0, le=120)] = 0
    """
    Who was not heard of for so many months is erased; 0: nobody. Preview it first. A term takes the permission `personal:erase` as well.
    """
    visit_months: Annotated[int, Field(ge=0, le=120)] = 0
    """
    Days of visits are kept for so many months; 0: for ever. Refused where stages go by visits.
    """


class Evidence(RootModel[str]):
    root: Annotated[str, Field(max_length=2000)]
    """
    What proves it, such as the text that was agreed to. On no topic.
    """


class StatementBody(BaseModel):
    """
    One statement of one person.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Customer | None = None
    """
    The platform's own id.
    """
    customer_id: CustomerId | None = None
    """
    The shop's own id.
    """
    phone: Phone | None = None
    """
    In any form that the shop sends.
    """
    email: Email | None = None
    """
    In any case.
    """
    channel: Literal["email", "sms", "push", "messenger", "social", "phone", "post", "onsite", "advertising"]
    """
    By what a message would come.
    """
    purpose: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    For what, as the shop names it. `all`, which can only be withdrawn: every purpose of the channel.
    """
    state: Literal["given", "pending", "withdrawn"]
    """
    `pending`: asked for and not confirmed yet. Only `given` allows messages.
    """
    occurred_at: AwareDatetime
    """
    When it was said, with offset: the last one holds, whenever it is handed in.
    """
    source: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.:/-]{0,99}$")]
    """
    Where it was said.
    """
    evidence: Evidence | None = None
    """
    What proves it, such as the text that was agreed to. On no topic.
    """


class TopicAnswer(BaseModel):
    """
    When a topic has forgotten.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    topic: str
    how: str
    gone_by: AwareDatetime | None


class Unmerge(BaseModel):
    """
    Why a merge is undone.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reason: Annotated[str, Field(max_length=500)] = ""
    """
    Kept with it.
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


class UserId(RootModel[str]):
    root: Annotated[str, Field(max_length=200, min_length=1)]


class AnonymousId(RootModel[str]):
    root: Annotated[str, Field(max_length=200, min_length=1)]


class TrackCall(BaseModel):
    """
    Segment's call `track`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    message_id: Annotated[str | None, Field(alias="messageId", max_length=200)] = None
    """
    Names the call once; repeat it in a retry
    """
    user_id: Annotated[UserId | int | None, Field(alias="userId")] = None
    anonymous_id: Annotated[AnonymousId | int | None, Field(alias="anonymousId")] = None
    timestamp: AwareDatetime | None = None
    original_timestamp: Annotated[AwareDatetime | None, Field(alias="originalTimestamp")] = None
    sent_at: Annotated[AwareDatetime | None, Field(alias="sentAt")] = None
    context: dict[str, Any] | None = None
    event: Annotated[str, Field(min_length=1)]
    properties: dict[str, Any] | None = None


class CollectedEvent(BaseModel):
    """
    What became of one event.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    index: int
    status: Literal["accepted", "refused"]
    id: str | None = None
    """
    The id that it has on the topic
    """
    field: str | None = None
    reason: str | None = None


class Collected(BaseModel):
    """
    What became of the events of a request.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    success: bool
    """
    Whether all were accepted
    """
    accepted: int
    refused: int
    results: list[CollectedEvent]


class IdentifyCall(BaseModel):
    """
    Segment's call `identify`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    message_id: Annotated[str | None, Field(alias="messageId", max_length=200)] = None
    """
    Names the call once; repeat it in a retry
    """
    user_id: Annotated[UserId | int | None, Field(alias="userId")] = None
    anonymous_id: Annotated[AnonymousId | int | None, Field(alias="anonymousId")] = None
    timestamp: AwareDatetime | None = None
    original_timestamp: Annotated[AwareDatetime | None, Field(alias="originalTimestamp")] = None
    sent_at: Annotated[AwareDatetime | None, Field(alias="sentAt")] = None
    context: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None


class PageCall(BaseModel):
    """
    Segment's call `page`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    message_id: Annotated[str | None, Field(alias="messageId", max_length=200)] = None
    """
    Names the call once; repeat it in a retry
    """
    user_id: Annotated[UserId | int | None, Field(alias="userId")] = None
    anonymous_id: Annotated[AnonymousId | int | None, Field(alias="anonymousId")] = None
    timestamp: AwareDatetime | None = None
    original_timestamp: Annotated[AwareDatetime | None, Field(alias="originalTimestamp")] = None
    sent_at: Annotated[AwareDatetime | None, Field(alias="sentAt")] = None
    context: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


class ScreenCall(BaseModel):
    """
    Segment's call `screen`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    message_id: Annotated[str | None, Field(alias="messageId", max_length=200)] = None
    """
    Names the call once; repeat it in a retry
    """
    user_id: Annotated[UserId | int | None, Field(alias="userId")] = None
    anonymous_id: Annotated[AnonymousId | int | None, Field(alias="anonymousId")] = None
    timestamp: AwareDatetime | None = None
    original_timestamp: Annotated[AwareDatetime | None, Field(alias="originalTimestamp")] = None
    sent_at: Annotated[AwareDatetime | None, Field(alias="sentAt")] = None
    context: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


class GroupId(RootModel[str]):
    root: Annotated[str, Field(max_length=200, min_length=1)]


class GroupCall(BaseModel):
    """
    Segment's call `group`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    message_id: Annotated[str | None, Field(alias="messageId", max_length=200)] = None
    """
    Names the call once; repeat it in a retry
    """
    user_id: Annotated[UserId | int | None, Field(alias="userId")] = None
    anonymous_id: Annotated[AnonymousId | int | None, Field(alias="anonymousId")] = None
    timestamp: AwareDatetime | None = None
    original_timestamp: Annotated[AwareDatetime | None, Field(alias="originalTimestamp")] = None
    sent_at: Annotated[AwareDatetime | None, Field(alias="sentAt")] = None
    context: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    group_id: Annotated[GroupId | int, Field(alias="groupId")]


class PreviousId(RootModel[str]):
    root: Annotated[str, Field(max_length=200, min_length=1)]


class AliasCall(BaseModel):
    """
    Segment's call `alias`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    message_id: Annotated[str | None, Field(alias="messageId", max_length=200)] = None
    """
    Names the call once; repeat it in a retry
    """
    user_id: Annotated[UserId | int, Field(alias="userId")]
    anonymous_id: Annotated[AnonymousId | int | None, Field(alias="anonymousId")] = None
    timestamp: AwareDatetime | None = None
    original_timestamp: Annotated[AwareDatetime | None, Field(alias="originalTimestamp")] = None
    sent_at: Annotated[AwareDatetime | None, Field(alias="sentAt")] = None
    context: dict[str, Any] | None = None
    previous_id: Annotated[PreviousId | int, Field(alias="previousId")]


class CallBatch(BaseModel):
    """
    Calls of any kind, told apart by `type`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    batch: Annotated[list[dict[str, Any]], Field(min_length=1)]
    sent_at: Annotated[AwareDatetime | None, Field(alias="sentAt")] = None


class CloudEvent(BaseModel):
    """
    A CloudEvents 1.0 JSON event with Segment's e-commerce names in `data`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    specversion: Literal["1.0"]
    id: Annotated[str, Field(max_length=200, min_length=1)]
    source: Annotated[str, Field(max_length=200, min_length=1)]
    type: Annotated[str, Field(min_length=1)]
    time: AwareDatetime
    data: dict[str, Any]


class WebhookTaken(BaseModel):
    """
    What became of a webhook.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    accepted: int
    set_aside: bool


class CertificateAnswer(BaseModel):
    """
    What became of an erasure. Holds nothing personal itself.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    erasure: str
    customer: str
    state: str
    """
    `waiting` or `complete`.
    """
    overdue: bool
    """
    Not complete an hour after it was asked for.
    """
    reason: str
    reference: str
    requested_at: AwareDatetime
    erased_at: AwareDatetime | None
    """
    Contacts and identifiers were deleted.
    """
    completed_at: AwareDatetime | None
    """
    All services had answered.
    """
    asked: list[str]
    waiting: list[str]
    """
    Services that have not answered.
    """
    answers: list[ServiceAnswer]
    kept_because: dict[str, str]
    topics: list[TopicAnswer]


class ErasuresAnswer(BaseModel):
    """
    The newest erasures.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    erasures: list[CertificateAnswer]
