"""`campaigns.requests.v1`, `.messages.v1`, `.segments.v1`, `.statements.v1`: messages asked for, what became of them,
who is in which segment, what people said. Keyed by shop and customer. Ids only: contacts and texts of messages are on
no topic of campaigns.

A message has one id in all of its events, made of the shop, its campaign, step, occasion, customer and channel: asked
for twice it is one message.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts.consents import Channel, ConsentState, Purpose
from shared.contracts.envelope import Envelope, Instant

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
MessageChannel = Channel | Literal["webhook", "task"]
"""By which a message goes out: the channels that customers consent to, and two to the shop's own systems and staff."""
Values = dict[str, str | int | bool | list[dict[str, str | int]]]
"""What a template may show beside the profile, by field. Nothing personal."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a service wants a customer to have, through whatever consent, caps and quiet hours allow."""

    customer: str
    campaign: Name
    """What the message counts for, such as `nps-after-delivery`."""
    occasion: Annotated[str, Meta(min_length=1, max_length=200)]
    """What it is about: a survey, a cart, an order. One message of a campaign's step for each."""
    template: Name
    channel: MessageChannel
    purpose: Purpose
    """That the customer must have consented to, for the channel."""
    step: Name = "send"
    values: Values = {}
    not_before: Instant | None = None
    expires_at: Instant | None = None
    """Not sent from then on; None: a day after it was asked for."""


class MessageRequested(Envelope, frozen=True, kw_only=True, tag="message.requested"):
    """A service asks for a message."""

    data: Request


class JourneyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who is to enter a journey."""

    customer: str
    journey: Name
    occasion: Annotated[str, Meta(min_length=1, max_length=200)]
    """What it is about: asked for the same occasion again, it is the same run. The key of one that is keyed."""
    values: dict[str, str | int | bool] = {}
    """What conditions and templates may ask for. Nothing personal."""


class JourneyRequested(Envelope, frozen=True, kw_only=True, tag="journey.requested"):
    """Staff or a service ask that a customer enter a journey, as far as its rules of re-entry allow."""

    data: JourneyRequest


CampaignsRequestEvent = MessageRequested | JourneyRequested

Suppression = Literal[
    "no_consent", "no_contact", "erased", "expired", "backfill", "no_template", "quiet_hours", "capped", "goal", "exit"
]


Deferral = Literal["quiet_hours", "weekend", "capped"]


class MessageChange(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message."""

    message: str
    """Its id, the same in all events of it; the provider gets it as its idempotency key."""
    customer: str
    channel: MessageChannel
    purpose: Purpose
    campaign: Name
    step: Name
    occasion: str
    template: Name
    template_version: int | None = None
    locale: str | None = None
    run: str | None = None
    """The run of a journey that it belongs to."""
    version: int | None = None
    """The journey's version, which the run keeps."""
    variant: str | None = None
    """Of a random split; the control group gets no message."""
    reason: str = ""
    """Of a failure, or beside a suppression: a word for machines."""
    segments: int | None = None
    """Of a text message: how many are paid for."""


class MessageSuppression(MessageChange, frozen=True, kw_only=True):
    """A message that is not sent, and why. `reason` is `undeliverable` where there is an address (`no_contact`), and
    messages to it have bounced."""

    suppressed: Suppression


class MessageDeferral(MessageChange, frozen=True, kw_only=True):
    """A message that is put off, and why."""

    deferred: Deferral
    until: Instant
    """It is judged anew then."""


class MessageSent(Envelope, frozen=True, kw_only=True, tag="message.sent"):
    """A provider has taken the message."""

    data: MessageChange


class MessageFailed(Envelope, frozen=True, kw_only=True, tag="message.failed"):
    """A provider has refused the message, or it could not be written. Nothing was sent."""

    data: MessageChange


class MessageUnknown(Envelope, frozen=True, kw_only=True, tag="message.unknown"):
    """The answer of the provider never came: sent or not. It is not sent again."""

    data: MessageChange


class MessageSuppressed(Envelope, frozen=True, kw_only=True, tag="message.suppressed"):
    """The message is not sent: no consent, no contact, too late, and so on."""

    data: MessageSuppression


