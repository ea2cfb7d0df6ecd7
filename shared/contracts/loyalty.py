"""`loyalty.points.v1`, `.members.v1`, `.tiers.v1`, `.rewards.v1`: members, their points, tiers and rewards.
Keyed by shop and customer.

Each posting that a customer would notice is one event. It names the identity whose account it is of, as events of
orders do; who is one person with whom is told by `customers.v1`. An event that tells of points earned or taken back is
a difference: readers who add them up take repeats by `id`. `balance` is what the account holds after it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.contracts.envelope import Envelope, Instant

SourceKind = Literal["order", "interaction", "reward", "correction", "term"]
"""What points are for: `correction` is made by staff, `term` is time that has passed."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What the points are for."""

    kind: SourceKind
    id: str = ""
    """Of the order, the interaction, the reward or the correction."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Points of one rule, of one line where the rule counts lines."""

    rule: str
    points: int
    line: str | None = None


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account holds. `owed` is what the customer owes; the other three are never below 0."""

    active: int
    pending: int
    held: int
    owed: int


class PointsChange(msgspec.Struct, frozen=True, kw_only=True):
    """A posting."""

    customer: str
    posting: int
    """Number of the last of the account's entries that it stands for."""
    points: int
    """How many points, above 0; the type says where they went."""
    balance: Balance
    source: Source
    programme: int | None = None
    """Version of the programme behind it."""
    parts: list[Part] = []
    """By rule and line, where that is known."""
    pending: int = 0
    """How many of these points are still pending."""
    active_at: Instant | None = None
    """When pending points become active, where that is known."""
    expires_at: Instant | None = None
    """When these points expire: the first of them."""
    days: int | None = None
    """Of a notice: how many days ahead it is given."""
    owed: int = 0
    """How many of these points could not be taken and are owed."""
    forgiven: int = 0
    """How many of these points could not be taken and are not owed either: the shop bears them."""
    reason: str = ""


class PointsEarned(Envelope, frozen=True, kw_only=True, tag="points.earned"):
    """An order or an interaction earned points, pending or active; or staff gave some (source `correction`)."""

    data: PointsChange


class PointsActivated(Envelope, frozen=True, kw_only=True, tag="points.activated"):
    """Pending points can be spent now."""

    data: PointsChange


class PointsRedeemed(Envelope, frozen=True, kw_only=True, tag="points.redeemed"):
    """Points were spent."""

    data: PointsChange


class PointsRestored(Envelope, frozen=True, kw_only=True, tag="points.restored"):
    """Points that were spent, or had expired, are back."""

    data: PointsChange


class PointsExpiring(Envelope, frozen=True, kw_only=True, tag="points.expiring"):
    """Points expire soon. A notice: nothing was posted, and `posting` is the account's last."""

    data: PointsChange


class PointsExpired(Envelope, frozen=True, kw_only=True, tag="points.expired"):
    """Points expired unspent."""

    data: PointsChange


class PointsClawedBack(Envelope, frozen=True, kw_only=True, tag="points.clawed-back"):
    """What an order had earned was taken back, since it was refunded or cancelled; or staff took some."""

    data: PointsChange


LoyaltyPointsEvent = (
    PointsEarned | PointsActivated | PointsRedeemed | PointsRestored | PointsExpiring | PointsExpired | PointsClawedBack
)

MemberState = Literal["active", "left", "blocked"]
How = Literal["event", "first_order", "http"]


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A member's state, whole, with each change."""

    customer: str
    state: MemberState
    joined_at: Instant
    """Orders from then on earn."""
    how: How
    """How they joined."""
    programme: int = 0
    """Version of the programme by which they joined; 0: it was not told."""
    reason: str = ""
    """Empty, and here for older readers: what staff wrote stays in loyalty, where it can be erased."""


class MemberJoined(Envelope, frozen=True, kw_only=True, tag="member.joined"):
    """A customer became a member, or came back."""

    data: Membership


class MemberLeft(Envelope, frozen=True, kw_only=True, tag="member.left"):
    """A member left: what was earned stays, and nothing more is."""

    data: Membership


