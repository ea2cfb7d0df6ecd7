"""Profiles: what events told of identities, persons, and what an erasure leaves."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from services.campaigns.audience.domain import (
    Answered,
    Attribute,
    Contacts,
    Key,
    Named,
    Person,
    PointsTold,
    Profile,
    StageTold,
    joined,
)
from shared import pointers
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, moment_of, read_birthday, us_of

_SPACE = 0x63616D70
_GROUPS = 64

_HOLD = "SELECT pg_advisory_xact_lock($1, g) FROM unnest($2::int[]) AS g"
_STUBS = """
INSERT INTO profile (shop, customer)
SELECT * FROM unnest($1::smallint[], $2::bigint[]) ON CONFLICT (shop, customer) DO NOTHING
"""
_LOCK = """
SELECT 1 FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN profile p USING (shop, customer)
ORDER BY p.shop, p.customer FOR UPDATE OF p
"""
_CONTACTS = """
INSERT INTO profile AS p (shop, customer, sequence, name, email, phone, locale, shop_customer_id, birthday,
                          birthday_gregorian, birthday_jalali)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::smallint[], $11::smallint[])
ON CONFLICT (shop, customer) DO UPDATE SET
    sequence = excluded.sequence, name = excluded.name, email = excluded.email, phone = excluded.phone,
    locale = excluded.locale, shop_customer_id = excluded.shop_customer_id, birthday = excluded.birthday,
    birthday_gregorian = excluded.birthday_gregorian, birthday_jalali = excluded.birthday_jalali
WHERE p.sequence < excluded.sequence AND NOT p.erased
"""
_STAGES = """
INSERT INTO stage_change AS s (shop, customer, number, day, stage, retracted)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::int[], $4::int[], $5::text[], $6::boolean[])
ON CONFLICT (shop, customer, number) DO UPDATE SET retracted = true WHERE excluded.retracted AND NOT s.retracted
"""
_STAND = """
UPDATE profile p SET stage = (
    SELECT s.stage FROM stage_change s
    WHERE s.shop = p.shop AND s.customer = p.customer AND NOT s.retracted ORDER BY s.day DESC, s.number DESC LIMIT 1
)
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) WHERE p.shop = k.shop AND p.customer = k.customer
"""
_POINTS = """
INSERT INTO profile AS p (shop, customer, points_sequence, points, pending, owed)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
ON CONFLICT (shop, customer) DO UPDATE SET
    points_sequence = excluded.points_sequence, points = excluded.points, pending = excluded.pending,
    owed = excluded.owed
WHERE p.points_sequence < excluded.points_sequence
"""
_TIERS = """
INSERT INTO profile AS p (shop, customer, tier_sequence, tier, tier_name)
SELECT shop, customer, sequence, nullif(id, ''), nullif(name, '')
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])
    AS n (shop, customer, sequence, id, name)
ON CONFLICT (shop, customer) DO UPDATE SET
    tier_sequence = excluded.tier_sequence, tier = excluded.tier, tier_name = excluded.tier_name
WHERE p.tier_sequence < excluded.tier_sequence
"""
_MEMBERS = """
INSERT INTO profile AS p (shop, customer, member_sequence, member)
SELECT shop, customer, sequence, id
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])
    AS n (shop, customer, sequence, id, name)
ON CONFLICT (shop, customer) DO UPDATE SET member_sequence = excluded.member_sequence, member = excluded.member
WHERE p.member_sequence < excluded.member_sequence
"""
_ANSWERS = """
INSERT INTO profile AS p (shop, customer, answered_at, answer, answer_survey, answer_kind, answer_score)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
                     $7::smallint[])
ON CONFLICT (shop, customer) DO UPDATE SET
    answered_at = excluded.answered_at, answer = excluded.answer, answer_survey = excluded.answer_survey,
    answer_kind = excluded.answer_kind, answer_score = excluded.answer_score
WHERE p.answered_at IS NULL OR (p.answered_at, p.answer) < (excluded.answered_at, excluded.answer)
"""
_NPS = """
UPDATE profile p SET nps_at = n.at, nps_answer = n.answer, nps_survey = n.survey, nps_score = n.score
FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::smallint[])
    AS n (shop, customer, at, answer, survey, score)
