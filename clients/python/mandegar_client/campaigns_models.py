"""Forms of campaigns. Generated from docs/openapi/campaigns.json by `make client`; a change is made there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, StringConstraints


class AddressAnswer(BaseModel):
    """
    How the address of a person stands by one channel. The address itself is in their profile.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    channel: Literal["email", "sms"]
    left_alone: bool
    """
    Nothing is sent there; messages are suppressed as `undeliverable`.
    """
    reason: Literal["hard_bounce", "soft_bounces"] | None
    since: AwareDatetime | None
    message: str | None
    """
    The message that showed it.
    """
    code: str | None
    """
    The server's or the provider's word.
    """
    lifted_at: AwareDatetime | None
    """
    Since when what came back before says nothing.
    """


class AddressesAnswer(BaseModel):
    """
    Addresses of a person, one by channel; none where the person has no address.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[AddressAnswer]


class AskedAnswer(BaseModel):
    """
    How many customers were asked to enter. The worker enters them, within seconds.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    asked: int


class BirthdayAnswer(BaseModel):
    """
    When somebody was born, as far as they told.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    year: int | None
    """
    With it the date is Gregorian.
    """
    month: int
    day: int
    calendar: str
    """
    Of month and day, where no year is known: `gregorian` or `jalali`.
    """


class BrowserAnswer(BaseModel):
    """
    How it stands.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    registered: bool


class Purpose(RootModel[str]):
    root: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    Likewise.
    """


class CapForm(BaseModel):
    """
    No more than so many messages within so many hours.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    most: Annotated[int, Field(ge=1, le=1000)]
    hours: Annotated[int, Field(ge=1, le=2160)]
    """
    24: a day; 168: a week. Of any day: it is no calendar's.
    """
    channel: Literal["email", "sms", "push", "messenger", "social", "phone"] | None = None
    """
    That it holds for, and counts; null: all together.
    """
    purpose: Purpose | None = None
    """
    Likewise.
    """


class ClaimForm(BaseModel):
    """
    That the caller takes the task.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    take_over: bool = False
    """
    From whoever has it.
    """


class DifferenceAnswer(BaseModel):
    """
    By how much more of whom it reached bought, with its interval of 95 % (Newcombe).
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    variant: str
    """
    That it is held against: the first of the step and channel.
    """
    difference: float
    low: float
    high: float


class DraftForm(BaseModel):
    """
    What a segment is to be: nobody is judged by it before it is published.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    title: Annotated[str, Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]+$")]
    condition: dict[str, Any]
    """
    Who belongs: a tree, as `GET /v1/segments/schema` describes it.
    """


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


class ExportAnswer(BaseModel):
    """
    What campaigns holds of a customer.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    service: str
    customer: str
    profile: dict[str, Any] | None
    """
    Contacts, and what events told; null where nothing did.
    """
    consents: list[dict[str, Any]]
    """
    What holds, by channel and purpose.
    """
    addresses: list[dict[str, Any]]
    """
    That staff had tried again after they bounced.
    """
    segments: list[dict[str, Any]]
    """
    To which they belong, and since when.
    """
    messages: list[dict[str, Any]]
    """
    What was planned and sent, and what it was to show.
    """
    tasks: list[dict[str, Any]]
    """
    What staff were to do, and what came of it.
    """
    browsers: list[dict[str, Any]]
    """
    That take push.
    """
    journeys: list[dict[str, Any]]
    """
    Runs of journeys, and what each was entered with.
    """


class FileForm(BaseModel):
    """
    A journey as a file.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    form: Annotated[str, Field(pattern="^mandegar\\.journey/1$")]
    """
    Which form the file has.
    """
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    journey: dict[str, Any]
    """
    As `GET /v1/journeys/schema` has it.
    """


class InstallForm(BaseModel):
    """
    What its messages rest on.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    purpose: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")] = "marketing"
    """
    That customers must have consented to.
    """


