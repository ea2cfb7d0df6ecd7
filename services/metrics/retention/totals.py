"""How many customers stand behind a number: the number itself, from counters wherever they have it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from services.metrics.counters import Line, Measure, sums_until
from services.metrics.orders import Choice, count_listed
from services.metrics.retention.answering import Basis, answers
from services.metrics.retention.domain.figures import Asked
from services.metrics.retention.store import return_rates_at
from shared.contracts.metrics import Retention
from shared.db import Reads


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a list stands behind, as of a day (an ordinal); for return rates, of which one."""

    of: str
    day: int
    return_days: int | None = None


async def total_of(reads: Reads, basis: Basis, asked: Asked, number: Number, choice: Choice) -> int:
    """The number as it is shown elsewhere. Only a cohort's is counted one by one: its cells are those of today."""
    counters, day = basis.counters, number.day
    if number.of == "cohort":
        return await count_listed(reads, counters.shop, counters.generation, choice)
    if number.of in ("first_purchase", "returned"):
        [rate] = [rate for rate in await return_rates_at(reads, counters, day) if rate.days == number.return_days]
        return rate.returned if number.of == "returned" else rate.customers
    if number.of == "lifetime_repeat":
        [sums] = await sums_until(reads, counters, [Line(Measure.AT_LEAST, 0, gaps=(2, 2))], [day])
        return int(sums[0])
    [answer] = await answers(reads, basis, asked, [day])
    return number_in(answer, number.of)


def number_in(answer: Retention, of: str) -> int:
    """The number of an answer that a list stands behind. KeyError for one that it does not have."""
    if of == "joined":
        return answer.new + answer.won_back
    return int(msgspec.structs.asdict(answer)["lifetime_customers" if of == "lifetime" else of])
