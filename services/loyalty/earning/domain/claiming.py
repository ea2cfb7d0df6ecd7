"""Which rules apply to an order, what each would give by itself, and which of them count where they meet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.loyalty.earning.domain.context import Context
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
    values: dict[int, int]
    """By place of the part, exactly, in shares of `unit`. Of fixed points, the part's share of them."""
    unit: int
    """So many shares make a point."""

    @property
    def is_fixed(self) -> bool:
        """Whether it stacks as a whole, rather than by line."""
        return isinstance(self.rule.earn, Fixed)

    def gives_more(self, than: Claim, place: int | None = None) -> bool:
        """On a part, or on all of its own."""
        one, other = [sum(claim.values.values()) if place is None else claim.values[place] for claim in (self, than)]
        return one * than.unit > other * self.unit


class Standing(NamedTuple):
    """What a claim comes to beside the others."""

    claim: Claim
    won: dict[int, int]
    """Its values where it counts."""
    outdone_by: str = ""
    """The rule that counts instead, where it counts nowhere."""

    @property
    def shares(self) -> int:
        """All in all, in shares of the claim's unit."""
        return sum(self.won.values())


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
    matched, failed = list(enumerate(case.parts)), None
    if rule.when is not None:
        facts = Facts(case.purchase, case.context, case.parts[0].line, currency)
        verdicts = [judge(rule.when, facts._replace(line=part.line)) for part in case.parts]
        matched, failed = [one for one in matched if verdicts[one[0]] is None], verdicts[0]
    if not matched:
        return Refused(failed)
    percent = case.percent if rule.by_tier else 100
    return Claim(place, rule, percent, *_values(rule, matched, percent))


def _values(rule: Rule, matched: Sequence[tuple[int, Part]], percent: int) -> tuple[dict[int, int], int]:
    earn = rule.earn
    match earn:
        case Rate():
            times = earn.points * percent
            return {place: part.amount * times for place, part in matched}, earn.per * 100
        case PerPiece():
            times = earn.points * percent
            return {place: max(0, part.line.quantity) * times for place, part in matched}, 100
        case Fixed():
            amounts = [part.amount for _, part in matched]
            weights = amounts if any(amounts) else [max(0, part.line.quantity) for _, part in matched]
            weights = weights if any(weights) else [1] * len(matched)
            times = earn.points * percent
            shares = {place: weight * times for (place, _), weight in zip(matched, weights, strict=True)}
            return shares, 100 * sum(weights)


def stacked(claims: Sequence[Claim], how: Stacking) -> list[Standing]:
    """What each comes to. Fixed points stack as a whole, all else line by line; of equal ones the first counts."""
    if how == "sum":
        return [Standing(claim, claim.values) for claim in claims]
    fixed = [claim for claim in claims if claim.is_fixed]
    return [*_whole(fixed, how), *_by_line([claim for claim in claims if not claim.is_fixed], how)]


def _whole(fixed: Sequence[Claim], how: Stacking) -> list[Standing]:
    if not fixed:
        return []
    best = fixed[0]
    if how == "best":
        for claim in fixed:
            best = claim if claim.gives_more(best) else best
    return [Standing(one, one.values) if one is best else Standing(one, {}, best.rule.id) for one in fixed]


def _by_line(claims: Sequence[Claim], how: Stacking) -> list[Standing]:
    winners: dict[int, Claim] = {}
    for claim in claims:
        for place in claim.values:
            now = winners.get(place)
            if now is None or (how == "best" and claim.gives_more(now, place)):
                winners[place] = claim
    found = []
    for claim in claims:
        won = {place: value for place, value in claim.values.items() if winners[place] is claim}
        found.append(Standing(claim, won, "" if won else winners[min(claim.values)].rule.id))
    return found