class JourneyAnswer(BaseModel):
    """
    A journey, as it stands.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    state: str
    """
    `draft`, `active`, `paused` or `killed`.
    """
    version: int
    """
    That new runs enter; 0: never published.
    """
    edition: int
    """
    Of the draft: counts its changes.
    """
    changed_at: AwareDatetime
    author: str
    """
    Of the draft: `key:<key id>` or `staff:<subject>`.
    """


class JourneyForm(BaseModel):
    """
    A draft of a journey.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    As the shop names it, and as its messages are counted.
    """
    journey: dict[str, Any]
    """
    As `GET /v1/journeys/schema` has it.
    """


class JourneyVersionAnswer(BaseModel):
    """
    A version of a journey. Runs that entered it keep it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    version: int
    published_at: AwareDatetime
    author: str
    journey: dict[str, Any]


class KeysForm(BaseModel):
    """
    What only this browser can read is encrypted with, in base64url.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    p256dh: Annotated[str, Field(max_length=100)]
    auth: Annotated[str, Field(max_length=50)]


class LastAnswer(BaseModel):
    """
    An answer to a survey, in numbers.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    survey: str
    kind: str
    """
    `nps`, `csat`, `ces` or `form`.
    """
    score: int | None
    """
    On the scale of its kind; null of a form.
    """
    at: AwareDatetime


class LiftDifferenceAnswer(BaseModel):
    """
    By how much more of the treated bought, with its interval of 95 % (Newcombe).
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    difference: float
    low: float
    high: float


class LiftForm(BaseModel):
    """
    That an address is to be tried again.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    """
    Any identity of the person.
    """
    channel: Literal["email", "sms"]
    reason: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    A word for machines.
    """


class ListedAnswer(BaseModel):
    """
    A segment, without its members counted.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    title: str
    version: int | None
    made: bool
    changed_at: AwareDatetime


class MemberAnswer(BaseModel):
    """
    Somebody who belongs.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom all identities of the person are counted as.
    """
    since: AwareDatetime
    """
    When they entered, as far as was known then.
    """
    version: int
    """
    By which they entered.
    """


class MessageAnswer(BaseModel):
    """
    A message, and how it stands.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    message: str
    """
    Its id, also in its events and in the `Message-ID` of an e-mail.
    """
    customer: str
    """
    Empty for a test of a template.
    """
    test: bool
    """
    Sent to somebody of the staff; it counts nowhere.
    """
    state: str
    """
    `planned`, `claimed`, `sent`, `failed`, `unknown` or `suppressed`.
    """
    reason: str
    """
    Of a failure or a suppression; else empty.
    """
    channel: str
    purpose: str
    campaign: str
    step: str
    occasion: str
    template: str
    template_version: int | None
    locale: str
    attempts: int
    due: AwareDatetime
    expires_at: AwareDatetime
    planned_at: AwareDatetime
    ended_at: AwareDatetime | None


class MessageForm(BaseModel):
    """
    A message that a customer is to have: once for each occasion, however often it is asked for.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    template: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    purpose: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    That the customer must have consented to.
    """
    occasion: Annotated[str, Field(max_length=200, min_length=1)]
    """
    What it is about.
    """
    channel: Literal["email", "sms", "push", "webhook", "task"] = "email"
    """
    By which it goes out; the template must say something by it.
    """
    campaign: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")] = "by-hand"
    """
    What it counts for.
    """
    values: Annotated[dict[str, str | int | bool | list[dict[str, str | int]]] | None, Field(max_length=100)] = None
    """
    Fields of the template, as `values.…`. Nothing personal.
    """


class MessagesAnswer(BaseModel):
    """
    Messages of a person, the newest first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[MessageAnswer]


class NewForm(BaseModel):
    """
    A segment that is new.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    title: Annotated[str, Field(max_length=200, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]+$")]
    condition: dict[str, Any]
    """
    Who belongs: a tree, as `GET /v1/segments/schema` describes it.
    """
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    Stays the same from version to version.
    """