class MemberBlocked(Envelope, frozen=True, kw_only=True, tag="member.blocked"):
    """Staff blocked a member, who earns and spends nothing until unblocked."""

    data: Membership


class MemberUnblocked(Envelope, frozen=True, kw_only=True, tag="member.unblocked"):
    """Staff let a member earn and spend again."""

    data: Membership


LoyaltyMembersEvent = MemberJoined | MemberLeft | MemberBlocked | MemberUnblocked

Direction = Literal["up", "down"]
TierReason = Literal["reached", "reviewed", "recounted", "programme", "merged"]
"""`reached`: at once, by what was done; `reviewed`: a review found too little, and the time of grace is over;
`recounted`: what the tier was reached by was taken back; `programme`: the shop's programme changed; `merged`: who is
one person with whom changed."""


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """A level of the programme."""

    id: str
    name: str
    percent: int = 100
    """What its members earn: 150 is one and a half times as many points."""
    benefits: list[str] = []


class TierChange(msgspec.Struct, frozen=True, kw_only=True):
    """Another tier. Of a person with several identities: `customer` is whom they are counted as."""

    customer: str
    before: Tier | None
    """None: the programme had no tiers."""
    after: Tier | None
    """None: the programme has no tiers any more."""
    direction: Direction
    reason: TierReason
    programme: int
    """Version of the programme."""
    since: Instant
    """When the shop's day began on which it holds first."""
    review_at: Instant | None = None
    """When it is reviewed next; None: never, or another change followed at once."""


class TierChanged(Envelope, frozen=True, kw_only=True, tag="tier.changed"):
    """A member is on another tier."""

    data: TierChange


LoyaltyTiersEvent = TierChanged

RewardKind = Literal["percent", "amount", "shipping", "product", "voucher", "entitlement", "wallet"]
RewardWhy = Literal["points", "gift"]
"""`points`: the customer spent points on it; `gift`: it costs none."""


class RewardWorth(msgspec.Struct, frozen=True, kw_only=True):
    """Money, in minor units."""

    amount: int
    currency: str


class RewardChange(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one reward of one customer, whole. Vouchers' codes are not told here."""

    customer: str
    redemption: str
    """Its id, the same in all events of it, and the source of the points' postings."""
    reward: str
    """Id in the shop's catalogue."""
    version: int
    """Of the reward in the catalogue."""
    kind: RewardKind
    name: str
    worth: RewardWorth
    points: int
    """Points that it cost."""
    why: RewardWhy
    gives: str = ""
    """The product, the entitlement, `free` or `fast` shipping; empty for the rest."""
    quantity: int = 1
    order: str | None = None
    """The order that it is used on."""
    expires_at: Instant | None = None
    days: int | None = None
    """Of a notice: how many days ahead it is given."""
    reason: str = ""
    """Of one that was taken back: `order`, its order was cancelled or wholly refunded; else the word of staff."""


class RewardGranted(Envelope, frozen=True, kw_only=True, tag="reward.granted"):
    """A reward is the customer's. Entitlements and money to a wallet are to be granted on this.

    Again where one that was taken back with its order is theirs once more, since the order stands again.
    """

    data: RewardChange


class RewardRedeemed(Envelope, frozen=True, kw_only=True, tag="reward.redeemed"):
    """A reward was used; some are as soon as they are granted."""

    data: RewardChange


class RewardExpiring(Envelope, frozen=True, kw_only=True, tag="reward.expiring"):
    """A reward that is not used expires soon. A notice."""

    data: RewardChange


class RewardExpired(Envelope, frozen=True, kw_only=True, tag="reward.expired"):
    """A reward expired unused. Its points do not come back."""

    data: RewardChange


class RewardRevoked(Envelope, frozen=True, kw_only=True, tag="reward.revoked"):
    """A reward was taken back: by staff, or an entitlement with the order it was got on. Whoever granted it ends it."""

    data: RewardChange


LoyaltyRewardsEvent = RewardGranted | RewardRedeemed | RewardExpiring | RewardExpired | RewardRevoked
