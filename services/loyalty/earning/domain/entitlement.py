"""What an order or an interaction is entitled to: points by rule and line, each with its reason. Pure.

`entitlement` is a function of what is known of the order, the programme's version and the order's context, and of
nothing else: whoever asks again, in whatever order refunds came, is told the same. What is posted is the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from services.loyalty.earning.domain.allotting import allot, rounded
from services.loyalty.earning.domain.capping import Cut, capped
from services.loyalty.earning.domain.claiming import Case, Claim, Refused, Standing, claimed, is_on, stacked
from services.loyalty.earning.domain.context import Context
from services.loyalty.earning.domain.judging import Failed
from services.loyalty.earning.domain.purchase import ALL_LEFT, Purchase, parts_of, shares_left
from services.loyalty.programmes import Programme

Verdict = Literal["counted", "nothing", "condition", "currency", "outdone", "capped"]
"""`nothing`: it applies and comes to no whole point; `outdone`: another rule counts on all its lines instead."""


class Share(NamedTuple):
    """Points of a rule on one line."""

    line: str
    earned: int
    """Before refunds."""
    kept: int


class Outcome(NamedTuple):
    """What one rule gives, and why."""

    rule: str
    verdict: Verdict
    failed: Failed | None = None
    """The condition that does not hold; of an order, for its first line."""
    outdone_by: str = ""
    amount: int = 0
    """What the lines on which the rule counts cost, in minor units, before refunds."""
    pieces: int = 0
    percent: int = 100
    """By the customer's tier."""
    exact: tuple[int, int] = (0, 1)
    """Numerator and denominator, before rounding."""
    rounded: int = 0
    cuts: tuple[Cut, ...] = ()
    earned: int = 0
    """After caps, before refunds."""
    kept: int = 0
    shares: tuple[Share, ...] = ()


class Entitlement(NamedTuple):
    """Of one order or interaction: an outcome for each rule on its kind, in the programme's order."""

    outcomes: tuple[Outcome, ...]

    @property
    def points(self) -> int:
        """What it is entitled to now."""
        return sum(outcome.kept for outcome in self.outcomes)

    @property
    def earned(self) -> int:
        """What it would be without refunds, if it stands: counts against caps."""
        return sum(outcome.earned for outcome in self.outcomes)

    def by_rule(self) -> dict[str, int]:
        """Points now, by rule; rules that give nothing are left out."""
        return {outcome.rule: outcome.kept for outcome in self.outcomes if outcome.kept}

    def by_line(self) -> dict[tuple[str, str], int]:
        """Points now, by rule and line; what is nothing is left out."""
        return {
            (outcome.rule, share.line): share.kept
            for outcome in self.outcomes
            for share in outcome.shares
            if share.kept
        }


class Given(NamedTuple):
    """Points of a rule: as rounded, after caps, and what caps cut."""

    rounded: int
    points: int
    cuts: tuple[Cut, ...]


def entitlement(purchase: Purchase, programme: Programme, context: Context) -> Entitlement:
    """The function that the module tells of.

    1. Each rule is judged on each line. 2. Rules that meet stack. 3. What a rule gives is rounded once. 4. Caps.
    5. It is parted among the lines. 6. Each line keeps the share of it that refunds left.
    """
    case = Case(purchase, parts_of(purchase), programme, context)
    left = shares_left(purchase, case.parts)
    rules = [rule for rule in programme.rules if is_on(rule, purchase)]
    judged = [claimed(place, rule, case) for place, rule in enumerate(rules)]
    standings = stacked([one for one in judged if isinstance(one, Claim)], programme.stacking)
    whole = {one.claim.place: rounded(one.shares, one.claim.unit, programme.rounding) for one in standings}
    points, cuts = capped([(rules[place], whole[place]) for place in sorted(whole)], programme.caps, context)
    found = {
        place: Outcome(rules[place].id, "currency" if one.failed is None else "condition", failed=one.failed)
        for place, one in enumerate(judged)
        if isinstance(one, Refused)
    }
    for one in standings:
        rule = one.claim.rule.id
        given = Given(whole[one.claim.place], points[rule], cuts.get(rule, ()))
        found[one.claim.place] = _outcome(one, given, case, left)
    return Entitlement(tuple(found[place] for place in range(len(rules))))


def _outcome(one: Standing, given: Given, case: Case, left: Sequence[Fraction]) -> Outcome:
    claim, places = one.claim, sorted(one.won)
    if one.outdone_by:
        return Outcome(claim.rule.id, "outdone", outdone_by=one.outdone_by, percent=claim.percent)
    parts = [case.parts[place] for place in places]
    shares = tuple(
        Share(part.line.line_id, earned, earned - _taken_back(earned, left[place], case.programme))
        for place, part, earned in zip(
            places, parts, allot(given.points, [one.won[place] for place in places]), strict=True
        )
    )
    return Outcome(
        claim.rule.id,
        "counted" if given.points else "capped" if given.rounded else "nothing",
        amount=sum(part.amount for part in parts),
        pieces=sum(part.line.quantity for part in parts),
        percent=claim.percent,
        exact=Fraction(one.shares, claim.unit).as_integer_ratio(),
        rounded=given.rounded,
        cuts=given.cuts,
        earned=given.points,
        kept=sum(share.kept for share in shares),
        shares=shares,
    )


def _taken_back(earned: int, left: Fraction, programme: Programme) -> int:
    if left is ALL_LEFT:
        return 0
    # What is left of nothing is nothing, however it is rounded.
    gone = left.denominator - left.numerator
    return earned if not left else rounded(earned * gone, left.denominator, programme.taken_back)
