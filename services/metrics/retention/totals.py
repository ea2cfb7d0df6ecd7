"""How many customers stand behind a number: the number itself, from counters wherever they have it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from services.metrics.orders import Choice, Question, count_listed
from services.metrics.retention.answering import Basis, answers, return_rates
from services.metrics.retention.domain.figures import Asked
from shared.contracts.metrics import Retention
from shared.db import Reads


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a list stands behind, as of a day (an ordinal); for return rates, of which one."""

    of: str
    day: int
    return_days: int | None = None


async def total_of(
    reads: Reads, basis: Basis, asked: Asked, number: Number, choice: Choice, *, books: Question | None
) -> int:
    """The number as it is shown elsewhere. Only a cohort's is counted one by one: its cells are those of today."""
    counters, day = basis.counters, number.day
    if number.of == "cohort":
        return await count_listed(reads, counters.shop, counters.generation, choice, books)
    if number.of in ("first_purchase", "returned"):
        rates = await return_rates(reads, basis, day, booked=books is not None)
        [rate] = [rate for rate in rates if rate.days == number.return_days]
        return rate.returned if number.of == "returned" else rate.customers
    if number.of == "lifetime_repeat":
        [counts] = await basis.counts_at(reads, asked, [day])
        return counts.trade.lifetime_repeat
    [answer] = await answers(reads, basis, asked, [day])
    return number_in(answer, number.of)


def number_in(answer: Retention, of: str) -> int:
    """The number of an answer that a list stands behind. KeyError for one that it does not have."""
    if of == "joined":
        return answer.new + answer.won_back
    return int(msgspec.structs.asdict(answer)["lifetime_customers" if of == "lifetime" else of])
