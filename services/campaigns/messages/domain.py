"""Messages: when one is sent, when not and why, and what an answer of a provider means. Pure.

    PLANNED → CLAIMED → SENT | FAILED | UNKNOWN
       ↑ └────────────────── SUPPRESSED
       └─── refused for now, and surely not sent: planned again, later

CLAIMED commits before anybody outside is asked. What is found claimed by who is no more may have been sent: UNKNOWN,
and never again by itself. So nobody gets a message twice, and nothing is lost without a word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal, NamedTuple

from services.campaigns.audience import Person
from services.campaigns.consent import Word, allows
from services.campaigns.templates import ITEMS_MAX, Version, chosen
from shared.contracts.campaigns import Suppression
from shared.kernel import derive_event_id

CHANNELS = frozenset({"email"})
"""Those that can be sent by today."""
AGE = timedelta(days=1)
"""A message is of use for so long, unless its request says otherwise."""
ATTEMPTS_MAX = 8
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


class Claimed(NamedTuple):
    """A message that is to be sent now."""

    plan: Plan
    attempt: int
    person: Person
    version: Version
    locale: str


class Verdict(NamedTuple):
    """What is to be done with a message: it is claimed, or suppressed for a reason."""

    suppressed: Suppression | None
    locale: str = ""


class Answer(NamedTuple):
    """What came of sending: SENT, FAILED, UNKNOWN, or PLANNED again for what was surely not sent."""

    state: State
    reason: str = ""


class Outcome(NamedTuple):
    """What is kept of it."""

    state: State
    reason: str
    due: datetime | None
    """When it is tried again."""


def message_id(shop: str, customer: str, about: tuple[str, str, str], channel: str) -> str:
    """The same for the same step of a campaign on the same occasion. `about`: campaign, step, occasion."""
    return derive_event_id(0, shop, "\x1f".join((customer, *about, channel)), "message")


def judge(
    plan: Plan,
    person: Person | None,
    words: Collection[Word],
    version: Version | None,
    *,
    languages: Collection[str],
    now: datetime,
) -> Verdict:
    """Whether a message may go out. `words`: of all identities of the person, held until the claim commits."""
    if person is None or person.profile.erased:
        return Verdict("erased" if person else "no_contact")
    if plan.expires_at <= now:
        return Verdict("expired")
    if not allows(words, plan.channel, plan.purpose):
        return Verdict("no_consent")
    contacts = person.profile.contacts
    if plan.channel not in CHANNELS or not contacts.email:
        return Verdict("no_contact")
    if version is None:
        return Verdict("no_template")
    return Verdict(None, chosen(version.template, [*filter(None, [contacts.locale]), *languages]))


def outcome(answer: Answer, attempt: int, now: datetime) -> Outcome:
    """What becomes of a message after an attempt (the first is 1)."""
    if answer.state is not State.PLANNED:
        return Outcome(answer.state, answer.reason, None)
    if attempt >= ATTEMPTS_MAX:
        return Outcome(State.FAILED, answer.reason, None)
    return Outcome(State.PLANNED, answer.reason, now + min(_FIRST_WAIT * 2 ** (attempt - 1), _WAIT_MAX))


def fields_of(claimed: Claimed, shop: str, values: Mapping[str, Any], links: tuple[str, str]) -> dict[str, Any]:
    """What the template may show. `links`: to unsubscribe, and to the preference centre."""
    profile = claimed.person.profile
    return {
        "customer": {
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
