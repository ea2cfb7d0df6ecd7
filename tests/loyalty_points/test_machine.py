"""Any sequence of operations: nothing is broken, a refused operation changes nothing, totals are counted anew."""

from __future__ import annotations

import os
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.loyalty.points.domain.buckets import NEVER
from services.loyalty.points.domain.model import HoldState, Refusal, Source, Who
from services.loyalty.points.domain.operations import (
    Adjust,
    Award,
    Capture,
    GiveBack,
    Part,
    Reinstate,
    Release,
    Reserve,
    Schedule,
    Spend,
    Turn,
)
from services.loyalty.points.domain.terms import DebtPolicy
from tests.loyalty_points.ledger import DAY, Ledger, cause, terms

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "1000"))
STEPS = int(os.environ.get("LEDGER_STEPS", "30"))
WHOS = [Who(1, 100), Who(1, 200), Who(2, 100)]
who = st.sampled_from(WHOS)
points = st.one_of(st.integers(0, 30), st.sampled_from([100, 10**9]))
source = st.sampled_from("ABCD")
line = st.sampled_from(["", "1", "2"])
expiry = st.one_of(st.just(NEVER), st.integers(-3, 45))
wait = st.one_of(st.just(0), st.just(NEVER), st.integers(0, 10))
name = st.sampled_from(["h1", "h2", "h3", "h4"])


class Machine(RuleBasedStateMachine):
    """Customers of two shops, two of them one person, through days that only go on."""

    def __init__(self) -> None:
        super().__init__()
        self.day = DAY
        self.steps = 0
        self.worth: Counter[tuple[Who, str, str]] = Counter()
        self.adjusted: Counter[Who] = Counter()

    @initialize(policy=st.sampled_from(DebtPolicy), grace=st.sampled_from([0, 5]))
    def begin(self, policy: DebtPolicy, grace: int) -> None:
        self.ledger = Ledger(terms(policy, grace))

    def _cause(self):
        self.steps += 1
        self.ledger.now = cause(self.day).at + self.steps
        return cause(self.day, f"event-{self.steps}")._replace(at=self.ledger.now)

    def _also(self, of: Who, wanted: bool) -> tuple[Who, ...]:
        return tuple(one for one in WHOS[:2] if one != of) if wanted and of.shop == 1 else ()

    @rule(who=who, source=source, lines=st.dictionaries(line, points, min_size=1), starts=wait, expires=expiry)
    def award(self, who: Who, source: str, lines: dict[str, int], starts: int, expires: int) -> None:
        starts_day = starts if starts in (0, NEVER) else self.day + starts
        expires_day = NEVER if expires == NEVER else self.day + expires
        parts = tuple(Part("flat", 1, worth, one, starts_day, expires_day) for one, worth in lines.items())
        answer = self.ledger.post(Award(who, Source.ORDER, source, parts, self._cause(), self.day))
        assert not isinstance(answer, Refusal)
        for one, worth in lines.items():
            self.worth[who, source, one] = worth

    @rule(who=who, hold=name, points=points, merged=st.booleans())
    def spend(self, who: Who, hold: str, points: int, merged: bool) -> None:
        self.ledger.post(Spend(who, hold, points, self._cause(), self.day, self._also(who, merged)))

    @rule(who=who, hold=name, points=points, merged=st.booleans(), lasts=st.integers(0, 10))
    def reserve(self, who: Who, hold: str, points: int, merged: bool, lasts: int) -> None:
        moment = self._cause()
        self.ledger.post(Reserve(who, hold, points, moment.at + lasts, moment, self.day, self._also(who, merged)))

    @rule(who=who, hold=name)
    def capture(self, who: Who, hold: str) -> None:
        self.ledger.post(Capture(who, hold, self._cause(), self.day))

    @rule(who=who, hold=name, lapsed=st.booleans())
    def release(self, who: Who, hold: str, lapsed: bool) -> None:
        self.ledger.post(Release(who, hold, self._cause(), self.day, lapsed))

    @rule(who=who, hold=name, total=points, merged=st.booleans())
    def give_back(self, who: Who, hold: str, total: int, merged: bool) -> None:
        self.ledger.post(GiveBack(who, hold, total, self._cause(), self.day, self._also(who, merged)))

    @rule(who=who, name=st.sampled_from("xyz"), points=st.integers(-40, 40), expires=expiry)
    def adjust(self, who: Who, name: str, points: int, expires: int) -> None:
        expires_day = NEVER if expires == NEVER else self.day + expires
        answer = self.ledger.post(Adjust(who, name, points, self._cause(), self.day, expires_day))
        if not isinstance(answer, Refusal) and answer.entries:
            self.adjusted[who] += points

    @rule(who=who, starts=st.none() | wait, expires=st.none() | expiry)
    def schedule(self, who: Who, starts: int | None, expires: int | None) -> None:
        starts_day = starts if starts in (None, 0, NEVER) else self.day + starts
        expires_day = expires if expires in (None, NEVER) else self.day + expires
        self.ledger.post(Schedule(who, self._cause(), self.day, None, starts_day, expires_day))

    @rule(who=who, place=st.integers(0, 5), lasts=st.integers(0, 30))
    def reinstate(self, who: Who, place: int, lasts: int) -> None:
        account = self.ledger.accounts.get(who)
        lots = sorted(account.lots.values(), key=lambda lot: lot.turn) if account else []
        if lots:
            key = lots[place % len(lots)].key
            self.ledger.post(Reinstate(who, key, self.day + lasts, self._cause(), self.day))

    @rule(days=st.integers(0, 20), who=who)
    def turn(self, days: int, who: Who) -> None:
        self.day += days
        self.ledger.post(Turn(who, self._cause(), self.day))

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "ledger"):
            assert self.ledger.violations() == []

    @invariant()
    def all_points_are_where_a_recount_has_them(self) -> None:
        if not hasattr(self, "ledger"):
            return
        spent: Counter[Who] = Counter()
        for hold in self.ledger.holds.values():
            for share in hold.shares:
                if hold.state is HoldState.CAPTURED:
                    spent[share.who] += share.points - share.restored
        for who, account in self.ledger.accounts.items():
            expired = sum(lot.expired for lot in account.lots.values())
            forgiven = sum(lot.forgiven for lot in account.lots.values())
            worth = sum(value for (of, _, _), value in self.worth.items() if of == who) + self.adjusted[who]
            stands = account.pending + account.active + account.held - account.owed
            assert stands == worth + forgiven - spent[who] - expired

    @invariant()
    def every_source_stands_at_what_it_is_worth(self) -> None:
        if hasattr(self, "ledger"):
            standing = {
                (who, lot.key.source, lot.key.line): lot.standing
                for who, account in self.ledger.accounts.items()
                for lot in account.lots.values()
                if lot.key.source_kind == Source.ORDER
            }
            assert standing == {place: worth for place, worth in self.worth.items() if place in standing}
            assert not any(worth for place, worth in self.worth.items() if place not in standing)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    database=None,
    derandomize="LEDGER_EXAMPLES" not in os.environ,
)
