"""How explanations look over HTTP, for the API's description."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.metrics.retention.api.answers import BenchmarkAnswer


class TextAnswer(BaseModel):
    """A text in English, and the key under which a console may keep it in another language."""

    key: str
    text: str


class DaysAnswer(BaseModel):
    """Days from the first to the last, both included."""

    days: int
    first: date = Field(alias="from")
    to: date


class FormulaAnswer(BaseModel):
    """One formula, three times."""

    words: TextAnswer
    symbols: str
    numbers: str


class TermAnswer(BaseModel):
    """A whole number in the formula."""

    symbol: str
    name: TextAnswer
    value: int
    unit: str = Field(description="`customers`, `orders`, or `money` in minor units.")
    customers: str | None = Field(description="Address of the list behind it, relative to this one.")


class CrossCheckAnswer(BaseModel):
    """A second way to the same numbers."""

    symbols: str
    numbers: str
    holds: bool


class ExplainAnswer(BaseModel):
    """How a figure came about."""

    figure: str
    name: TextAnswer
    value: float | None = Field(description="As the answers have it; null over nobody.")
    unit: str = Field(description="`ratio`, `customers`, `orders`, `number`, or `money` in minor units.")
    as_of: date
    basis: str
    currency: str
    window: DaysAnswer | None = Field(description="Null where it does not matter.")
    period: DaysAnswer | None = Field(description="Null where it does not matter.")
    return_days: int | None
    loyal_over: int | None
    formula: FormulaAnswer
    base: TextAnswer | None = Field(description="Over whom; null for a plain number.")
    terms: list[TermAnswer]
    checks: list[CrossCheckAnswer]
    mature: bool
    maturity: TextAnswer
    benchmark: BenchmarkAnswer | None = Field(description="Beside CRR: a published average, never an input.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "figure": "churn",
                "name": {"key": "churn.name", "text": "Churn rate"},
                "value": 0.05,
                "unit": "ratio",
                "as_of": "2026-03-20",
                "basis": "restated",
                "currency": "USD",
                "window": {"days": 365, "from": "2025-03-21", "to": "2026-03-20"},
                "period": {"days": 30, "from": "2026-02-19", "to": "2026-03-20"},
                "return_days": None,
                "loyal_over": None,
                "formula": {
                    "words": {"key": "churn.words", "text": "Customers lost in the period divided by …"},
                    "symbols": "L ÷ S",
                    "numbers": "1 ÷ 20 = 0.05",
                },
                "base": {"key": "churn.base", "text": "Customers held on the day before the period"},
                "terms": [
                    {
                        "symbol": "L",
                        "name": {"key": "terms.lost", "text": "Customers held before the period and not on its …"},
                        "value": 1,
                        "unit": "customers",
                        "customers": "customers?of=lost&window_days=365&period_days=30&currency=USD",
                    }
                ],
                "checks": [{"symbols": "E = S + N - L", "numbers": "24 = 20 + 5 - 1", "holds": True}],
                "mature": True,
                "maturity": {"key": "maturity.mature", "text": "The shop's history covers all days that …"},
                "benchmark": None,
            }
        }
    )
