"""API keys: who may call, and how little is told to who may not."""

from __future__ import annotations

import pytest

from shared.kernel import api_key_text
from shared.testing.http import client
from tests.web.sample import KEY, OLD_KEY, POOR_KEY, REVOKED_KEY, PlayedPool, sample_app

FOREIGN = api_key_text("reader01", bytes(32))  # the right id, another secret
UNKNOWN = api_key_text("nobody01", bytes(32))


async def test_a_key_is_taken_from_either_header_and_names_its_shop() -> None:
    async with client(sample_app()) as api:
        for headers in ({"Authorization": f"Bearer {KEY}"}, {"X-Api-Key": KEY}, {"authorization": f"bearer {KEY}"}):
            answer = await api.get("/v1/whoami", headers=headers)
            assert answer.status_code == 200
            assert answer.json() == {"shop": "laleh", "key": "reader01"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": f"Bearer {FOREIGN}"},
        {"Authorization": f"Bearer {UNKNOWN}"},
        {"Authorization": f"Bearer {REVOKED_KEY}"},
        {"Authorization": f"Bearer {KEY}", "X-Api-Key": POOR_KEY},
        {"X-Api-Key": "mdg_' OR 1=1 --_" + "x" * 43},
    ],
)
async def test_whoever_has_no_valid_key_gets_the_same_401(headers: dict[str, str]) -> None:
    async with client(sample_app()) as api:
        answer = await api.get("/v1/whoami", headers=headers)
        problem = answer.json()
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert problem.pop("request_id") == answer.headers["x-request-id"]
        assert problem == {
            "type": "urn:mandegar:problem:unauthenticated",
            "title": "A valid API key or staff token is needed",
            "status": 401,
            "detail": "Send a key as `Authorization: Bearer <key>` or `X-Api-Key: <key>`, "
            "a token as `Authorization: Bearer <token>`.",
        }


async def test_an_expired_key_is_told_so() -> None:
    async with client(sample_app(), key=OLD_KEY) as api:
        answer = await api.get("/v1/whoami")
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:mandegar:problem:key-expired")


async def test_a_key_without_the_scope_gets_403() -> None:
    async with client(sample_app(), key=POOR_KEY) as api:
        answer = await api.get("/v1/whoami")
        assert answer.status_code == 403
        assert "metrics:read" in answer.json()["detail"]


async def test_a_found_key_is_trusted_for_a_moment_and_then_asked_for_again() -> None:
    pool = PlayedPool()
    async with client(sample_app(pool), key=KEY) as api:
        assert [(await api.get("/v1/whoami")).status_code for _ in range(3)] == [200] * 3
        assert len(pool.asked) == 1
    async with client(sample_app(pool, api_key_cache_seconds=0), key=KEY) as api:
        assert (await api.get("/v1/whoami")).status_code == 200
        del pool.keys["reader01"]
        assert (await api.get("/v1/whoami")).status_code == 401


async def test_an_unknown_key_is_never_remembered() -> None:
    pool = PlayedPool()
    row = pool.keys.pop("reader01")
    async with client(sample_app(pool), key=KEY) as api:
        assert (await api.get("/v1/whoami")).status_code == 401
        pool.keys["reader01"] = row
        assert (await api.get("/v1/whoami")).status_code == 200
