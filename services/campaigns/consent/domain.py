"""Consents: of what was said of a channel and purpose, the last word holds, whenever it came. Pure.

gateway keeps what was said, as evidence. Here stands what holds, by identity; the same order decides, so a word from
gateway and one from a page of ours join to the same, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from shared.contracts.consents import Channel, ConsentState
from shared.kernel import CustomerId, customer_id_text, derive_event_id

EVERY_PURPOSE = "all"
"""Withdrawn for it, a channel is withdrawn for every purpose."""
PREFERENCES, UNSUBSCRIBE = "/pages/preferences", "/pages/unsubscribe"
"""Where links of messages lead; shop and token follow."""
_CAUTION: dict[str, int] = {"given": 0, "pending": 1, "withdrawn": 2}


class Word(NamedTuple):
    """What holds of one channel and purpose, as one identity said it."""

    shop: int
    customer: int
    channel: str
    purpose: str
    state: str
    occurred_at: datetime
    record: str
    source: str

    @property
    def key(self) -> tuple[int, int, str, str]:
        """As the table has it."""
        return self.shop, self.customer, self.channel, self.purpose

    @property
    def turn(self) -> tuple[datetime, int, str]:
        """The greatest holds: the last word, of two at one instant the more cautious."""
        return self.occurred_at, _CAUTION[self.state], self.record


class Choice(NamedTuple):
    """What somebody chose on a page."""

    channel: Channel
    purpose: str
    state: ConsentState


def newest(words: Iterable[Word]) -> dict[tuple[int, int, str, str], Word]:
    """The word that holds, by key."""
    found: dict[tuple[int, int, str, str], Word] = {}
    for one in words:
        known = found.get(one.key)
        if known is None or one.turn > known.turn:
            found[one.key] = one
    return found


def holding(words: Iterable[Word]) -> dict[tuple[str, str], Word]:
    """What holds for a person, by channel and purpose. `words`: of all of their identities.

    A withdrawal for every purpose holds for each of which nothing was said since, by any identity.
    """
    found: dict[tuple[str, str], Word] = {}
    ended: dict[str, Word] = {}
    for one in words:
        at = (one.channel, one.purpose)
        if at not in found or one.turn > found[at].turn:
            found[at] = one
        if one.purpose == EVERY_PURPOSE and one.state == "withdrawn":
            known = ended.get(one.channel)
            ended[one.channel] = one if known is None or one.turn > known.turn else known
    return {
        at: end._replace(purpose=at[1]) if (end := ended.get(at[0])) is not None and end.turn > one.turn else one
        for at, one in sorted(found.items())
    }


def allows(words: Iterable[Word], channel: str, purpose: str) -> bool:
    """Whether a person may get a message. `words`: of all of their identities."""
    word = holding(words).get((channel, purpose))
    return word is not None and word.state == "given"


def said(shop: tuple[int, str], customer: int, choice: Choice, now: datetime, source: str) -> Word:
    """A choice as it is kept; its record has the id that gateway will give it. `shop`: number and slug."""
    number, slug = shop
    us = int(now.timestamp() * 1_000_000)
    name = customer_id_text(CustomerId(customer))
    cause = "\x1f".join((name, choice.channel, choice.purpose, choice.state, str(us), source))
    record = derive_event_id(us // 1000, slug, cause, "consent")
    return Word(number, customer, choice.channel, choice.purpose, choice.state, now, record, source)


def means_something(words: Iterable[Word], choice: Choice, at: datetime) -> bool:
    """Whether saying this changes what holds, or what is known. `words`: of all identities of the person.

    What is withdrawn for every purpose stands beside what was said of each, and once more is once more the same.
    """
    if choice.purpose != EVERY_PURPOSE:
        return bool(changing(words, [choice]))
    held = {key: word for key, word in holding(words).items() if key[0] == choice.channel}
    known = held.get((choice.channel, EVERY_PURPOSE))
    standing = any(word.state != "withdrawn" and word.occurred_at <= at for word in held.values())
    return standing or known is None or known.state != "withdrawn"


def changing(words: Iterable[Word], choices: Iterable[Choice]) -> list[Choice]:
    """Those of the choices that say something else than what holds. What nobody was ever asked cannot be chosen."""
    held = holding(words)
    return [
        one
        for one in choices
        if (one.channel, one.purpose) in held and held[one.channel, one.purpose].state != one.state
    ]
