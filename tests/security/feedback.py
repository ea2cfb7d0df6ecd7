"""What feedback has of a shop: a customer, a survey that they were asked, a case."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import asyncpg

SURVEY: dict[str, Any] = {
    "kind": "nps",
    "title": {"en": "How was it?"},
    "questions": [
        {"type": "scale", "id": "score", "text": {"en": "Would you?"}, "low": 0, "high": 10, "required": True},
        {
            "type": "choice",
            "id": "why",
            "text": {"en": "Why?"},
            "options": [{"id": "price", "text": {"en": "Price"}}, {"id": "speed", "text": {"en": "Speed"}}],
        },
        {"type": "open", "id": "more", "text": {"en": "More?"}},
    ],
    "invite": {"template": "survey"},
}


def survey_of(shop: str) -> str:
    """Name of the shop's survey."""
    return f"nps-of-{shop}"


def case_of(shop: str) -> str:
    """Id of a case of the shop."""
    return f"00000000-0000-8fbe-9c5e-{shop.encode().hex():0>12.12}"


async def add_feedback(pool: asyncpg.Pool[Any], shop: int, slug: str, customer: int, token: str) -> None:
    """Of a shop, by its number and slug. `token`: of the link to the survey."""
    await pool.execute("INSERT INTO respondent (shop, customer, stage) VALUES ($1, $2, 'active')", shop, customer)
    await pool.execute(
        "INSERT INTO survey_version (shop, survey, version, published_at, author, body)"
        " VALUES ($1, $2, 1, now(), '', $3::text::jsonb)",
        *(shop, survey_of(slug), json.dumps(SURVEY)),
    )
    await pool.execute(
        "INSERT INTO care_case (shop, id, customer, opened_at, due_at, state, cause) VALUES ($1, $2, $3, now(), now(),"
        " 1, 'complaint')",
        *(shop, case_of(slug), customer),
    )
    await pool.execute(
        "INSERT INTO invitation (shop, id, customer, due, until, asked_at, expires_at, version, place, state, survey,"
        " occasion, hash) VALUES ($1, $2, $3, now(), now(), now(), now() + interval '1 day', 1, 0, 2, $4, 'o', $5)",
        *(shop, case_of(slug), customer, survey_of(slug), sha256(token.encode()).digest()),
    )
