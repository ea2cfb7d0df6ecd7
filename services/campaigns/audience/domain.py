"""Profiles: what is known of an identity, and of a person, who may be several. Pure.

What events tell joins in any order: contacts, points and tiers by the greatest sequence, stages by their numbers,
orders by the algebra of `shared.orders`. Instants are microseconds of the Unix epoch, amounts are minor units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from shared.orders import GUEST, OrderState, first_completion, status, worth

Key = tuple[int, int]
"""Shop and identity."""


class Contacts(NamedTuple):
    """Where somebody can be reached, and how they are called: the last word of `customers.v1`."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    shop_customer_id: str | None = None
    birthday: str | None = None
    """As `shared.kernel.Birthday.text` writes it."""


NOTHING = Contacts()
PASSIVE_MIN, PROMOTER_MIN = 7, 9
SEPARATOR = "\x1f"
"""No text that is kept has it: lists go to the database as texts between such."""


class Line(NamedTuple):
    """A line of an order, by what it may be asked for."""

    line: str
    product: str
    sku: str
    category: str


_ENCODER = msgspec.json.Encoder()
_LINES = msgspec.json.Decoder(tuple[Line, ...])


class Goods(NamedTuple):
    """What an order holds that was not sent back: sorted, each once."""

    products: tuple[str, ...] = ()
    """By id and by SKU."""
    categories: tuple[str, ...] = ()


class Purchase(NamedTuple):
    """An order that counts."""

    customer: int
    at: int
    """Of its first completion."""
    currency: str
    net: int
    goods: Goods


class StageTold(NamedTuple):
    """A change of stage, or that one is taken back."""

    number: int
    day: int
    stage: str
    retracted: bool


class PointsTold(NamedTuple):
    """What an account held after a posting."""

    sequence: int
    active: int
    pending: int
    owed: int


class Named(NamedTuple):
    """A state that an event tells whole: the tier as (id, name), or the membership as (state, "")."""

    sequence: int
    id: str
    name: str


class Answered(NamedTuple):
    """What a customer answered to a survey, in numbers. The last is the greatest (instant, id of the answer)."""

    at: int
    answer: str
    survey: str
    kind: str
    score: int | None
    """On the scale of its kind; None of a form."""

    @property
    def turn(self) -> tuple[int, str]:
        """By which one answer follows another."""
        return self.at, self.answer


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer said of the customer: options that were chosen, or a number. The last word holds."""

    at: int
    answer: str
    values: tuple[str, ...] = ()
    number: int | None = None

    @property
    def turn(self) -> tuple[int, str]:
        """By which one answer follows another."""
        return self.at, self.answer


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one identity."""

    customer: int
    contacts: Contacts = NOTHING
    erased: bool = False
    orders: int = 0
    money: Mapping[str, int] = field(default_factory=dict)
    """Net revenue of counted orders, by currency."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Counted orders, by currency."""
    first_order_at: int | None = None
    last_order_at: int | None = None
    stage: str | None = None
    points: int = 0
    pending: int = 0
    owed: int = 0
    tier: str | None = None
    tier_name: str | None = None
    member: str | None = None
    """`active`, `left` or `blocked`; None: never joined."""
    last_answer: Answered | None = None
    """To any survey."""
    last_nps: Answered | None = None
    """To one of kind `nps` that has a score."""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """What surveys found out, by the attribute that a question writes."""


@dataclass(frozen=True, slots=True)
class Person:
    """All identities of a customer, as one."""

    shop: int
    profile: Profile
    """The whole, under the identity that the person is counted as."""
    identities: tuple[int, ...]


def purchase_of(state: OrderState) -> Purchase | None:
    """What an order counts for; None for nothing, or for nobody."""
    content, first = state.content, first_completion(state)
    net = worth(status(state), content, state.refunds.values())
    if content is None or first is None or net is None or content.customer == GUEST:
        return None
    return Purchase(content.customer, first[0], content.currency, net, goods_of(state))