WHERE p.shop = n.shop AND p.customer = n.customer
    AND (p.nps_at IS NULL OR (p.nps_at, p.nps_answer) < (n.at, n.answer COLLATE "C"))
"""
_PROFILES = """
SELECT shop, customer, erased, orders, money::text AS money, counts::text AS counts, first_order_at, last_order_at,
       stage, points, pending, owed, tier, tier_name, member, name, email, phone, locale, shop_customer_id,
       birthday, answered_at, answer, answer_survey, answer_kind, answer_score, nps_at, nps_answer, nps_survey,
       nps_score, attributes::text AS attributes
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN profile p USING (shop, customer)
"""
_ERASED = """
SELECT shop, customer FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)
JOIN profile p USING (shop, customer) WHERE p.erased
"""
_FORGET = """
UPDATE profile SET erased = true, name = NULL, email = NULL, phone = NULL, locale = NULL, shop_customer_id = NULL,
    birthday = NULL, birthday_gregorian = NULL, birthday_jalali = NULL, attributes = '{}'
WHERE shop = $1 AND customer = ANY($2::bigint[])
RETURNING customer
"""
_WITH_CONTACTS = """
SELECT count(*) FROM profile
WHERE shop = $1 AND customer = ANY($2::bigint[])
    AND num_nonnulls(name, email, phone, locale, shop_customer_id, birthday) > 0
"""
_COUNTED = """
SELECT (SELECT count(*) FROM purchase WHERE shop = $1 AND customer = ANY($2::bigint[])) AS orders,
       (SELECT count(*) FROM stage_change WHERE shop = $1 AND customer = ANY($2::bigint[])) AS stage_changes