class OutcomeForm(BaseModel):
    """
    What came of it.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    outcome: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    A word for machines.
    """
    text: Annotated[str, Field(max_length=2000)] = ""
    """
    For staff; goes with an erasure.
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


class PageJourneyAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[JourneyAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageJourneyVersionAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[JourneyVersionAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageListedAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[ListedAnswer]
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


class PreviewForm(BaseModel):
    """
    What to write the template with, in place of a customer's own fields.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    locale: Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    """
    The language wanted; where there is none, another.
    """
    customer: Annotated[dict[str, str | int | bool | None] | None, Field(max_length=100)] = None
    values: Annotated[dict[str, Any] | None, Field(max_length=100)] = None
    """
    Fields of the request, as `values.…`.
    """


class PreviewSms(BaseModel):
    """
    A text message as it would go out, and what it counts as.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    text: str
    pattern: str
    tokens: list[str]
    encoding: Literal["gsm-7", "ucs-2"]
    segments: int
    """
    Messages that are paid for, without a line to opt out that the platform adds.
    """


class ProfileAnswer(BaseModel):
    """
    A person: what all of their identities are together.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom the identities are counted as.
    """
    identities: list[str]
    """
    All identities of the person, that one among them.
    """
    name: str | None
    email: str | None
    phone: str | None
    """
    E.164.
    """
    locale: str | None
    birthday: BirthdayAnswer | None
    stage: str | None
    """
    Of the lifecycle; null while none was told.
    """
    orders: int
    """
    That count: completed, not cancelled, not wholly refunded.
    """
    money: dict[str, int]
    """
    Net revenue of these orders in minor units, by currency.
    """
    first_order_at: AwareDatetime | None
    last_order_at: AwareDatetime | None
    member: str | None
    """
    `active`, `left` or `blocked`; null: never joined.
    """
    points: int
    """
    That can be spent.
    """
    pending: int
    owed: int
    tier: str | None
    tier_name: str | None
    last_answer: LastAnswer | None
    """
    To a survey of any kind; null: none.
    """
    nps_score: int | None
    """
    The last one; null: none.
    """
    nps_group: str | None
    """
    `detractor` (0 to 6), `passive` (7, 8) or `promoter`, by that score.
    """
    attributes: dict[str, int | list[str]]
    """
    What surveys found out: a number, or the options that were chosen, by attribute.
    """


class PushForm(BaseModel):
    """
    What a browser shows, and where a click leads.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    title: Annotated[str, Field(max_length=4000, min_length=1)]
    body: Annotated[str, Field(max_length=4000, min_length=1)]
    url: Annotated[str, Field(max_length=4000)] = ""


class QuietForm(BaseModel):
    """
    Local time of the customer; 22:00 to 08:00 goes past midnight.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    since: Annotated[str, Field(pattern="^([01]\\d|2[0-3]):[0-5]\\d$")]
    until: Annotated[str, Field(pattern="^([01]\\d|2[0-3]):[0-5]\\d$")]


class ReadyAnswer(BaseModel):
    """
    A ready-made journey.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    about: str
    name: str
    templates: list[str]
    """
    That are published with it, where the shop has none of these names.
    """
    languages: list[str]


class RemovalForm(BaseModel):
    """
    A browser that takes no more push.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    endpoint: Annotated[str, Field(max_length=2000, min_length=1)]


class RemovedBrowserAnswer(BaseModel):
    """
    What became of it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    removed: bool
    """
    False: there was none.
    """


class RemovedEndpointAnswer(BaseModel):
    """
    What became of it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    removed: bool
    """
    False: there was none.
    """


class RevenueAnswer(BaseModel):
    """
    Money, in minor units.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    amount: int
    currency: str


class RevenueByPersonAnswer(BaseModel):
    """
    Money, in minor units, and by person.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    amount: int
    currency: str
    per_person: float
    """
    Minor units, by person who entered, whether they bought or not.
    """


