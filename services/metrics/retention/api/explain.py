"""How a figure came about, over HTTP: formula, the numbers in it, whom they are about, and who stands behind each."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.metrics.questions import OnDay, day_until, today_in
from services.metrics.retention.answering import answers, basis_of, return_rates
from services.metrics.retention.api.explained import ExplainAnswer
from services.metrics.retention.api.routes import AskedDep, CallerDep, in_time
from services.metrics.retention.domain.explaining import (
    DEFINITIONS,
    TERMS,
    Definition,
    Figure,
    filled,
    plain,
    stretch,
    symbols_in,
)
from services.metrics.retention.domain.figures import RETURN_DAYS, Asked, ReturnRate
from services.metrics.retention.totals import number_in
from shared.contracts.metrics import Retention
from shared.web import ClockDep, DatabaseDep, FieldError, invalid

router = APIRouter(prefix="/v1/retention", tags=["retention"])
ReturnDays = Annotated[
    Literal["30", "60", "90"] | None, Query(description="With `figure=return_rate`: within how many days. Default: 30.")
]


@router.get("/{as_of}/explain", response_model=ExplainAnswer, summary="How a figure came about")
async def explain(
    *,
    caller: CallerDep,
    database: DatabaseDep,
    clock: ClockDep,
    as_of: OnDay,
    figure: Annotated[Figure, Query(description="The figure, by its name in the answers.", examples=["crr"])],
    asked: AskedDep,
    return_days: ReturnDays = None,
) -> Response:
    """The formula in words, in symbols and with the numbers put in; window and period as days; the base; maturity.

    Beside each number of customers stands the address of its list, relative to this one. Every text has a key under
    which a console may keep it in another language.
    """
    if return_days is not None and figure != "return_rate":
        raise invalid(FieldError("query.return_days", "goes with figure=return_rate only"))
    within = int(return_days or RETURN_DAYS[0])
    async with database.read(caller.shop_id) as reads:
        basis = await basis_of(reads, caller.shop)
        day = day_until("as_of", as_of, today_in(basis.zone, clock), where="path")
        async with in_time(basis, asked):
            [answer] = await answers(reads, basis, asked, [day])
        rates = await return_rates(reads, basis, day, booked=asked.basis == "booked")
    [rate] = [rate for rate in rates if rate.days == within]
    body = _explained(figure, asked, answer, rate)
    return Response(msgspec.json.encode(body), media_type="application/json")


def _explained(figure: str, asked: Asked, answer: Retention, rate: ReturnRate) -> dict[str, Any]:
    definition = DEFINITIONS[figure]
    terms = symbols_in(definition.symbols + definition.check)
    numbers = {symbol: _number(TERMS[symbol].name, answer, rate) for symbol in terms}
    value = _value(figure, answer, rate)
    days = {name: _days(*of) for name, of in stretch(asked, answer.as_of.toordinal()).items()}
    mature = rate.customers > 0 if figure == "return_rate" else answer.mature
    return {
        "figure": figure,
        "name": _text(figure, "name", definition.name),
        "value": value,
        "unit": definition.unit,
        "as_of": answer.as_of,
        "basis": answer.basis,
        "currency": answer.currency,
        "window": days["window"] if definition.window else None,
        "period": days["period"] if definition.period else None,
        "return_days": rate.days if figure == "return_rate" else None,
        "loyal_over": asked.loyal_over if "Y" in terms else None,
        "formula": {
            "words": _text(figure, "words", definition.words),
            "symbols": plain(definition.symbols),
            "numbers": f"{filled(definition.symbols, numbers)} = {_shown(value)}",
        },
        "base": _text(figure, "base", definition.base) if definition.base else None,
        "terms": [_term(symbol, numbers[symbol], asked, answer, rate) for symbol in terms],
        "checks": _checks(definition, numbers),
        "mature": mature,
        "maturity": _maturity(mature, figure),
        "benchmark": answer.benchmark if figure == "crr" else None,
    }


def _term(symbol: str, value: int, asked: Asked, answer: Retention, rate: ReturnRate) -> dict[str, Any]:
    term = TERMS[symbol]
    return {
        "symbol": symbol,
        "name": _text("terms", term.name, term.words),
        "value": value,
        "unit": term.unit,
        "customers": _address(term.of, asked, answer.currency, rate.days) if term.of else None,
    }


def _address(of: str, asked: Asked, currency: str, return_days: int) -> str:
    about: dict[str, Any] = {"of": of, "window_days": asked.window, "period_days": asked.period}
    if of in ("first_purchase", "returned"):
        about = {"of": of, "return_days": return_days}
    if of == "loyal":
        about["loyal_over"] = asked.loyal_over
    if asked.basis != "restated":
        about["basis"] = asked.basis
    return f"customers?{urlencode(about | {'currency': currency})}"


def _number(name: str, answer: Retention, rate: ReturnRate) -> int:
    match name:
        case "first_purchase":
            return rate.customers
        case "returned":
            return rate.returned
        case "revenue":
            return answer.revenue.amount
        # A ratio of whole numbers times its base is the whole number again: both are far below 2**52.
        case "customer_orders":
            return round((answer.frequency or 0) * answer.held)
        case "lifetime_repeat":
            return round((answer.lifetime_rpr or 0) * answer.lifetime_customers)
        case _:
            return number_in(answer, name)


def _value(figure: str, answer: Retention, rate: ReturnRate) -> Any:
    match figure:
        case "return_rate":
            return rate.rate
        case "joined":
            return number_in(answer, figure)
        case "aov":
            return None if answer.aov is None else answer.aov.amount
        case "revenue":
            return answer.revenue.amount
        case _:
            return getattr(answer, figure)


def _checks(definition: Definition, numbers: dict[str, int]) -> list[dict[str, Any]]:
    if not definition.check:
        return []
    holds = numbers["E"] == numbers["S"] + numbers["N"] - numbers["L"]
    return [{"symbols": plain(definition.check), "numbers": filled(definition.check, numbers), "holds": holds}]


def _maturity(mature: bool, figure: str) -> dict[str, str]:
    if mature:
        return _text("maturity", "mature", "The shop's history covers all days that this looks at")
    if figure == "return_rate":
        return _text("maturity", "nobody", "No customer's first order is old enough yet")
    return _text("maturity", "young", "The shop's history is shorter than window and period together: read with care")


def _text(room: str, name: str, text: str) -> dict[str, str]:
    return {"key": f"{room}.{name}", "text": text}


def _days(days: int, first: int, last: int) -> dict[str, Any]:
    return {"days": days, "from": date.fromordinal(first), "to": date.fromordinal(last)}


def _shown(value: float | int | None) -> str:
    if value is None:
        return "nothing: there is nobody to divide by"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
