"""Cases: opened, owed an answer by a deadline, told when they are late, solved, reopened. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from services.feedback.policy import Policy
from shared.contracts.feedback import CaseCause
from shared.kernel import derive_event_id


class State(IntEnum):
    """Of a case."""

    OPEN = 1
    SOLVED = 2


class Case(NamedTuple):
    """A row of the table."""

    shop: int
    id: str
    customer: int
    cause: CaseCause
    state: State
    opened_at: datetime
    due_at: datetime
    solved_at: datetime | None = None
    escalations: int = 0
    reopened: int = 0
    contacts: int = 0
    score: int | None = None
    survey: str | None = None
    answer: str | None = None
    owner: str = ""
    outcome: str = ""
    about: str = ""

    @property
    def occasion(self) -> str:
        """As an invitation names it: each time it is solved is another one."""
        return f"case:{self.id}:{self.reopened}"


class Contact(NamedTuple):
    """What was done about a case."""

    shop: int
    case: str
    ref: str
    at: datetime
    channel: str
    actor: str
    text: str = ""
    points: int | None = None


def case_id(slug: str, cause: str, what: str) -> str:
    """One for what gave rise to it: an answer, or a shop's own id of a complaint."""
    return derive_event_id(0, slug, f"{cause}\x1f{what}", "case")


def case_of(occasion: str) -> str | None:
    """The case that an invitation asks about; None for other occasions."""
    kind, _, rest = occasion.partition(":")
    return rest.rpartition(":")[0] if kind == "case" else None


def deadline(policy: Policy, now: datetime) -> datetime:
    """When a case that is opened or reopened now is to be solved."""
    return now + timedelta(hours=policy.case_hours)


def late_at(case: Case, policy: Policy) -> datetime | None:
    """When it is to be told next that it is late; None: never again."""
    if case.state is not State.OPEN or case.escalations >= policy.escalations:
        return None
    return case.due_at + timedelta(hours=policy.escalate_hours) * case.escalations


def escalated(case: Case, policy: Policy, now: datetime) -> Case | None:
    """The case once it was told; None: it is not late, or was told often enough."""
    at = late_at(case, policy)
    return None if at is None or now < at else case._replace(escalations=case.escalations + 1)


def solved(case: Case, outcome: str, now: datetime) -> Case | None:
    """The case with its outcome; None: it is solved already, and stays as it was."""
    if case.state is State.SOLVED:
        return None
    return case._replace(state=State.SOLVED, outcome=outcome, solved_at=now)


def reopened(case: Case, policy: Policy, now: datetime) -> Case | None:
    """The case with a new deadline; None: it is open."""
    if case.state is State.OPEN:
        return None
    return case._replace(
        state=State.OPEN,
        outcome="",
        solved_at=None,
        escalations=0,
        reopened=case.reopened + 1,
        due_at=deadline(policy, now),
    )