"""


async def hold_pointers(conn: asyncpg.Connection[Any], shops: Iterable[int]) -> None:
    """Until the transaction ends, nobody else moves a pointer of these shops."""
    await conn.fetch(_HOLD, _SPACE, sorted({shop % _GROUPS for shop in shops}))


async def save_contacts(conn: asyncpg.Connection[Any], told: Mapping[Key, tuple[int, Contacts]]) -> None:
    """Contacts as they were said last; of who is erased nothing comes back."""
    rows = [
        (*key, sequence, *contacts, *_keys(contacts.birthday)) for key, (sequence, contacts) in sorted(told.items())
    ]
    await run(conn, _CONTACTS, rows)


def _keys(birthday: str | None) -> tuple[int | None, int | None]:
    return (None, None) if birthday is None else read_birthday(birthday).keys()


async def lock_profiles(conn: asyncpg.Connection[Any], keys: Iterable[Key]) -> None:
    """Lock profiles in the order of their keys; those that are missing are made first."""
    asked = sorted(keys)
    if asked:
        columns = turned(asked)
        await conn.execute(_STUBS, *columns)
        await conn.fetch(_LOCK, *columns)


async def save_stages(conn: asyncpg.Connection[Any], told: Mapping[tuple[int, int, int], StageTold]) -> None:
    """Changes of stage, and what stands after them."""
    concerned = {(shop, customer) for shop, customer, _ in told}
    await lock_profiles(conn, concerned)
    rows = [(*key, one.day, one.stage, one.retracted) for key, one in sorted(told.items())]
    await run(conn, _STAGES, rows)
    await run(conn, _STAND, sorted(concerned))


async def save_points(conn: asyncpg.Connection[Any], told: Mapping[Key, PointsTold]) -> None:
    """What accounts hold."""
    await run(conn, _POINTS, [(*key, *one) for key, one in sorted(told.items())])


async def save_tiers(conn: asyncpg.Connection[Any], told: Mapping[Key, Named]) -> None:
    """Which tiers members are on."""
    await run(conn, _TIERS, [(*key, *one) for key, one in sorted(told.items())])


async def save_members(conn: asyncpg.Connection[Any], told: Mapping[Key, Named]) -> None:
    """Who is a member."""
    await run(conn, _MEMBERS, [(*key, *one) for key, one in sorted(told.items())])


async def save_answers(conn: asyncpg.Connection[Any], told: Mapping[Key, Sequence[Answered]]) -> None:
    """The last answer of each, and the last with an NPS score."""
    last = {key: max(answers, key=_turn) for key, answers in told.items()}
    rows = [(*key, moment_of(one.at), one.answer, one.survey, one.kind, one.score) for key, one in sorted(last.items())]
    scored = {
        key: max(nps, key=_turn)
        for key, answers in told.items()
        if (nps := [one for one in answers if one.kind == "nps" and one.score is not None])
    }
    await run(conn, _ANSWERS, rows)
    scores = [(*key, moment_of(one.at), one.answer, one.survey, one.score) for key, one in sorted(scored.items())]
    await run(conn, _NPS, scores)


def _turn(one: Answered) -> tuple[int, str]:
    return one.turn


async def profiles_of(reads: Reads, keys: Collection[Key]) -> dict[Key, Profile]:
    """Profiles by shop and identity; those of whom nothing is known are left out."""
    rows = await reads.fetch(_PROFILES, *turned(sorted(keys))) if keys else []
    return {(row["shop"], row["customer"]): _profile(row) for row in rows}


async def identities_of(reads: Reads, shop: int, customer: int) -> tuple[int, tuple[int, ...]]:
    """Whom an identity is counted as, and all identities of that person, sorted."""
    canonical = await pointers.canonical_of(reads, shop, customer)
    others = await pointers.identities_of(reads, shop, [canonical])
    return canonical, tuple(sorted({canonical, *others.get(canonical, ())}))


async def erased_among(reads: Reads, keys: Collection[Key]) -> set[Key]:
    """Those of these identities that are erased. It stays so while their profiles are locked."""
    rows = await reads.fetch(_ERASED, *turned(sorted(keys))) if keys else []
    return {(row["shop"], row["customer"]) for row in rows}


async def persons_of(reads: Reads, keys: Collection[Key]) -> dict[Key, Person]:
    """The persons that identities belong to, by shop and identity."""
    whose = await pointers.identities_of_all(reads, keys)
    profiles = await profiles_of(reads, {(shop, one) for (shop, _), (_, all_) in whose.items() for one in all_})
    return {
        (shop, who): joined(
            shop, canonical, [profiles.get((shop, one), Profile(one, erased=False)) for one in identities]
        )
        for (shop, who), (canonical, identities) in whose.items()
    }


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Empty contacts, and have none come back; of how many identities any were known."""
    await lock_profiles(conn, {(int(shop), int(customer)) for customer in customers})
    known = await conn.fetchval(_WITH_CONTACTS, shop, list(customers))
    await conn.fetch(_FORGET, shop, list(customers))
    return int(known)


async def counted(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> dict[str, int]:
    """How much is kept of these customers, by kind."""
    row = await conn.fetchrow(_COUNTED, shop, list(customers))
    return {} if row is None else {name: int(count) for name, count in row.items() if count}


def _profile(row: asyncpg.Record) -> Profile:
    return Profile(
        customer=row["customer"],
        contacts=Contacts(*(row[name] for name in Contacts._fields)),
        erased=row["erased"],
        orders=row["orders"],
        money=json.loads(row["money"]),
        counts=json.loads(row["counts"]),
        first_order_at=None if row["first_order_at"] is None else us_of(row["first_order_at"]),
        last_order_at=None if row["last_order_at"] is None else us_of(row["last_order_at"]),
        stage=row["stage"],
        points=row["points"],
        pending=row["pending"],
        owed=row["owed"],
        tier=row["tier"],
        tier_name=row["tier_name"],
        member=row["member"],
        last_answer=_answered(*(row[f"answer{name}"] for name in ("ed_at", "", "_survey", "_kind", "_score"))),
        last_nps=_answered(row["nps_at"], row["nps_answer"], row["nps_survey"], "nps", row["nps_score"]),
        attributes=msgspec.json.decode(row["attributes"], type=dict[str, Attribute]),
    )


def _answered(at: datetime | None, *said: Any) -> Answered | None:
    return None if at is None else Answered(us_of(at), *said)


async def run(conn: asyncpg.Connection[Any], statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """A statement whose arguments are columns, for these rows."""
    if rows:
        await conn.execute(statement, *turned(rows))


def turned(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)]
