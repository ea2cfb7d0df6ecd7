"""What comes back of messages, and who it was: a person, or a machine that looks at mail first. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

SECONDS_OF_MACHINES = timedelta(seconds=5)
"""Whoever opens or clicks so soon after the message was handed over is a scanner."""
KEPT = timedelta(days=1)
"""A report that belongs to no message yet waits so long: it may have overtaken the end of the sending."""
AGAIN = timedelta(seconds=20)
# Those that say who they are. A picture fetched by Google's proxy is a person who looks: it fetches when they do.
_SCANNERS = re.compile(
    r"bot\b|crawl|spider|scan|preview|proofpoint|mimecast|barracuda|symantec|messagelabs|trendmicro|safelinks"
    r"|microsoft office existence|headless|python-|curl/|wget/|go-http-client|java/|okhttp",
    re.IGNORECASE,
)
# What Apple's mail privacy sends for letters that nobody has opened.
_BARE = re.compile(r"Mozilla/5\.0\s*", re.IGNORECASE)


class What(IntEnum):
    """That happened to a message."""

    DELIVERED = 1
    BOUNCED = 2
    OPENED = 3
    CLICKED = 4
    COMPLAINED = 5
    """Somebody called it spam."""
    STOPPED = 6
    """Somebody answered text messages that they want no more. It is no message's, and no receipt is kept of it."""


class Report(NamedTuple):
    """What somebody outside tells."""

    channel: str
    reference: str
    """By which the provider names the message; of STOPPED the mark of the number that it came from, in hexadecimal."""
    what: What
    at: datetime
    code: str = ""
    """Of a bounce or a complaint: the provider's word; of STOPPED: the provider's name for what came in."""
    hard: bool = False
    """Of a bounce: there is nobody there, or they want nothing."""
    link: int = -1
    """Of a click: its place in the letter."""
    machine: bool = False


Key = tuple[int, str, int, bool, int]
"""Shop, message, what, machine and link: each is told once."""


class Known(NamedTuple):
    """A message that reports may be about."""

    shop: int
    slug: str
    customer: int
    channel: str
    sent_at: datetime
    test: bool
    went_to: bytes | None
    """The mark of its address."""
    about: Mapping[str, Any]
    """As its events have it."""


class Receipt(NamedTuple):
    """What came of a message, the first time."""

    shop: int
    message: str
    report: Report
    went_to: bytes | None = None
    """The mark of the address, where it says something of that."""

    @property
    def key(self) -> Key:
        """As the table has it."""
        one = self.report
        return self.shop, self.message, int(one.what), one.machine, one.link


def looks_like_a_machine(method: str, agent: str) -> bool:
    """By the request alone. Who names no program is none that people use."""
    return method == "HEAD" or not agent or bool(_SCANNERS.search(agent)) or _BARE.fullmatch(agent) is not None


def is_machine(report: Report, sent_at: datetime | None) -> bool:
    """Whether an open or a click was none of a person's."""
    if report.what not in {What.OPENED, What.CLICKED}:
        return False
    return report.machine or (sent_at is not None and report.at < sent_at + SECONDS_OF_MACHINES)


def said_at(at: datetime, sent_at: datetime, now: datetime) -> datetime:
    """When something was said of a message: after it was sent and not in the future, whatever clocks say."""
    return min(max(at, sent_at), now)
