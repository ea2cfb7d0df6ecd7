"""Which rules apply to an order, what each would give by itself, and which of them count where they meet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from services.loyalty.earning.domain.context import Context, LocalTime, local_time
from services.loyalty.earning.domain.judging import Facts, Failed, judge, names_it
from services.loyalty.earning.domain.purchase import Part, Purchase
from services.loyalty.programmes import Fixed, OnInteraction, PerPiece, Programme, Rate, Rule, Stacking


@dataclass(frozen=True, slots=True)
class Case:
    """An order with all that it is judged by."""

    purchase: Purchase
    parts: tuple[Part, ...]
    programme: Programme
    context: Context
    local: LocalTime

    @classmethod
    def of(cls, purchase: Purchase, parts: tuple[Part, ...], programme: Programme, context: Context) -> Case:
        """With the local time of its zone."""
        return cls(purchase, parts, programme, context, local_time(purchase.at, context.zone))

    @property
    def percent(self) -> int:
        """What the customer's tier multiplies by."""
        levels = self.programme.tiers.levels if self.programme.tiers else ()
        return next((level.percent for level in levels if level.id == self.context.tier), 100)


class Refused(NamedTuple):
    """A rule that does not apply."""

    failed: Failed | None
    """None: the order has another currency."""


class Claim(NamedTuple):
    """A rule that applies, and what it would give by itself."""

    place: int
    """Among the rules on orders, or on the interaction."""
    rule: Rule
    percent: int
    values: dict[int, Fraction]
    """By place of the part, exactly. Of fixed points, the part's share of them."""

    @property
    def is_fixed(self) -> bool:
        """Whether it stacks as a whole, rather than by line."""
        return isinstance(self.rule.earn, Fixed)


class Standing(NamedTuple):
    """What a claim comes to beside the others."""

    claim: Claim
    won: dict[int, Fraction]
    """Its values where it counts."""
    outdone_by: str = ""
    """The rule that counts instead, where it counts nowhere."""

    @property
    def exact(self) -> Fraction:
        """Before rounding."""
        return sum(self.won.values(), Fraction(0))


def is_on(rule: Rule, purchase: Purchase) -> bool:
    """Whether the rule is on orders, or on interactions of this name."""
    if isinstance(rule.on, OnInteraction):
        return bool(purchase.interaction) and names_it(purchase.interaction, rule.on.names)
    return not purchase.interaction


def claimed(place: int, rule: Rule, case: Case) -> Claim | Refused:
    """Judge a rule on each line. It applies when one is left."""
    currency = (rule.earn.currency if isinstance(rule.earn, Rate) else None) or case.programme.currency
    if isinstance(rule.earn, Rate) and case.purchase.currency != currency:
        return Refused(None)
    facts = Facts(case.purchase, case.context, case.local, case.parts[0].line, currency)
    verdicts = [judge(rule.when, facts._replace(line=part.line)) for part in case.parts]
    matched = [(place, part) for place, part in enumerate(case.parts) if verdicts[place] is None]
    if not matched:
        return Refused(verdicts[0])
    percent = case.percent if rule.by_tier else 100
    return Claim(place, rule, percent, _values(rule, matched, Fraction(percent, 100)))


def _values(rule: Rule, matched: Sequence[tuple[int, Part]], factor: Fraction) -> dict[int, Fraction]:
    earn = rule.earn
    match earn:
        case Rate():
            return {place: factor * Fraction(part.amount * earn.points, earn.per) for place, part in matched}
        case PerPiece():
            return {place: factor * max(0, part.line.quantity) * earn.points for place, part in matched}
        case Fixed():
            amounts = [part.amount for _, part in matched]
            weights = amounts if any(amounts) else [max(0, part.line.quantity) for _, part in matched]
            weights = weights if any(weights) else [1] * len(matched)
            each = factor * Fraction(earn.points, sum(weights))
            return {place: each * weight for (place, _), weight in zip(matched, weights, strict=True)}


def stacked(claims: Sequence[Claim], how: Stacking) -> list[Standing]:
    """What each comes to. Fixed points stack as a whole, all else line by line; of equal ones the first counts."""
    if how == "sum":
        return [Standing(claim, claim.values) for claim in claims]
    fixed = [claim for claim in claims if claim.is_fixed]
    return [*_whole(fixed, how), *_by_line([claim for claim in claims if not claim.is_fixed], how)]


def _whole(fixed: Sequence[Claim], how: Stacking) -> list[Standing]:
    if not fixed:
        return []
    best = fixed[0] if how == "first" else max(fixed, key=lambda claim: sum(claim.values.values(), Fraction(0)))
    return [Standing(one, one.values) if one is best else Standing(one, {}, best.rule.id) for one in fixed]


def _by_line(claims: Sequence[Claim], how: Stacking) -> list[Standing]:
    winners: dict[int, Claim] = {}
    for claim in claims:
        for place, value in claim.values.items():
            now = winners.get(place)
            if now is None or (how == "best" and value > now.values[place]):
                winners[place] = claim
    found = []
    for claim in claims:
        won = {place: value for place, value in claim.values.items() if winners[place] is claim}
        found.append(Standing(claim, won, "" if won else winners[min(claim.values)].rule.id))
    return found
