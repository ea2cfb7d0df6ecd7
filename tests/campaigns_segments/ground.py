"""Conditions and persons, made up."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from services.campaigns.audience import Answered, Attribute, Contacts, Profile, joined
from services.campaigns.audience.store.attributes import save_attributes
from services.campaigns.audience.store.profiles import save_answers
from services.campaigns.consent import Word
from services.campaigns.consent import store as consents
from services.campaigns.segments import Condition, Facts, History, facts_of, parse
from services.campaigns.segments.domain.history import Kept, Reply, Sent
from shared.kernel import Zone, moment_of, us_of

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
TEHRAN = Zone("Asia/Tehran")
CURRENCIES = ("USD", "IRR")
GROUPS = ("detractor", "passive", "promoter")
MOMENTS = ("first_order", "last_order", "last_answer")
GOODS, CAMPAIGNS = ("tea", "cup", "pot"), ("spring", "autumn")
REASONS = ("price", "quality", "delivery")
STAGES = ("new", "active", "lapsing", "lost")
PURPOSES = ("news", "offers", "all")


def condition(kind: str, **of: Any) -> dict[str, Any]:
    """A node as JSON has it."""
    return {"kind": kind, **of}


def some_condition(rng: Random, depth: int = 3) -> Condition:
    """A tree of any conditions."""
    return parse(_tree(rng, depth))


def _tree(rng: Random, depth: int) -> dict[str, Any]:
    kind = rng.choice(["all", "any", "not", "leaf", "leaf"]) if depth else "leaf"
    if kind in ("all", "any"):
        return condition(kind, of=[_tree(rng, depth - 1) for _ in range(rng.randint(0, 3))])
    if kind == "not":
        return condition(kind, of=_tree(rng, depth - 1))
    leaf: dict[str, Any] = rng.choice(_LEAVES)(rng)
    return leaf


def _limits(rng: Random, most: int) -> dict[str, int]:
    low, high = sorted((rng.randint(0, most), rng.randint(0, most)))
    return rng.choice([{"least": low}, {"most": high}, {"least": low, "most": high}])


def _dates(rng: Random) -> dict[str, str]:
    first, last = sorted(date(2026, 3, 20) - timedelta(days=rng.randint(0, 60)) for _ in range(2))
    return rng.choice([{"since": str(first)}, {"until": str(last)}, {"since": str(first), "until": str(last)}])


def _lately(rng: Random) -> dict[str, Any]:
    return rng.choice([{}, {"days": rng.randint(0, 40)}, {"days": rng.randint(0, 40)}])


_LEAVES: list[Any] = [
    lambda rng: condition("number", field=rng.choice(["orders", "points", "pending", "owed"]), **_limits(rng, 6)),
    lambda rng: condition("number", field="nps_score", **_limits(rng, 10)),
    lambda rng: condition("among", field="nps_group", values=rng.sample(GROUPS, rng.randint(1, 2))),
    lambda rng: condition(
        "money",
        field=rng.choice(["revenue", "average_order"]),
        currency=rng.choice([*CURRENCIES, "EUR"]),
        **_limits(rng, 30),
    ),
    lambda rng: condition("among", field="stage", values=rng.sample(STAGES, rng.randint(1, 3))),
    lambda rng: condition("among", field="language", values=[rng.choice(["fa", "en", "ar"])]),
    lambda rng: condition("among", field="locale", values=[rng.choice(["fa-IR", "en_GB", "FA"])]),
    lambda rng: condition("among", field="tier", values=[rng.choice(["gold", "silver"])]),
    lambda rng: condition("among", field="member", values=[rng.choice(["active", "left", "blocked"])]),
    lambda rng: condition(
        "known",
        field=rng.choice(["name", "email", "phone", "locale", "stage", "tier", "member", "nps_score", *MOMENTS]),
    ),
    lambda rng: condition("age", since=rng.choice(MOMENTS), **_limits(rng, 40)),
    lambda rng: condition("dates", field=rng.choice(MOMENTS), **_dates(rng)),
    lambda rng: condition(
        "bought",
        field=rng.choice(["product", "category"]),
        values=rng.sample(GOODS, rng.randint(1, 2)),
        least=rng.choice([1, 1, 2]),
        **_lately(rng),
    ),
    lambda rng: condition(
        "responded",
        did=rng.choice(["opened", "clicked", "converted"]),
        campaign=rng.choice([None, *CAMPAIGNS]),
        **_lately(rng),
    ),
    lambda rng: condition("attribute", name="reason", values=rng.sample(REASONS, rng.randint(0, 2))),
    lambda rng: condition("attribute", name=rng.choice(["reason", "household"]), **_limits(rng, 6)),
    lambda rng: condition("consent", channel=rng.choice(["email", "sms"]), purpose=rng.choice(PURPOSES)),
]


def some_profile(rng: Random, customer: int) -> Profile:
    """Of one identity, of which this and that is known."""
    orders, erased = rng.choice([0, 0, 1, 2, 5]), rng.random() < 0.1
    spread = sorted(NOW - timedelta(minutes=rng.randint(-600, 60 * 1440)) for _ in range(2))
    split = rng.randint(0, orders)
    counts = {name: count for name, count in zip(CURRENCIES, (split, orders - split), strict=True) if count}
    tier = rng.choice([None, "gold", "silver"])
    answers = [_answer(rng, customer, at) for at in range(rng.choice([0, 0, 1, 2]))]
    return Profile(
        customer=customer,
        contacts=Contacts(
            name=rng.choice([None, "Sara"]),
            email=rng.choice([None, "s@example.com"]),
            phone=rng.choice([None, "+989123456789"]),
            locale=rng.choice([None, "fa-IR", "FA_ir", "en_GB", "fa", "İ-x"]),
        ),
        erased=erased,
        orders=orders,
        money={name: rng.randint(0, 40) for name in counts},
        counts=counts,
        first_order_at=us_of(spread[0]) if orders else None,
        last_order_at=us_of(spread[1]) if orders else None,
        stage=rng.choice([None, *STAGES]),
        points=rng.randint(0, 6),
        pending=rng.randint(0, 6),
        owed=rng.choice([0, 0, 3]),
        tier=tier,
        tier_name=None if tier is None else tier.title(),
        member=rng.choice([None, "active", "left", "blocked"]),
        attributes={} if erased else _attributes(rng, customer),
        last_answer=max(answers, key=lambda one: one.turn, default=None),
        last_nps=max((one for one in answers if one.kind == "nps"), key=lambda one: one.turn, default=None),
    )


def _attributes(rng: Random, customer: int) -> dict[str, Attribute]:
    """Now and then said at one instant with what other identities said."""
    at = us_of(NOW - timedelta(days=rng.choice([1, 1, 20])))
    answer = f"a{rng.randint(0, 9)}-{customer}"
    reasons = Attribute(at=at, answer=answer, values=tuple(rng.sample(REASONS, rng.randint(1, 2))))
    household = Attribute(at=at, answer=answer, number=rng.randint(1, 6))
    return {name: one for name, one in (("reason", reasons), ("household", household)) if rng.random() < 0.5}


def _answer(rng: Random, customer: int, number: int) -> Answered:
    """At one instant with answers of other identities, now and then."""
    at = us_of(NOW - timedelta(days=rng.choice([1, 1, 20, 40])))
    kind = rng.choice(["nps", "nps", "form"])
    return Answered(
        at, f"a{rng.randint(0, 9)}-{customer}-{number}", "s", kind, rng.randint(0, 10) if kind == "nps" else None
    )


def known(zone: Zone = TEHRAN, **of: Any) -> Facts:
    """What is known of somebody."""
    return facts_of(Profile(customer=1, **of), [], zone)


def some_words(rng: Random, customer: int) -> list[Word]:
    """What an identity said of messages."""
    asked = rng.sample([(channel, purpose) for channel in ("email", "sms") for purpose in PURPOSES], rng.randint(0, 4))
    return [
        Word(
            shop=1,
            customer=customer,
            channel=channel,
            purpose=purpose,
            state=rng.choice(["given", "given", "pending", "withdrawn"]) if purpose != "all" else "withdrawn",
            occurred_at=NOW - timedelta(minutes=rng.randint(0, 3)),
            record=f"r{rng.randint(0, 9)}",
            source="checkout",
        )
        for channel, purpose in asked
    ]


def some_pointers(rng: Random, customers: list[int]) -> dict[int, int]:
    """Whom some identities are counted as: nobody who is counted as somebody else has others."""
    heads = rng.sample(customers, max(1, len(customers) // 2))
    return {one: rng.choice(heads) for one in customers if one not in heads and rng.random() < 0.7}


class Mail(NamedTuple):
    """A message and what came of it, as the tables keep it."""

    customer: int
    id: str
    campaign: str
    channel: str
    state: int
    test: bool
    at: datetime
    receipts: list[tuple[int, bool, int, datetime]]
    """What, machine, link and when."""


class Past(NamedTuple):
    """Orders and messages of some identities."""

    orders: list[tuple[int, Kept]]
    mail: list[Mail]

    def of(self, customer: int) -> History:
        """What of it conditions ask for."""
        own = [one for one in self.mail if one.customer == customer and not one.test]
        sent = [one for one in own if one.state == 2 and one.channel not in ("task", "webhook")]
        names = {3: "opened", 4: "clicked"}
        return History(
            tuple(order for who, order in self.orders if who == customer),
            tuple(Sent(us_of(one.at), one.id, one.campaign) for one in sent),
            tuple(
                Reply(us_of(at), names[what], one.campaign)
                for one in own
                for what, machine, _, at in one.receipts
                if what in names and not machine
            ),
        )


def some_past(rng: Random, customers: list[int]) -> Past:
    """Orders and messages of these, close to one another."""

    def minutes() -> datetime:
        return NOW - timedelta(minutes=rng.choice([rng.randint(-600, 60 * 1440), 1440 * rng.randint(0, 20)]))

    orders = []
    mail = []
    for number in range(rng.randint(0, 40)):
        names = [frozenset(rng.sample(GOODS, rng.randint(0, 2))) for _ in range(2)]
        orders.append((rng.choice(customers), Kept(us_of(minutes()), f"o{number}", *names)))
    for number in range(rng.randint(0, 40)):
        at = minutes()
        receipts = [(rng.randint(1, 4), rng.random() < 0.3, link, at + timedelta(hours=link)) for link in range(2)]
        state, channel = rng.choice([2, 2, 2, 4, 5]), rng.choice(["email", "email", "sms", "task"])
        who, campaign = rng.choice(customers), rng.choice(CAMPAIGNS)
        mail.append(Mail(who, f"m{number}", campaign, channel, state, rng.random() < 0.1, at, receipts))
    return Past(orders, mail)


NOTHING = Past([], [])
_PURCHASE = """
INSERT INTO purchase (shop, order_id, customer, net, at, currency, known, products, categories)
VALUES (1, $1, $2, 5, $3, 'USD', '', $4, $5)
"""
_MESSAGE = """
INSERT INTO message (shop, id, customer, campaign, channel, state, test, ended_at, planned_at, due, expires_at, purpose,
                     step, occasion, template, fields)
