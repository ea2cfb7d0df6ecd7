"""Why an order got its points, in words: from what `entitlement` found, and so from what is kept of the order. Pure.

Each sentence has a key and its values beside it, so that it can be told in another language.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from services.loyalty.earning.domain.capping import Cut
from services.loyalty.earning.domain.context import ALL_RULES
from services.loyalty.earning.domain.entitlement import Entitlement, Outcome
from services.loyalty.programmes import Fixed, PerPiece, Programme, Rate, Rule
from shared.kernel import minor_digits

_DIGITS = 6
_CONDITIONS = {
    "product": "none of its products is among those of the rule",
    "category": "none of its lines is in a category of the rule",
    "brand": "none of its lines is of a brand of the rule",
    "channel": "it came by another channel",
    "spend": "its amount lies outside the rule's limits",
    "dates": "it lies outside the days of the rule",
    "hours": "it lies outside the hours of the rule",
    "weekdays": "it was another day of the week",
    "segment": "the customer was in none of the segments",
    "tier": "the customer was on another tier",
    "nth": "it is the customer's number {number}",
    "first": "it is the customer's number {number}",
    "any": "none of several conditions holds",
    "not": "a condition holds that must not",
}
_PERIODS = {
    "order": "for one order",
    "day": "a day",
    "month": "a month",
    "total": "in all",
    "posting": "at a time",
}
_ROUNDED = {"down": "rounded down", "up": "rounded up", "half_up": "rounded half up", "half_even": "rounded half even"}


class Sentence(NamedTuple):
    """One step of the reasoning."""

    key: str
    text: str
    values: dict[str, str | int]


class Reasons(NamedTuple):
    """Why a rule gave what it gave."""

    rule: str
    name: str
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """All sentences."""
        return " ".join(sentence.text for sentence in self.sentences)


def reasons_of(found: Entitlement, programme: Programme, number: int, *, stands: bool = True) -> tuple[Reasons, ...]:
    """By rule, in the programme's order. `number`: the context's; `stands`: the order's."""
    rules = {rule.id: rule for rule in programme.rules}
    return tuple(
        Reasons(
            one.rule,
            rules[one.rule].name,
            (*_sentences(one, rules[one.rule], programme, number), *_back(one, stands=stands)),
        )
        for one in found.outcomes
    )


def money_text(amount: int, currency: str) -> str:
    """Minor units as people write them: `84.00 EUR`."""
    return f"{Decimal(amount).scaleb(-minor_digits(currency)):f} {currency}"


def _sentences(one: Outcome, rule: Rule, programme: Programme, number: int) -> list[Sentence]:
    match one.verdict:
        case "currency":
            currency = (rule.earn.currency if isinstance(rule.earn, Rate) else None) or programme.currency
            return [_say("currency", "No points: it is not in {currency}.", currency=currency)]
        case "condition":
            assert one.failed is not None, "says which condition failed"
            why = _CONDITIONS[one.failed.kind].format(number=number)
            return [_say(f"condition.{one.failed.kind}", f"No points: {why}.", field=one.failed.field, number=number)]
        case "outdone":
            return [_say("outdone", "Not counted: rule {by} counts instead.", by=one.outdone_by)]
        case _:
            return [*_worked_out(one, rule, programme), *(_cut(cut) for cut in one.cuts)]


def _worked_out(one: Outcome, rule: Rule, programme: Programme) -> list[Sentence]:
    said = [_given(one, rule, programme)]
    if one.percent != 100:
        said.append(_say("percent", "{percent} % by tier.", percent=one.percent))
    if one.exact[1] != 1:
        how = _ROUNDED[programme.rounding]
        exact = f"{round(Decimal(one.exact[0]) / one.exact[1], _DIGITS).normalize():f}"
        said.append(_say("rounded", "{exact} " + how + " to {points}.", exact=exact, points=one.rounded))
    else:
        said.append(_say("makes", "That makes {points}.", points=one.rounded))
    return said


def _given(one: Outcome, rule: Rule, programme: Programme) -> Sentence:
    earn = rule.earn
    match earn:
        case Rate():
            currency = earn.currency or programme.currency
            per, amount = money_text(earn.per, currency), money_text(one.amount, currency)
            return _say("rate", "{points} for each {per} of {amount}.", points=earn.points, per=per, amount=amount)
        case PerPiece():
            return _say("piece", "{points} for each of {pieces} pieces.", points=earn.points, pieces=one.pieces)
        case Fixed():
            return _say("fixed", "{points} points.", points=earn.points)


def _cut(cut: Cut) -> Sentence:
    period, whose = _PERIODS[cut.per], "all rules together" if cut.rule == ALL_RULES else "this rule"
    text = f"At most {{cap}} {period} by {whose}, {{used}} earned before: {{after}} of {{before}}."
    return _say(f"cap.{cut.per}", text, cap=cut.points, used=cut.used, before=cut.before, after=cut.after)


def _back(one: Outcome, *, stands: bool) -> list[Sentence]:
    taken = one.earned - one.kept
    if not taken:
        return []
    if not stands:
        return [_say("cancelled", "Taken back, since the order was cancelled.", taken=taken)]
    return [_say("back", "{taken} taken back for what came back; {kept} are left.", taken=taken, kept=one.kept)]


def _say(key: str, text: str, **values: str | int) -> Sentence:
    return Sentence(key, text.format(**values), values)
