"""Conditions as SQL over many persons at once. It says what `domain/judging.py` says; a test holds both to that.

A person is what their identities are together, as `audience.domain.joined` has it. A condition about days becomes a
comparison of instants: where days begin is worked out here, so the database need not know of zones. What a condition
does not find is NULL, and no NULL gets past it: `NOT` then says yes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from services.campaigns.audience import PASSIVE_MIN, PROMOTER_MIN
from services.campaigns.segments.domain.condition import (
    Age,
    Agreed,
    All,
    Among,
    Attribute,
    Between,
    Bought,
    Condition,
    Known,
    Money,
    Not,
    Number,
    Responded,
    Some,
)
from services.campaigns.segments.domain.history import CONVERTED_DAYS
from shared.kernel import DayOrdinal, Zone

_ASKED = """
own AS (
    SELECT k.customer AS person, k.customer AS identity FROM unnest($2::bigint[]) AS k (customer)
    UNION ALL
    SELECT c.canonical, c.customer FROM customer_pointer c
    WHERE c.shop = $1 AND c.canonical <> c.customer AND c.canonical = ANY($2::bigint[])
)"""
_EVERYBODY = """
own AS (
    SELECT coalesce(c.canonical, p.customer) AS person, p.customer AS identity
    FROM profile p
    LEFT JOIN customer_pointer c ON c.shop = p.shop AND c.customer = p.customer AND c.canonical <> c.customer
    WHERE p.shop = $1
    UNION ALL
    SELECT c.canonical, c.customer FROM customer_pointer c
    WHERE c.shop = $1 AND c.canonical <> c.customer
        AND NOT EXISTS (SELECT FROM profile p WHERE p.shop = $1 AND p.customer = c.customer)
    UNION ALL
    SELECT DISTINCT c.canonical, c.canonical FROM customer_pointer c
    WHERE c.shop = $1 AND c.canonical <> c.customer
        AND NOT EXISTS (SELECT FROM profile p WHERE p.shop = $1 AND p.customer = c.canonical)
)"""
_AGREED = """
said AS (
    SELECT o.person, c.channel, c.purpose, c.state,
           (c.occurred_at, array_position(ARRAY['given', 'pending', 'withdrawn'], c.state), c.record) AS turn
    FROM own o JOIN consent c ON c.shop = $1 AND c.customer = o.identity
),
last AS (
    SELECT DISTINCT ON (person, channel, purpose) * FROM said ORDER BY person, channel, purpose, turn DESC
),
ended AS (
    SELECT DISTINCT ON (person, channel) * FROM said WHERE purpose = 'all' AND state = 'withdrawn'
    ORDER BY person, channel, turn DESC
),
agreed AS (
    SELECT person, array_agg(l.channel || ' ' || l.purpose) AS pairs, array_agg(DISTINCT l.channel) AS channels
    FROM last l LEFT JOIN ended e USING (person, channel)
    WHERE l.state = 'given' AND (e.turn IS NULL OR e.turn <= l.turn) GROUP BY person
)"""
# As campaigns' results count (`results/store.py`): what reaches the customer, and the last of it before an order.
_HISTORY = """
goods AS (
    SELECT o.person, q.order_id, q.at, q.products, q.categories
    FROM own o JOIN purchase q ON q.shop = $1 AND q.customer = o.identity
)"""
_REPLIES = f"""
mail AS (
    SELECT o.person, m.id, m.campaign,
           CASE WHEN m.state = 2 AND m.channel IN ('email', 'sms', 'push') THEN m.ended_at END AS at
    FROM own o JOIN message m ON m.shop = $1 AND m.customer = o.identity WHERE NOT m.test
),
converted AS (
    SELECT DISTINCT ON (g.person, g.order_id) g.person, m.campaign, g.at
    FROM goods g JOIN mail m ON m.person = g.person AND m.at <= g.at AND g.at < m.at + interval '{CONVERTED_DAYS} days'
    ORDER BY g.person, g.order_id, m.at DESC, m.id DESC
),
reply AS (
    SELECT m.person, m.campaign, CASE r.what WHEN 3 THEN 'opened' ELSE 'clicked' END AS did, r.at
    FROM mail m JOIN receipt r ON r.shop = $1 AND r.message = m.id AND r.what IN (3, 4) AND NOT r.machine
    UNION ALL SELECT person, campaign, 'converted', at FROM converted
)"""  # noqa: S608 - text of our own
_SUMMED = ("orders", "points", "pending", "owed")
_JOINED = {
    "first_order": "min(p.first_order_at)",
    "last_order": "max(p.last_order_at)",
    "last_answer": "max(p.answered_at)",
    "nps_score": """(array_agg(p.nps_score ORDER BY p.nps_at DESC, p.nps_answer DESC)
    FILTER (WHERE p.nps_at IS NOT NULL))[1]""",
    "member": """CASE WHEN bool_or(p.member = 'blocked') THEN 'blocked' WHEN bool_or(p.member = 'active') THEN 'active'
    WHEN bool_or(p.member = 'left') THEN 'left' END""",
}
_FIRST = """(array_agg(p.{0} ORDER BY o.identity = o.person DESC, o.identity DESC)
    FILTER (WHERE p.{0} IS NOT NULL))[1]"""
_SAID = """(array_agg(p.attributes->'{name}' ORDER BY (p.attributes->'{name}'->>'at')::bigint DESC,
    p.attributes->'{name}'->>'answer' COLLATE "C" DESC) FILTER (WHERE p.attributes ? '{name}'))[1]"""
# Erased is who has been erased under the identity they are counted as, and under all others.
_ERASED = "bool_and(coalesce(p.erased, false)) AND bool_or(o.identity = o.person)"


class Window(NamedTuple):
    """What changes an answer by being too long ago."""

    at: str
    """An expression: the instant of the first that will be."""
    days: int
    """When that is."""


class Compiled:
    """A statement in the making: the arguments of its conditions, and the columns that these ask for.

    Arguments 1 and 2 are the shop and, where not everybody is asked for, the persons.
    """

    def __init__(self, zone: Zone, today: int, *, everybody: bool = False) -> None:
        """`today`: the local day of the shop, in its `zone`, as of which days are counted."""
        self._zone, self._today, self._everybody = zone, today, everybody
        self._columns: dict[str, str] = {}
        self._bought: list[str] = []
        self._responded: list[str] = []
        self.windows: list[Window] = []
        self.agrees = False
        """Whether consents are asked for."""
        self.arguments: list[Any] = []
        """All but the first two (the first, for everybody)."""

    def condition(self, node: Condition) -> str:
        """As an expression over `person w` and what stands beside it. Never NULL."""
        match node:
            case All():
                return "(" + " AND ".join(["true", *map(self.condition, node.of)]) + ")"
            case Some():
                return "(" + " OR ".join(["false", *map(self.condition, node.of)]) + ")"
            case Not():
                return f"(NOT {self.condition(node.of)})"
            case Attribute():
                return f"coalesce({self._attribute(node)}, false)"
            case Bought() | Responded():
                return f"coalesce({self._history(node)}, false)"
            case _:
                return f"coalesce({self._leaf(node)}, false)"

    def column(self, field: str) -> str:
        """A column of a person: what the field is of all identities together."""
        if field not in self._columns:
            self._columns[field] = self._joined(field)
        return f"w.{field}"

    def put(self, value: Any, kind: str) -> str:
        """An argument."""
        self.arguments.append(value)
        return f"${len(self.arguments) + (1 if self._everybody else 2)}::{kind}"

    def statement(self, chosen: Sequence[str], rest: str = "") -> str:
        """A SELECT of these expressions of every person of whom anything is known."""
        columns = "".join(f",\n        {sql} AS {name}" for name, sql in self._columns.items())
        parts = [_EVERYBODY if self._everybody else _ASKED, *([_AGREED] if self.agrees else [])]
        parts += [_HISTORY] if self._bought or self._responded else []
        parts += [_REPLIES] if self._responded else []
        beside = ["agreed a"] if self.agrees else []
        for name, source, found in (("bought b", "goods", self._bought), ("responded r", "reply", self._responded)):
            if found:
                parts.append(
                    f"{name[:-2]} AS (SELECT person, {', '.join(found)} FROM {source} GROUP BY person)"  # noqa: S608 - as below
                )
                beside.append(name)
        joins = " ".join(f"LEFT JOIN {one} USING (person)" for one in beside)
        return f"""WITH {",".join(parts)},