class RunAnswer(BaseModel):
    """
    A run.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    run: str
    """
    Its id, also in its events and messages.
    """
    customer: str
    version: int
    state: str
    """
    `running`, `completed`, `goal`, `exit`, `killed` or `erased`.
    """
    key: str
    """
    What it is for; empty: for the customer.
    """
    control: bool
    """
    Held out: nothing is sent.
    """
    step: str
    """
    At which it stands; empty: at its end.
    """
    due: AwareDatetime | None
    """
    Until when it waits there.
    """
    variant: str
    trigger: str
    occurred_at: AwareDatetime
    entered_at: AwareDatetime
    changed_at: AwareDatetime


class RunCountsAnswer(BaseModel):
    """
    How many runs of a journey are in which state.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    journey: str
    runs: dict[str, int]


class RunsForm(BaseModel):
    """
    Customers who are to enter a journey, each as far as its rules of re-entry allow.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customers: Annotated[list[str], Field(max_length=500, min_length=1)]
    occasion: Annotated[str, Field(max_length=100, min_length=1, pattern="^[!-~]+$")]
    """
    Asked for again, it is the same run.
    """
    values: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")], str | int | bool] | None = None
    """
    What conditions and templates may ask for. Nothing personal.
    """


class SegmentAnswer(BaseModel):
    """
    A segment.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    title: str
    condition: dict[str, Any]
    """
    The draft: what would be published.
    """
    version: int | None
    """
    That holds; null: none is published.
    """
    members: int
    made: bool
    """
    Whether everybody was judged by that version; from then on events keep it.
    """
    progress: Annotated[float, Field(ge=0.0, le=1.0)]
    """
    The share of those known who were.
    """
    changed_at: AwareDatetime


class SetWebhookEndpointAnswer(BaseModel):
    """
    Where webhooks go, after a change.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    url: str | None
    """
    Null: there is none, and messages by webhook are suppressed: no contact.
    """
    set_at: AwareDatetime | None
    rotated_at: AwareDatetime | None
    previous_until: AwareDatetime | None
    """
    Until then webhooks are signed with two secrets.
    """
    gone_at: AwareDatetime | None
    """
    It answered 410, so nothing is sent to it until it is set again.
    """
    secret: str | None
    """
    What webhooks are signed with (`whsec_…`), where it is new. It is told this once.
    """


class ShareAnswer(BaseModel):
    """
    A share, with its interval of 95 % (Wilson).
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    share: float
    low: float
    high: float


class SizeAnswer(BaseModel):
    """
    For how many a condition holds.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customers: int
    """
    All whom the shop knows, without those who are erased.
    """
    size: int
    """
    Those of them for whom the condition holds.
    """
    exact: bool
    """
    Whether everybody was asked; else all numbers are estimates, from a sample.
    """
    low: int
    """
    Of the size, with `high`: between them it lies 95 times of 100 at least.
    """
    high: int
    share: float | None
    """
    `size` of `customers`; null where there is nobody.
    """
    reachable: dict[str, int]
    """
    Those who can be sent messages, by channel: they agreed, and a contact is known if one is needed.
    """
    sample: list[str]
    """
    Ten of them, or all.
    """
    as_of: AwareDatetime
    """
    The time of the shop.
    """


class Purpose1(RootModel[str]):
    root: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    For which they would be sent messages; null: for any that they agreed to.
    """


class SizeForm(BaseModel):
    """
    A condition to be tried.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    condition: dict[str, Any]
    """
    Who belongs: a tree, as `GET /v1/segments/schema` describes it.
    """
    purpose: Purpose1 | None = None
    """
    For which they would be sent messages; null: for any that they agreed to.
    """


class SmsForm(BaseModel):
    """
    A text message. With a pattern the provider writes its own approved text, of which it gets the tokens alone.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    text: Annotated[str, Field(max_length=4000, min_length=1)]
    pattern: Annotated[str, Field(max_length=100, pattern="^[A-Za-z0-9_.-]*$")] = ""
    """
    The provider's name for it.
    """
    tokens: Annotated[list[str], Field(max_length=10)] = []
    """
    Each a template of its own, in the pattern's order.
    """