class MessageDeferred(Envelope, frozen=True, kw_only=True, tag="message.deferred"):
    """The message waits: quiet hours or a weekend of the customer, or a cap."""

    data: MessageDeferral


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task of staff, as it stands. What is to be done is read over HTTP: it may name the customer."""

    task: str
    """Its id, which is that of the message it was planned as."""
    customer: str
    state: Literal["open", "done", "cancelled"]
    due: Instant
    campaign: Name
    step: Name
    occasion: str
    owner: str = ""
    """Who has it: `staff:<subject>` or `key:<key id>`; empty: nobody."""
    outcome: str = ""
    """Of one that is done or cancelled: a word for machines."""


class TaskOpened(Envelope, frozen=True, kw_only=True, tag="task.opened"):
    """Staff have something to do for a customer."""

    data: Task


class TaskClaimed(Envelope, frozen=True, kw_only=True, tag="task.claimed"):
    """Somebody has taken it."""

    data: Task


class TaskDone(Envelope, frozen=True, kw_only=True, tag="task.done"):
    """It is done, with its outcome."""

    data: Task


class TaskCancelled(Envelope, frozen=True, kw_only=True, tag="task.cancelled"):
    """It will not be done."""

    data: Task


CampaignsTaskEvent = TaskOpened | TaskClaimed | TaskDone | TaskCancelled


class MessageReceipt(MessageChange, frozen=True, kw_only=True):
    """What came of a message that was sent; each thing once."""

    at: Instant
    """The first time that it happened, as far as the provider tells."""
    hard: bool = False
    """Of a bounce: nobody is there, or they want nothing. `reason` has the provider's word."""
    machine: bool = False
    """Of an open or a click: a scanner of mail was it, and no person."""
    link: int | None = None
    """Of a click: the place of the link in the letter, from 0."""


class MessageDelivered(Envelope, frozen=True, kw_only=True, tag="message.delivered"):
    """The provider says that the message has arrived."""

    data: MessageReceipt


class MessageBounced(Envelope, frozen=True, kw_only=True, tag="message.bounced"):
    """The provider says that the message did not arrive."""

    data: MessageReceipt


class MessageOpened(Envelope, frozen=True, kw_only=True, tag="message.opened"):
    """The picture in a letter was fetched."""

    data: MessageReceipt


class MessageClicked(Envelope, frozen=True, kw_only=True, tag="message.clicked"):
    """A link in a letter was followed."""

    data: MessageReceipt


class MessageComplained(Envelope, frozen=True, kw_only=True, tag="message.complained"):
    """Whoever got the message called it spam. Their consent to the channel is withdrawn, for every purpose."""

    data: MessageReceipt


CampaignsMessageEvent = (
    MessageSent
    | MessageFailed
    | MessageUnknown
    | MessageSuppressed
    | MessageDeferred
    | MessageDelivered
    | MessageBounced
    | MessageOpened
    | MessageClicked
    | MessageComplained
)


class SegmentChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a segment's membership: of one customer and segment, entries and departures alternate."""

    customer: str
    """Whom all identities of the person are counted as; one that is merged away leaves."""
    segment: Name
    version: int
    """By which they belong to it, or no longer do."""
    reason: Literal["event", "time", "published"]
    """What became known of them; that a day began; that this version of the segment was published."""


class SegmentEntered(Envelope, frozen=True, kw_only=True, tag="segment.entered"):
    """A customer belongs to a segment now."""

    data: SegmentChange


class SegmentLeft(Envelope, frozen=True, kw_only=True, tag="segment.left"):
    """A customer belongs to a segment no longer."""

    data: SegmentChange


CampaignsSegmentEvent = SegmentEntered | SegmentLeft


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer said of messages, on a page of campaigns."""

    customer: str
    channel: Channel
    purpose: Purpose
    """`all`, which can only be withdrawn: every purpose of the channel."""
    state: ConsentState
    occurred_at: Instant
    source: str
    """`unsubscribe-link`, `preference-centre`, `spam-complaint` or `text-stop`."""
    evidence: str
    """What proves it: the message whose link was used, that was called spam, or that was answered. Ids only."""


class ConsentStated(Envelope, frozen=True, kw_only=True, tag="consent.stated"):
    """A customer gave or withdrew a consent. gateway keeps it as evidence and tells what holds on `consents.v1`."""

    data: Statement


CampaignsStatementEvent = ConsentStated
