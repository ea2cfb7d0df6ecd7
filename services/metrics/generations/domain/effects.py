"""Which figures a changed setting changes, said in words. Pure."""

from __future__ import annotations

from typing import NamedTuple

from shared.contracts.shops import Shop


class Effect(NamedTuple):
    """What one changed setting does."""

    setting: str
    key: str
    """Under which a console may keep the text in another language."""
    text: str


_TEXTS = {
    "zone": "Every order is dated anew, so every figure of every day may change",
    "calendar": "Cohorts and series are cut into other months, and the books close with other months",
    "windows": "Windows that are kept ready are answered at once, others order by order; no figure changes",
    "loyal_over": "Loyal customers and their rate are counted anew",
    "periods": "Periods that are kept ready on basis booked are answered at once; no figure changes",
    "closing_days": "Months close earlier or later: figures on basis booked are counted anew",
    "lifecycle": "Stages of all customers are worked out anew; changes that are not true any more are taken back",
    "week_start": "Weeks of series begin on another day; nothing is counted anew",
    "currency": "Money is shown in another currency where none is asked for, and orders without one are taken for it",
    "benchmark": "Another published average stands beside the retention rate",
    "phone_region": "Phones without a country code are read in another way from now on",
    "blocked_identifiers": "These values identify nobody from now on",
    "clock": "The shop's time follows its events, or the wall clock: what falls due meanwhile is caught up with",
    "name": "Shown to people",
    "languages": "Shown to people",
    "dead_letter_days": "Bodies of dead letters that are older are deleted; no figure changes",
    "inactive_months": "Contacts of customers who were not heard of for so long are erased; no figure changes",
    "visit_months": "Days of visits that are older are deleted; no figure changes",
}


def effects_of(before: Shop, after: Shop) -> list[Effect]:
    """What changes from one to the other, setting by setting; those of lifecycle by their own names."""
    found = []
    for name, text in _TEXTS.items():
        one, other = getattr(before, name), getattr(after, name)
        if one == other:
            continue
        names = [name]
        if name == "lifecycle":
            parts = one.__struct_fields__
            names = [f"lifecycle.{part}" for part in parts if getattr(one, part) != getattr(other, part)]
        found += [Effect(setting, name, text) for setting in names]
    return found