VALUES (1, $1, $2, $3, $4, $5, $6, $7, $7, $7, $7, 'news', 'first', 'x', 'hello', '{}')
"""
_RECEIPT = """
INSERT INTO receipt (shop, message, what, machine, link, at, hard, code) VALUES (1, $1, $2, $3, $4, $5, false, '')
"""


async def keep_past(conn: Any, past: Past) -> None:
    """Write it as audience, messages and reports keep it, in shop 1. What is empty is not known of some orders."""
    orders = [
        (one.order, customer, moment_of(one.at), sorted(one.products) or None, sorted(one.categories) or None)
        for customer, one in past.orders
    ]
    mail = [(one.id, one.customer, one.campaign, one.channel, one.state, one.test, one.at) for one in past.mail]
    await conn.executemany(_PURCHASE, orders)
    await conn.executemany(_MESSAGE, mail)
    await conn.executemany(_RECEIPT, [(one.id, *receipt) for one in past.mail for receipt in one.receipts])


_PROFILE = """
INSERT INTO profile (shop, customer, erased, orders, money, counts, first_order_at, last_order_at, stage, points,
    pending, owed, tier, tier_name, member, name, email, phone, locale)
VALUES (1, $1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""


async def keep(conn: Any, profiles: list[Profile], pointers: dict[int, int], words: list[Word]) -> None:
    """Write them as the audience and consent keep them, in shop 1."""
    for one in profiles:
        instants = [None if at is None else moment_of(at) for at in (one.first_order_at, one.last_order_at)]
        money, counts = (json.dumps(dict(of)) for of in (one.money, one.counts))
        numbers = (one.stage, one.points, one.pending, one.owed, one.tier, one.tier_name, one.member)
        await conn.execute(
            _PROFILE, one.customer, one.erased, one.orders, money, counts, *instants, *numbers, *one.contacts[:4]
        )
    told = {(1, one.customer): [a for a in (one.last_answer, one.last_nps) if a is not None] for one in profiles}
    await save_answers(conn, {key: answers for key, answers in told.items() if answers})
    await save_attributes(conn, {(1, one.customer): one.attributes for one in profiles if one.attributes})
    for customer, canonical in pointers.items():
        await conn.execute("INSERT INTO customer_pointer VALUES ($1, $2, 1, 1)", customer, canonical)
    await consents.save(conn, words)


def persons(
    profiles: list[Profile], pointers: dict[int, int], words: list[Word], zone: Zone, past: Past = NOTHING
) -> dict[int, Facts]:
    """The same in memory: what is known of each person, by whom they are counted as."""
    known_of = {one.customer: one for one in profiles}
    found: dict[int, list[Profile]] = {}
    for one in sorted({*known_of, *pointers, *pointers.values()}):
        found.setdefault(pointers.get(one, one), []).append(known_of.get(one, Profile(one)))
    whole = {}
    for canonical, own in found.items():
        if any(one.customer in known_of for one in own):
            person = joined(1, canonical, own)
            said = [word for word in words if word.customer in person.identities]
            history = History.of(past.of(one) for one in person.identities)
            whole[canonical] = facts_of(person.profile, said, zone, history)
    return whole