def goods_of(state: OrderState) -> Goods:
    """Of the lines of which a piece at least was kept. An order from before lines were kept here holds nothing."""
    content = state.content
    if content is None or not content.detail:
        return Goods()
    left = Counter(dict(content.lines))
    for refund in state.refunds.values():
        left.subtract(dict(refund.items))
    lines = [one for one in _LINES.decode(content.detail) if left[one.line] > 0]
    products = {name for one in lines for name in (one.product, one.sku) if name}
    return Goods(tuple(sorted(products)), tuple(sorted({one.category for one in lines if one.category})))


def lines_as_detail(lines: Sequence[Line]) -> bytes:
    """As `Content.detail` holds them."""
    return _ENCODER.encode(lines) if lines else b""


def nps_group(score: int | None) -> str | None:
    """`detractor` (0 to 6), `passive` (7 and 8) or `promoter`; None without a score."""
    if score is None:
        return None
    return "promoter" if score >= PROMOTER_MIN else "passive" if score >= PASSIVE_MIN else "detractor"


def stage_of(told: Iterable[StageTold]) -> str | None:
    """The stage that stands: that of the last change that was not taken back; None while none is known."""
    standing = [one for one in told if not one.retracted]
    return max(standing, key=lambda one: (one.day, one.number)).stage if standing else None


def joined(shop: int, canonical: int, profiles: Sequence[Profile]) -> Person:
    """A person of these identities. Sums are of all; what is one's own, such as a contact, is the canonical one's,
    and where that has none, of the identity with the greatest number that has."""
    ranked = sorted(profiles, key=lambda one: (one.customer == canonical, one.customer), reverse=True)
    money: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for one in ranked:
        money.update(one.money)
        counts.update(one.counts)
    firsts = [one.first_order_at for one in ranked if one.first_order_at is not None]
    lasts = [one.last_order_at for one in ranked if one.last_order_at is not None]
    tier = next((one for one in ranked if one.tier is not None), None)
    members = {one.member for one in ranked if one.member is not None}
    whole = Profile(
        customer=canonical,
        contacts=_contacts(ranked),
        erased=bool(ranked) and all(one.erased for one in ranked),
        orders=sum(one.orders for one in ranked),
        money=dict(sorted(money.items())),
        counts=dict(sorted(counts.items())),
        first_order_at=min(firsts, default=None),
        last_order_at=max(lasts, default=None),
        stage=next((one.stage for one in ranked if one.stage is not None), None),
        points=sum(one.points for one in ranked),
        pending=sum(one.pending for one in ranked),
        owed=sum(one.owed for one in ranked),
        tier=None if tier is None else tier.tier,
        tier_name=None if tier is None else tier.tier_name,
        member=next((state for state in ("blocked", "active", "left") if state in members), None),
        attributes=_attributes(ranked),
        last_answer=_last(one.last_answer for one in ranked),
        last_nps=_last(one.last_nps for one in ranked),
    )
    return Person(shop, whole, tuple(sorted({canonical, *(one.customer for one in ranked)})))


def _attributes(profiles: Sequence[Profile]) -> dict[str, Attribute]:
    """Of each the last word of any identity."""
    found: dict[str, Attribute] = {}
    for name, one in (pair for profile in profiles for pair in profile.attributes.items()):
        found[name] = max(found.get(name, one), one, key=lambda either: either.turn)
    return dict(sorted(found.items()))


def _last(answers: Iterable[Answered | None]) -> Answered | None:
    return max((one for one in answers if one is not None), key=lambda one: one.turn, default=None)


def _contacts(ranked: Sequence[Profile]) -> Contacts:
    """Field by field, so that a guest's phone stays known beside a member's address."""
    return Contacts(
        *(
            next((one.contacts[at] for one in ranked if one.contacts[at] is not None), None)
            for at in range(len(Contacts._fields))
        )
    )