person AS (
    SELECT o.person, {_ERASED} AS erased{columns}
    FROM own o LEFT JOIN profile p ON p.shop = $1 AND p.customer = o.identity
    GROUP BY o.person HAVING bool_or(p.customer IS NOT NULL)
)
SELECT {", ".join(chosen)} FROM person w {joins} {rest}
"""  # noqa: S608 - text of our own; what shops wrote is in the arguments

    def _leaf(self, node: Number | Money | Among | Known | Age | Between | Agreed) -> str:
        match node:
            case Number():
                return self._within(self.column(node.field), node.least, node.most)
            case Money():
                return self._money(node)
            case Among():
                return f"{self._text(node.field)} = ANY({self.put(list(node.values), 'text[]')})"
            case Agreed():
                self.agrees = True
                return f"{self.put(f'{node.channel} {node.purpose}', 'text')} = ANY(a.pairs)"
            case Known():
                return f"{self.column(node.field)} IS NOT NULL"
            case _:
                return self._days(node)

    def _history(self, node: Bought | Responded) -> str:
        return self._goods(node) if isinstance(node, Bought) else self._reply(node)

    def _goods(self, node: Bought) -> str:
        lists = "products" if node.field == "product" else "categories"
        meant = f"{lists} && {self.put(list(node.values), 'text[]')}{self._lately(node.days)}"
        name = f"bought_{len(self._bought)}"
        self._bought.append(f"count(*) FILTER (WHERE {meant}) AS {name}")
        if node.days is not None:
            self._bought.append(f"min(at) FILTER (WHERE {meant}) AS {name}_at")
            self.windows.append(Window(f"b.{name}_at", node.days))
        return f"b.{name} >= {self.put(node.least, 'bigint')}"

    def _reply(self, node: Responded) -> str:
        meant = f"did = '{node.did}'{self._lately(node.days)}"
        if node.campaign is not None:
            meant += f" AND campaign = {self.put(node.campaign, 'text')}"
        name = f"reply_{len(self._responded)}"
        self._responded.append(f"max(at) FILTER (WHERE {meant}) AS {name}")
        if node.days is not None:
            self.windows.append(Window(f"r.{name}", node.days))
        return f"r.{name} IS NOT NULL"

    def _lately(self, days: int | None) -> str:
        return "" if days is None else f" AND at >= {self.put(self._start(self._today - days), 'timestamptz')}"

    def _money(self, node: Money) -> str:
        net, orders = f"net_{node.currency.lower()}", f"orders_{node.currency.lower()}"
        for name, source in ((net, "money"), (orders, "counts")):
            # A currency is three capitals: nothing else gets through the condition's own check.
            self._columns.setdefault(name, f"coalesce(sum((p.{source}->>'{node.currency}')::bigint), 0)")
        if node.field == "revenue":
            return self._within(f"w.{net}", node.least, node.most)
        limits = [
            f"w.{net} {sign} {self.put(limit, 'bigint')} * w.{orders}"
            for sign, limit in ((">=", node.least), ("<=", node.most))
            if limit is not None
        ]
        return " AND ".join([f"w.{orders} > 0", *limits])

    def _attribute(self, node: Attribute) -> str:
        # Its name is letters, digits, - and _: nothing else gets through the condition's own check.
        column = f'"said of {node.name}"'
        self._columns.setdefault(column, _SAID.replace("{name}", node.name))
        if node.values:
            return f"w.{column}->'values' ?| {self.put(list(node.values), 'text[]')}"
        if node.least is None and node.most is None:
            return f"w.{column} IS NOT NULL"
        return self._within(f"(w.{column}->>'number')::bigint", node.least, node.most)

    def _text(self, field: str) -> str:
        if field == "nps_group":
            score = self.column("nps_score")
            return f"""CASE WHEN {score} >= {PROMOTER_MIN} THEN 'promoter' WHEN {score} >= {PASSIVE_MIN} THEN 'passive'
                WHEN {score} IS NOT NULL THEN 'detractor' END"""
        if field != "language":
            return self.column(field)
        return f"""split_part(translate({self.column("locale")}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ_',
            'abcdefghijklmnopqrstuvwxyz-'), '-', 1)"""

    def _days(self, node: Age | Between) -> str:
        """From the start of the first day to that of the day after the last."""
        if isinstance(node, Age):
            column = self.column(node.since)
            first = None if node.most is None else self._today - node.most
            last = None if node.least is None else self._today - node.least
        else:
            column = self.column(node.field)
            first, last = (_ordinal(one) for one in (node.since, node.until))
        limits = [] if first is None else [f"{column} >= {self.put(self._start(first), 'timestamptz')}"]
        if last is not None:
            limits.append(f"{column} < {self.put(self._start(last + 1), 'timestamptz')}")
        return " AND ".join(limits)

    def _start(self, day: int) -> datetime:
        return self._zone.start_of(DayOrdinal(day))

    def _within(self, column: str, least: int | None, most: int | None) -> str:
        limits = [] if least is None else [f"{column} >= {self.put(least, 'bigint')}"]
        return " AND ".join(limits if most is None else [*limits, f"{column} <= {self.put(most, 'bigint')}"])

    def _joined(self, field: str) -> str:
        if field in _SUMMED:
            return f"coalesce(sum(p.{field}), 0)"
        return _JOINED.get(field) or _FIRST.format(field)


def _ordinal(day: date | None) -> int | None:
    return None if day is None else day.toordinal()