class StepAnswer(BaseModel):
    """
    Of one step, in one variant, by one channel.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    planned: int
    """
    That wait, or are on their way.
    """
    sent: int
    failed: int
    unknown: int
    """
    Of which no answer came.
    """
    suppressed: int
    delivered: int
    """
    As providers tell; those that tell nothing count nothing.
    """
    bounced: int
    complained: int
    """
    Called spam.
    """
    opened: int
    """
    By persons; what scanners fetch counts nowhere.
    """
    clicked: int
    """
    Likewise.
    """
    segments: int
    """
    Text messages that are paid for.
    """
    reached: int
    """
    Persons who were sent one.
    """
    converted: int
    """
    Persons with an order that is attributed here.
    """
    orders: int
    """
    That came within the window after a message, the last one before the order.
    """
    conversion: ShareAnswer | None
    """
    Converted of reached; null over nobody.
    """
    revenue: list[RevenueAnswer]
    """
    Of these orders, net of refunds, by currency.
    """
    step: str
    variant: str
    """
    Of a random split; empty without one.
    """
    channel: str
    against: DifferenceAnswer | None
    """
    Null for the first variant, and where one reached nobody.
    """


class TaskAnswer(BaseModel):
    """
    A task, and how it stands.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    task: str
    customer: str
    """
    Empty for a test of a template.
    """
    test: bool
    """
    Of a template, for somebody of the staff; no event tells of it.
    """
    state: Literal["open", "done", "cancelled"]
    title: str
    note: str
    via: Literal["phone", "post"] | None
    """
    How staff reach the customer, who agreed to that.
    """
    owner: str
    """
    `staff:<subject>` or `key:<key id>`; empty: nobody.
    """
    due: AwareDatetime
    campaign: str
    step: str
    occasion: str
    locale: str
    """
    The customer's language, of those that the template has.
    """
    outcome: str
    text: str
    opened_at: AwareDatetime
    changed_at: AwareDatetime


class TaskForm(BaseModel):
    """
    What a member of staff is to do.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    title: Annotated[str, Field(max_length=4000, min_length=1)]
    note: Annotated[str, Field(max_length=4000)] = ""


class TrialAnswer(BaseModel):
    """
    The test, on its way.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    message: str
    """
    Its id: `GET /v1/messages/{message}` tells how it stands.
    """


class TrialKeysForm(BaseModel):
    """
    What only this browser can read is encrypted with, in base64url.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    p256dh: Annotated[str, Field(max_length=100)]
    auth: Annotated[str, Field(max_length=50)]


class VersionAnswer(BaseModel):
    """
    One version of a segment.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    version: int
    title: str
    author: str
    published_at: AwareDatetime
    condition: dict[str, Any]


class VersionsAnswer(BaseModel):
    """
    All versions, the newest first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[VersionAnswer]


class WebhookEndpointAnswer(BaseModel):
    """
    Where webhooks go, without secrets.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    url: str | None
    """
    Null: there is none, and messages by webhook are suppressed: no contact.
    """
    set_at: AwareDatetime | None
    rotated_at: AwareDatetime | None
    previous_until: AwareDatetime | None
    """
    Until then webhooks are signed with two secrets.
    """
    gone_at: AwareDatetime | None
    """
    It answered 410, so nothing is sent to it until it is set again.
    """


class WebhookEndpointForm(BaseModel):
    """
    Where webhooks go.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    url: Annotated[str, Field(max_length=2000, min_length=1)]
    """
    HTTPS, on the internet; redirects are not followed.
    """


class WebhookForm(BaseModel):
    """
    Words beside the fields that a webhook hands on.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    text: Annotated[str, Field(max_length=4000)] = ""


class WebhookSecretRotation(BaseModel):
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


