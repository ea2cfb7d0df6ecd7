"""What each figure means, said in words, in symbols and with the numbers put in. Pure.

Every text has a key (`crr.words`) under which a console may keep it in another language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from services.metrics.retention.domain.figures import Asked

Figure = Literal[
    "crr",
    "churn",
    "rpr",
    "rpr_all",
    "lcr",
    "aov",
    "frequency",
    "lifetime_rpr",
    "return_rate",
    "held",
    "start",
    "end",
    "joined",
    "new",
    "won_back",
    "lost",
    "repeat",
    "loyal",
    "orders",
    "revenue",
    "lifetime_customers",
]
FIGURES: tuple[str, ...] = get_args(Figure)
Unit = Literal["ratio", "customers", "orders", "money", "number"]


@dataclass(frozen=True, slots=True)
class Term:
    """A whole number that a formula is made of."""

    name: str
    words: str
    unit: Unit = "customers"
    of: str | None = None
    """The list of customers behind it; None for orders and money."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure. In `symbols` and `check`, what stands in braces is a term."""

    name: str
    words: str
    symbols: str
    base: str
    """Over whom; empty for a plain number."""
    unit: Unit = "ratio"
    period: bool = False
    """Whether the period matters."""
    window: bool = True
    check: str = ""
    """A second way to the same, which must agree."""


TERMS: Mapping[str, Term] = {
    "S": Term("start", "Customers held on the day before the period", of="start"),
    "E": Term("end", "Customers held on the last day of the period", of="end"),
    "N": Term("joined", "Customers held on the last day of the period and not before it: new or won back", of="joined"),
    "L": Term("lost", "Customers held before the period and not on its last day", of="lost"),
    "new": Term("new", "Of those who joined: first order ever in the period", of="new"),
    "back": Term("won_back", "Of those who joined: with an order before the period", of="won_back"),
    "H": Term("held", "Customers with an order in the window", of="held"),
    "R": Term("repeat", "Customers with two orders or more in the window", of="repeat"),
    "Y": Term("loyal", "Customers with more orders in the window than the line for loyal ones", of="loyal"),
    "A": Term("lifetime_customers", "Customers with an order on the day or before", of="lifetime"),
    "B": Term("lifetime_repeat", "Customers with two orders or more on the day or before", of="lifetime_repeat"),
    "M": Term("revenue", "Revenue of the window in the currency, less refunds, guests' included", "money"),
    "O": Term("orders", "Orders of the window in the currency, guests' included", "orders"),
    "C": Term("customer_orders", "Orders of the window in any currency, without guests'", "orders"),
    "F": Term("first_purchase", "Customers whose first order is at least so many days old", of="first_purchase"),
    "T": Term("returned", "Of those: with a second order day within so many days of the first", of="returned"),
}

_MOVES = "{E} = {S} + {N} − {L}"
DEFINITIONS: Mapping[str, Definition] = {
    "crr": Definition(
        "Customer retention rate",
        "Customers held at the end of the period, without those who joined in it, divided by those held at its start",
        "({E} − {N}) ÷ {S}",
        "Customers held on the day before the period",
        period=True,
        check=_MOVES,
    ),
    "churn": Definition(
        "Churn rate",
        "Customers lost in the period divided by those held at its start; with the retention rate it makes one",
        "{L} ÷ {S}",
        "Customers held on the day before the period",
        period=True,
        check=_MOVES,
    ),
    "rpr": Definition(
        "Repeat purchase rate",
        "Customers with two orders or more in the window divided by customers with one or more",
        "{R} ÷ {H}",
        "Customers with an order in the window",
    ),
    "rpr_all": Definition(
        "Repeat purchase rate of all customers",
        "Customers with two orders or more in the window divided by all customers ever",
        "{R} ÷ {A}",
        "Customers with an order on the day or before",
    ),
    "lcr": Definition(
        "Loyal customer rate",
        "Loyal customers divided by customers with an order in the window",
        "{Y} ÷ {H}",
        "Customers with an order in the window",
    ),
    "aov": Definition(
        "Average order value",
        "Revenue of the window divided by its orders, both in one currency",
        "{M} ÷ {O}",
        "Orders of the window in the currency",
        unit="money",
    ),
    "frequency": Definition(
        "Purchase frequency",
        "Orders of the window divided by the customers who placed them",
        "{C} ÷ {H}",
        "Customers with an order in the window",
        unit="number",
    ),
    "lifetime_rpr": Definition(
        "Repeat purchase rate of all time",
        "Customers with two orders or more ever divided by all customers ever",
        "{B} ÷ {A}",
        "Customers with an order on the day or before",
        window=False,
    ),
    "return_rate": Definition(
        "Return rate after the first purchase",
        "Of customers whose first order is old enough: the share with a second order day soon after it",
        "{T} ÷ {F}",
        "Customers whose first order is at least so many days old",
        window=False,
    ),
    "held": Definition("Customers held", TERMS["H"].words, "{H}", "", "customers"),
    "start": Definition("Customers at the start", TERMS["S"].words, "{S}", "", "customers", period=True),
    "end": Definition("Customers at the end", TERMS["E"].words, "{E}", "", "customers", period=True, check=_MOVES),
    "joined": Definition("Customers who joined", TERMS["N"].words, "{new} + {back}", "", "customers", period=True),
    "new": Definition("New customers", TERMS["new"].words, "{new}", "", "customers", period=True),
    "won_back": Definition("Customers won back", TERMS["back"].words, "{back}", "", "customers", period=True),
    "lost": Definition("Customers lost", TERMS["L"].words, "{L}", "", "customers", period=True, check=_MOVES),
    "repeat": Definition("Repeat customers", TERMS["R"].words, "{R}", "", "customers"),
    "loyal": Definition("Loyal customers", TERMS["Y"].words, "{Y}", "", "customers"),
    "orders": Definition("Orders", TERMS["O"].words, "{O}", "", "orders"),
    "revenue": Definition("Revenue", TERMS["M"].words, "{M}", "", "money"),
    "lifetime_customers": Definition("Customers ever", TERMS["A"].words, "{A}", "", "customers", window=False),
}


def symbols_in(formula: str) -> list[str]:
    """The terms of a formula in the order in which they first stand in it."""
    return list(dict.fromkeys(piece.split("}")[0] for piece in formula.split("{")[1:]))


def plain(formula: str) -> str:
    """A formula for people: symbols without braces."""
    return formula.replace("{", "").replace("}", "")


def filled(formula: str, numbers: Mapping[str, int]) -> str:
    """A formula with the numbers put in."""
    return formula.format_map(numbers)


def stretch(asked: Asked, day: int) -> dict[str, tuple[int, int, int]]:
    """(days, first, last) of window and period; ordinals."""
    return {
        name: (length, day - length + 1, day) for name, length in (("window", asked.window), ("period", asked.period))
    }
