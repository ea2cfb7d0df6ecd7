"""members: who takes part in the shop's programme, since when, and when they did not."""

from services.loyalty.members.domain import Absence, How, Member, Membership, State, covering, memberships
from services.loyalty.members.events import JOIN_TIMER, SOURCE, Effect, membership, told
from services.loyalty.members.store import Joined, empty_reasons, join, member_of, members_of, since_when

__all__ = [
    "JOIN_TIMER",
    "SOURCE",
    "Absence",
    "Effect",
    "How",
    "Joined",
    "Member",
    "Membership",
    "State",
    "covering",
    "empty_reasons",
    "join",
    "member_of",
    "members_of",
    "membership",
    "memberships",
    "since_when",
    "told",
]
