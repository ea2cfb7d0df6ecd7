"""Points and tiers by brute force, from purchases alone: no refunds, no spending, one rule, one rolling window.

Points of a purchase are the whole dollars of its amount. They last `months` of the calendar, their last day included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from mandegar.recount.measures import Recount

_LOTS = """
SELECT customer, day, net // 100 AS points, (day + to_months($months))::DATE + 1 AS gone
FROM purchase WHERE shop = $shop AND customer IS NOT NULL
"""
_EARNED = f"SELECT strftime(day, '%Y-%m'), sum(points) FROM ({_LOTS}) WHERE points > 0 GROUP BY 1"  # noqa: S608 - ours
_EXPIRED = f"""
SELECT strftime(gone, '%Y-%m'), sum(points) FROM ({_LOTS}) WHERE points > 0 AND gone < $end GROUP BY 1
"""  # noqa: S608 - ours
_LEFT = f"""
SELECT customer, coalesce(sum(points) FILTER (gone >= $end), 0) FROM ({_LOTS}) GROUP BY 1
"""  # noqa: S608 - ours
_SPENT = "SELECT customer, day, sum(net) FROM purchase WHERE shop = $shop AND customer IS NOT NULL GROUP BY ALL"


def earned_by_month(recount: Recount, shop: str, *, months: int) -> dict[str, int]:
    """Month (YYYY-MM) to points that its purchases gave."""
    return dict(recount.connection.execute(_EARNED, {"shop": shop, "months": months}).fetchall())


def expired_by_month(recount: Recount, shop: str, *, months: int, end: date) -> dict[str, int]:
    """Month to points that were gone as a day before `end` began."""
    return dict(recount.connection.execute(_EXPIRED, {"shop": shop, "months": months, "end": end}).fetchall())


def left(recount: Recount, shop: str, *, months: int, end: date) -> dict[str, int]:
    """Customer to points that have not expired on the day before `end`."""
    return dict(recount.connection.execute(_LEFT, {"shop": shop, "months": months, "end": end}).fetchall())


def spent_by_day(recount: Recount, shop: str) -> dict[str, dict[date, int]]:
    """Customer to what they spent on each day, minor units."""
    spent: dict[str, dict[date, int]] = defaultdict(dict)
    for customer, day, net in recount.connection.execute(_SPENT, {"shop": shop}).fetchall():
        spent[customer][day] = int(net)
    return dict(spent)


def tier_changes(
    spent: Mapping[date, int], thresholds: Sequence[int], *, days: int, end: date
) -> list[tuple[date, int]]:
    """(day, place among `thresholds`) of each change before `end`, from place 0 on, whose threshold is 0.

    Up on the day that what was spent in the last `days` days is enough; down, as a day begins, when that day and the
    `days` after the one on which the place was reached are over and their spending is not enough for it, to the place
    that it is enough for. A place that is kept, or fallen to, is looked at again after as many days.
    """

    def highest(last: date) -> int:
        first = last - timedelta(days=days - 1)
        sum_of_window = sum(amount for day, amount in spent.items() if first <= day <= last)
        return max(place for place, threshold in enumerate(thresholds) if threshold <= sum_of_window)

    changes: list[tuple[date, int]] = []
    coming = sorted(spent, reverse=True)
    place, due = 0, date.max
    while (today := min(due, coming[-1] if coming else date.max)) < end:
        if today == due:
            kept = highest(today - timedelta(days=1))
            if kept < place:
                place = kept
                changes.append((today, place))
            due = today + timedelta(days=days) if place else date.max
        if coming and coming[-1] == today:
            coming.pop()
            if (now := highest(today)) > place:
                place, due = now, today + timedelta(days=days + 1)
                changes.append((today, place))
    return changes
