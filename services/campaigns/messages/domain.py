"""Messages: when one is sent, when not and why, and what an answer of a provider means. Pure.

    PLANNED → CLAIMED → SENT | FAILED | UNKNOWN
       ↑ └────────────────── SUPPRESSED
       ├─── refused for now, and surely not sent: planned again, later
       └─── put off, before it is claimed: quiet hours, a weekend, a cap

CLAIMED commits before anybody outside is asked. What is found claimed by who is no more may have been sent: UNKNOWN,
and never again by itself. So nobody gets a message twice, and nothing is lost without a word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal, NamedTuple

from services.campaigns.audience import Person
from services.campaigns.consent import Word, allows
from services.campaigns.devices import Browser
from services.campaigns.hooks import Hook
from services.campaigns.pacing import NOW, Pace
from services.campaigns.templates import ITEMS_MAX, Version, chosen
from shared.contracts.campaigns import Deferral, Suppression
from shared.kernel import derive_event_id

CHANNELS = ("email", "sms", "push", "webhook", "task")
"""Those that can be sent by today."""
REPORTS = "/v1/reports"
"""Where providers tell what became of messages."""
_CONSENTED = frozenset({"email", "sms", "push"})
"""They reach the customer themselves. Webhooks reach the shop's systems, and tasks its staff."""
_REPEATED = frozenset({"webhook", "task"})
"""What gets a message twice has it once, by its id: it may be sent again though nobody knows whether it was sent."""
Contact = str | list[Browser] | Hook | None
"""Where a message goes; None: nowhere."""
AGE = timedelta(days=1)
"""A message is of use for so long, unless its request says otherwise."""
ATTEMPTS_MAX = 8
UNDELIVERABLE = "undeliverable"
"""Why nothing is sent to an address that bounces."""
_FIRST_WAIT = timedelta(seconds=30)
_WAIT_MAX = timedelta(hours=1)
_TEXT_LENGTH_MAX = 2_000
_VALUES_MAX = 100


class State(IntEnum):
    """Of a message."""

    PLANNED = 0
    CLAIMED = 1
    SENT = 2
    FAILED = 3
    UNKNOWN = 4
    SUPPRESSED = 5


class Plan(NamedTuple):
    """A message that somebody is to have."""

    shop: int
    id: str
    customer: int
    channel: str
    purpose: str
    campaign: str
    step: str
    occasion: str
    template: str
    fields: bytes
    """JSON of what the template may show beside the profile."""
    due: datetime
    expires_at: datetime
    run: str | None = None
    """The run of a journey that it belongs to: while that has ended, or its journey rests, nothing is sent."""
    journey_version: int | None = None
    variant: str | None = None


Standing = Literal["stands", "paused", "goal", "exit"]
"""Of the run that a message belongs to: it may be sent; not now; not at all, and why."""


class Trial(NamedTuple):
    """What a test is sent with, in place of a customer's own. It counts nowhere, and nothing is told of it."""

    to: str
    locale: str
    customer: Mapping[str, Any]


class Claimed(NamedTuple):
    """A message that is to be sent now."""

    plan: Plan
    attempt: int
    person: Person
    version: Version
    locale: str
    to: Contact
    trial: Trial | None = None
    went_to: bytes | None = None
    """The mark of the address, by which what comes back says something of it."""


class Verdict(NamedTuple):
    """What is to be done with a message: it is claimed, or suppressed for a reason."""

    suppressed: Suppression | Deferral | None
    locale: str = ""
    until: datetime | None = None
    """Put off until then, for that reason, instead."""
    detail: str = ""
    """A word for machines, beside the reason."""


class Answer(NamedTuple):
    """What came of sending: SENT, FAILED, UNKNOWN, or PLANNED again for what was surely not sent."""

    state: State
    reason: str = ""
    reference: str = ""
    """The provider's name for the message."""
    segments: int | None = None
    """Of a text message."""
    repeats: bool = False
    """Of UNKNOWN: it may be sent again, since the other side takes a repeat once."""
    wait: timedelta = timedelta(0)
    """Before it is tried again, as the provider asks."""
    gone: tuple[bytes, ...] = ()
    """Browsers that are no more."""
    bounced: str | None = None
    """Of a refusal of the address, and not of us or of what is said: the server's or the provider's code."""


class Outcome(NamedTuple):
    """What is kept of it."""

    state: State
    reason: str
    due: datetime | None
    """When it is tried again."""
    reference: str = ""
    segments: int | None = None
    bounced: str | None = None
    """Of one that has failed since its address was refused: the code."""


def message_id(shop: str, customer: str, about: tuple[str, str, str], channel: str) -> str:
    """The same for the same step of a campaign on the same occasion. `about`: campaign, step, occasion."""
    return derive_event_id(0, shop, "\x1f".join((customer, *about, channel)), "message")


