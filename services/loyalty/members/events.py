"""Members as the contract has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec import UNSET

from services.loyalty.members.domain import Change, How, Member, State
from shared.contracts import loyalty as contract
from shared.contracts.envelope import Envelope
from shared.kernel import CustomerId, customer_id_text, derive_event_id, moment_of

SOURCE = "mandegar/loyalty"
STATES: Mapping[State, contract.MemberState] = {
    State.ACTIVE: "active",
    State.LEFT: "left",
    State.BLOCKED: "blocked",
}
HOWS: Mapping[How, contract.How] = {How.EVENT: "event", How.FIRST_ORDER: "first_order", How.HTTP: "http"}
_FORMS: Mapping[Change, tuple[type[contract.LoyaltyMembersEvent], str]] = {
    "join": (contract.MemberJoined, "member.joined"),
    "leave": (contract.MemberLeft, "member.left"),
    "block": (contract.MemberBlocked, "member.blocked"),
    "unblock": (contract.MemberUnblocked, "member.unblocked"),
}


JOIN_TIMER = "member_joined"
"""Of a customer: they joined over HTTP, and the worker is to see to what that earns."""


class Effect(NamedTuple):
    """How a change of a member is to be told."""

    at: datetime
    """When it took effect."""
    programme: int
    """Version of the programme by which they joined; 0: none is known."""
    cause: Envelope | None = None
    """The event behind it; None: somebody asked for it."""


def told(shop: str, member: Member, change: Change, effect: Effect, sequence: int) -> Envelope:
    """What became of a member."""
    at, programme, cause = effect
    form, kind = _FORMS[change]
    customer = customer_id_text(CustomerId(member.customer))
    return form(
        # A member may leave and come back, at any instant once: so the id is the same however often it is worked out.
        id=derive_event_id(int(at.timestamp() * 1000), shop, f"{customer}:{len(member.absences)}", kind),
        source=SOURCE,
        subject=customer,
        time=at if cause is None else cause.time,
        shop=shop,
        origin="live" if cause is None else cause.origin,
        sequence=sequence,
        causationid=UNSET if cause is None else cause.id,
        correlationid=UNSET if cause is None else cause.correlationid,
        effectiveat=at,
        data=membership(member, programme),
    )


def membership(member: Member, programme: int = 0) -> contract.Membership:
    """The member's state, whole, but for what staff wrote: a topic that is kept holds no free text."""
    return contract.Membership(
        customer=customer_id_text(CustomerId(member.customer)),
        state=STATES[member.state],
        joined_at=moment_of(member.joined.at),
        how=HOWS[member.joined.how],
        programme=programme,
    )