class WholeJourneyAnswer(BaseModel):
    """
    A journey with its draft.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    state: str
    """
    `draft`, `active`, `paused` or `killed`.
    """
    version: int
    """
    That new runs enter; 0: never published.
    """
    edition: int
    """
    Of the draft: counts its changes.
    """
    changed_at: AwareDatetime
    author: str
    """
    Of the draft: `key:<key id>` or `staff:<subject>`.
    """
    draft: dict[str, Any]


class WorkForm(BaseModel):
    """
    What is the same for a task of staff in every language.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    via: Literal["phone", "post"] | None = None
    """
    How staff reach the customer, which takes a consent for this channel; null: they do not.
    """
    owner: Annotated[str, Field(max_length=200)] = ""
    """
    Who does it, unless somebody else takes it.
    """
    due_hours: Annotated[int, Field(ge=1, le=8760)] = 24
    """
    From when the task is there.
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


class ArmAnswer(BaseModel):
    """
    Those whom a journey treats, or those whom it held out. Persons are counted by the group of their first run.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    runs: int
    """
    Of these persons.
    """
    persons: int
    converted: int
    """
    Persons with an order within the window after any of their runs began.
    """
    orders: int
    """
    These, whatever was sent before them; each once.
    """
    conversion: ShareAnswer | None
    """
    Converted of persons; null over nobody.
    """
    revenue: list[RevenueByPersonAnswer]
    """
    Of these orders, net of refunds, by currency.
    """


class BrowserForm(BaseModel):
    """
    A browser, as `PushSubscription.toJSON` gives it, and whose it is.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    customer: Annotated[str, Field(pattern="^[0-3][0-9a-v]{12}$")]
    endpoint: Annotated[str, Field(max_length=2000, min_length=1)]
    """
    HTTPS, on the internet.
    """
    keys: KeysForm


class FiguresAnswer(BaseModel):
    """
    Messages, unless said otherwise. Tests of templates count nowhere.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    planned: int
    """
    That wait, or are on their way.
    """
    sent: int
    failed: int
    unknown: int
    """
    Of which no answer came.
    """
    suppressed: int
    delivered: int
    """
    As providers tell; those that tell nothing count nothing.
    """
    bounced: int
    complained: int
    """
    Called spam.
    """
    opened: int
    """
    By persons; what scanners fetch counts nowhere.
    """
    clicked: int
    """
    Likewise.
    """
    segments: int
    """
    Text messages that are paid for.
    """
    reached: int
    """
    Persons who were sent one.
    """
    converted: int
    """
    Persons with an order that is attributed here.
    """
    orders: int
    """
    That came within the window after a message, the last one before the order.
    """
    conversion: ShareAnswer | None
    """
    Converted of reached; null over nobody.
    """
    revenue: list[RevenueAnswer]
    """
    Of these orders, net of refunds, by currency.
    """


class LiftAnswer(BaseModel):
    """
    What a journey brings, beside what would have been bought anyway.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    treated: ArmAnswer
    control: ArmAnswer
    difference: LiftDifferenceAnswer | None
    """
    Null where nobody is treated.
    """


class PageRunAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[RunAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PageTaskAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[TaskAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PolicyForm(BaseModel):
    """
    What the shop allows itself.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    caps: Annotated[list[CapForm], Field(max_length=20, validate_default=True)] = []
    """
    Counted over what was sent, or may have been.
    """
    over: Literal["drop", "wait"] = "drop"
    """
    What becomes of a message over a cap: suppressed, or put off until there is room.
    """
    quiet: QuietForm | None = None
    """
    What falls due then waits for its end, unless it expires.
    """
    weekend: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(max_length=6)] = []
    """
    Days on which nothing is sent.
    """
    channels: Annotated[list[Literal["email", "sms", "push", "messenger", "social", "phone"]], Field(max_length=6)] = [
        "email",
        "sms",
        "push",
        "messenger",
        "social",
        "phone",
    ]
    """
    That quiet hours and the weekend hold for. Caps hold for all that reach customers.
    """
    exempt: Annotated[list[str], Field(max_length=100)] = []
    """
    Purposes for which none of it holds: what serves an order.
    """