def judge(
    plan: Plan,
    person: Person | None,
    words: Collection[Word],
    version: Version | None,
    *,
    contact: Contact,
    languages: Collection[str],
    now: datetime,
    pace: Pace = NOW,
    bounces: bool = False,
) -> Verdict:
    """Whether a message may go out. `words`: of all identities of the person, held until the claim commits; `pace`:
    what quiet hours and caps say, of the person who is held; `bounces`: messages do not reach that address."""
    if person is None or person.profile.erased:
        return Verdict("erased" if person else "no_contact")
    if plan.expires_at <= now:
        return Verdict("expired")
    asked = consented_channel(plan.channel, version)
    if asked is not None and not allows(words, asked, plan.purpose):
        return Verdict("no_consent")
    if not contact or bounces:
        return Verdict("no_contact", detail=UNDELIVERABLE if contact else "")
    if version is None or not version.template.languages(plan.channel):
        return Verdict("no_template")
    wanted = [*filter(None, [person.profile.contacts.locale]), *languages]
    return _paced(plan, pace) or Verdict(None, chosen(version.template, wanted, plan.channel))


def _paced(plan: Plan, pace: Pace) -> Verdict | None:
    """A message that waits, or is dropped since it would wait for too long, or for nothing."""
    if pace.why is None:
        return None
    if pace.until is not None and pace.until < plan.expires_at:
        return Verdict(pace.why, until=pace.until)
    return Verdict("capped" if pace.why == "capped" else "quiet_hours")


def consented_channel(channel: str, version: Version | None) -> str | None:
    """The channel that the customer must have consented to; None: they are not reached."""
    if channel == "task":
        return None if version is None else version.template.work.via
    return None if channel == "webhook" else channel


def contact_of(
    channel: str, person: Person, browsers: Mapping[tuple[int, int], Sequence[Browser]], hook: Hook | None
) -> Contact:
    """Where a message to a person goes. `browsers`: by shop and identity; `hook`: of the shop."""
    contacts = person.profile.contacts
    match channel:
        case "email":
            return contacts.email
        case "sms":
            return contacts.phone
        case "push":
            return [one for identity in person.identities for one in browsers.get((person.shop, identity), ())]
        case "webhook":
            return hook
        case "task":
            return "staff"
    return None


def outcome(answer: Answer, attempt: int, now: datetime, message: str = "") -> Outcome:
    """What becomes of a message after an attempt (the first is 1). What a provider refuses it gives no name: it goes by
    its own id (`message`)."""
    again = answer.state is State.PLANNED or (answer.state is State.UNKNOWN and answer.repeats)
    kept: dict[str, Any] = {"reference": answer.reference, "segments": answer.segments}
    if not again or attempt >= ATTEMPTS_MAX:
        end = State.FAILED if answer.state is State.PLANNED else answer.state
        if end is State.FAILED and answer.bounced is not None:
            kept |= {"bounced": answer.bounced, "reference": answer.reference or message}
        return Outcome(end, answer.reason, None, **kept)
    wait = max(answer.wait, min(_FIRST_WAIT * 2 ** (attempt - 1), _WAIT_MAX))
    return Outcome(State.PLANNED, answer.reason, now + wait, **kept)


def lost(channel: str, message: str) -> Answer:
    """What a message comes to that was claimed by who is no more. A letter may come back all the same: its name is its
    own id."""
    reference = message if channel == "email" else ""
    return Answer(State.UNKNOWN, "no_answer", reference=reference, repeats=channel in _REPEATED)


def fields_of(claimed: Claimed, shop: str, values: Mapping[str, Any], links: tuple[str, str]) -> dict[str, Any]:
    """What the template may show. `links`: to unsubscribe, and to the preference centre."""
    profile = claimed.person.profile
    return {
        "customer": dict(claimed.trial.customer)
        if claimed.trial is not None
        else {
            "name": profile.contacts.name,
            "orders": profile.orders,
            "points": profile.points,
            "pending": profile.pending,
            "tier": profile.tier_name,
            "stage": profile.stage,
        },
        "shop": {"name": shop},
        "values": values,
        "unsubscribe_url": links[0],
        "preferences_url": links[1],
    }


def values_fault(values: Mapping[str, Any]) -> str | None:
    """Why these values are no fields for a template; None if they are."""
    if len(values) > _VALUES_MAX:
        return f"at most {_VALUES_MAX} fields"
    for value in values.values():
        rows = value if isinstance(value, list) else [{"": value}]
        if len(rows) > ITEMS_MAX:
            return f"lists have at most {ITEMS_MAX} rows"
        texts = [one for row in rows for one in row.values() if isinstance(one, str)]
        if any(len(text) > _TEXT_LENGTH_MAX or "\0" in text for text in texts):
            return f"texts have at most {_TEXT_LENGTH_MAX} characters, and no NUL"
    return None