class PreviewAnswer(BaseModel):
    """
    The message as it would go out, by each channel that the language has a text for.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    locale: str
    subject: str
    """
    Of the e-mail; empty without one, as `html` and `text`.
    """
    html: str
    text: str
    sms: PreviewSms | None
    push: PushForm | None
    task: TaskForm | None
    webhook: WebhookForm | None


class ReadiesAnswer(BaseModel):
    """
    All ready-made journeys.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[ReadyAnswer]


class TextForm(BaseModel):
    """
    A message in one language. Fields stand in `{{ … }}`, conditions and lists in `{% if %}` and `{% for %}`.

    `subject`, `mjml` and `text` are the e-mail; the others are what goes out by their channels. One at least is needed.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    subject: Annotated[str, Field(max_length=500)] = ""
    mjml: Annotated[str, Field(max_length=64000)] = ""
    """
    https://mjml.io, with `{{ unsubscribe_url }}`.
    """
    text: Annotated[str, Field(max_length=64000)] = ""
    """
    For mail programs that show no HTML.
    """
    sms: SmsForm | None = None
    push: PushForm | None = None
    task: TaskForm | None = None
    webhook: WebhookForm | None = None


class TrialBrowserForm(BaseModel):
    """
    A browser of the staff, as `PushSubscription.toJSON` gives it. It is kept until the test has ended.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    endpoint: Annotated[str, Field(max_length=2000, min_length=1)]
    """
    HTTPS, on the internet.
    """
    keys: TrialKeysForm


class TrialForm(BaseModel):
    """
    To whom of the staff, and with which fields in place of a customer's own.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    channel: Literal["email", "sms", "push", "webhook", "task"] = "email"
    to: Annotated[str, Field(max_length=254)] = ""
    """
    An address; a number as `+98…`; who is to do a task, `staff:<subject>` or `key:<key id>` (empty: the caller); of a webhook or push nothing.
    """
    browser: TrialBrowserForm | None = None
    """
    For push.
    """
    locale: Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    """
    The language wanted; where there is none, another.
    """
    customer: Annotated[dict[str, str | int | bool | None] | None, Field(max_length=100)] = None
    values: Annotated[dict[str, str | int | bool | list[dict[str, str | int]]] | None, Field(max_length=100)] = None


class VariantAnswer(BaseModel):
    """
    What one way of a random split brings. A person is counted by their first run that came to a split, with their
    orders within the window after that run began.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    split: str
    """
    The step.
    """
    variant: str
    sent: int
    """
    Messages, after the split.
    """
    treated: ArmAnswer
    control: ArmAnswer | None
    """
    Those held out who came to the split, whichever way; null where there are none.
    """
    difference: LiftDifferenceAnswer | None
    """
    Null without a control group.
    """


class PolicyAnswer(BaseModel):
    """
    The policy that holds.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    version: int | None
    """
    Null: the shop has said nothing, and everything may be sent at any hour.
    """
    author: str | None
    published_at: AwareDatetime | None
    policy: PolicyForm


class ResultsAnswer(BaseModel):
    """
    What a campaign led to, counted as it stands.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    campaign: str
    as_of: AwareDatetime
    window_days: int
    total: FiguresAnswer
    steps: list[StepAnswer]
    lift: LiftAnswer | None
    """
    Of a journey that held customers out; otherwise null.
    """
    variants: list[VariantAnswer]
    """
    Of a journey with random splits, by split.
    """


class TemplateAnswer(BaseModel):
    """
    The last version of a template.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: str
    version: int
    author: str
    """
    `key:<key id>` or `staff:<subject>`.
    """
    published_at: AwareDatetime
    texts: dict[str, TextForm]
    work: WorkForm


class TemplateForm(BaseModel):
    """
    What a template says, by language.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    """
    As the shop names it.
    """
    texts: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")], TextForm]
    work: WorkForm | None = None


class TemplatesAnswer(BaseModel):
    """
    All templates.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[TemplateAnswer]


class PoliciesAnswer(BaseModel):
    """
    All versions, the newest first.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[PolicyAnswer]
