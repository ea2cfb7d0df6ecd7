"""Errors: always problem+json, always told by field, never with what was sent."""

from __future__ import annotations

import json

import asyncpg
import httpx
import pytest

from shared.testing.http import client
from tests.web.sample import KEY, PlayedPool, sample_app

JSON = {"Content-Type": "application/json"}
CANARY = "canary09121234567"


def fields(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return {error["field"]: error["reason"] for error in answer.json()["errors"]}


UNKNOWN = "is not a known parameter; there are as_of, window_days"


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("", "query.as_of", "is required"),
        (f"as_of={CANARY}", "query.as_of", "must be a date such as 2026-03-21"),
        ("as_of=2026-03-21&window_days=0", "query.window_days", "must be at least 1"),
        (f"as_of=2026-03-21&window_days={CANARY}", "query.window_days", "must be a whole number"),
        ("as_of=2026-03-21&window_days=1e30", "query.window_days", "must be a whole number"),
        ("as_of=2026-03-21&window_days=" + "9" * 40, "query.window_days", "must be at most 3650"),
        ("as_of=2026-03-21&window=30", "query.window", UNKNOWN),
        ("as_of=2026-03-21&09121234567=1", "query.(unnamed)", UNKNOWN),
        ("as_of=2026-03-21&as_of=2026-03-22", "query.as_of", "is given more than once"),
        ("as_of=2026-03-21%00", "request", "holds a NUL character"),
    ],
)
async def test_a_query_that_cannot_be_accepted_is_told_by_field(query: str, field: str, reason: str) -> None:
    async with client(sample_app(), key=KEY) as api:
        answer = await api.get(f"/v1/window?{query}")
        assert answer.status_code == 422
        assert fields(answer)[field] == reason
        assert CANARY not in answer.text and "09121234567" not in answer.text


async def test_a_good_query_passes() -> None:
    async with client(sample_app(), key=KEY) as api:
        answer = await api.get("/v1/window?as_of=2026-03-21&window_days=30")
        assert answer.json() == {"as_of": "2026-03-21", "window_days": 30}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{}", "body.amount"),
        (b"[]", "body"),
        (b'{"amount": "5"}', "body.amount"),
        (b'{"amount": 5.0}', "body.amount"),
        (b'{"amount": true}', "body.amount"),
        (b'{"amount": NaN}', "body"),
        (b'{"amount": 1e400}', "body"),
        (b'{"amount": 1000000000000000000000000000000}', "body"),
        (b'{"amount": 9223372036854775808}', "body"),
        (b'{"amount": 1001}', "body.amount"),
        (b'{"amount": 5, "canary09121234567": 1}', "body.(unnamed)"),
        (b'{"amount": 5, "09121234567": 1}', "body.(unnamed)"),
        (b'{"amount": 5, "amount": 6}', "body"),
        (b'{"amount": 5, "note": "\\u0000"}', "body"),
        (b'{"amount": 5, "note": "\\ud800"}', "body"),
        (b'{"amount": 5, "note": "\xff"}', "body"),
        (b'{"amount": 5, "note": ' + b"[" * 2000 + b"]" * 2000 + b"}", "body"),
        (b'{"amount": 5, "note": ' + b"[" * 40 + b"]" * 40 + b"}", "body"),
        (b'{"amount": 5, "note": "' + b"x" * 51 + b'"}', "body.note"),
        (b'{"amount": 5, "tags": ["a", 1]}', "body.tags.1"),
        (b'{"amount": 5', "body"),
    ],
)
async def test_a_body_that_cannot_be_accepted_is_422_and_not_echoed(body: bytes, field: str) -> None:
    async with client(sample_app()) as api:
        answer = await api.post("/v1/points", content=body, headers=JSON)
        assert answer.status_code == 422
        assert field in fields(answer)
        assert "input" not in answer.text and CANARY not in answer.text


async def test_a_good_body_passes() -> None:
    async with client(sample_app()) as api:
        answer = await api.post("/v1/points", content='{"amount": 5, "note": "سلام 😀"}'.encode(), headers=JSON)
        assert (answer.status_code, answer.json()) == (200, {"amount": 5})


async def test_a_body_beyond_the_limit_is_refused_before_it_is_parsed() -> None:
    async def stream() -> object:
        for _ in range(20):
            yield b"[" * 100

    async with client(sample_app(http_body_bytes_max=1024)) as api:
        declared = await api.post("/v1/points", content=b"[" * 1025, headers=JSON)
        streamed = await api.post("/v1/points", content=stream(), headers=JSON)  # type: ignore[arg-type]  # httpx takes such a stream, its types a narrower one
        nowhere = await api.post("/v1/none", content=b"[" * 1025, headers=JSON)
        assert [declared.status_code, streamed.status_code, nowhere.status_code] == [413] * 3
        assert declared.headers["content-type"] == "application/problem+json"


async def test_what_does_not_exist_is_404_and_what_cannot_be_done_405() -> None:
    async with client(sample_app()) as api:
        for path in ("/v1/none", f"/v1/{CANARY}", "/v1/missing/x", "/", "/v1/whoami/"):
            answer = await api.get(path)
            assert (answer.status_code, answer.json()["title"][:7]) == (404, "No such")
            assert CANARY not in answer.text
        answer = await api.delete("/v1/points")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert answer.json()["type"] == "urn:mandegar:problem:method-not-allowed"


async def test_a_defect_is_500_without_its_message() -> None:
    async with client(sample_app()) as api:
        for path in ("/v1/broken", "/v1/overflow"):
            answer = await api.get(path)
            assert answer.status_code == 500
            assert answer.headers["content-type"] == "application/problem+json"
            assert "joe" not in answer.text and "range" not in answer.text


@pytest.mark.parametrize(
    "failure",
    [
        TimeoutError(),
        ConnectionRefusedError(),
        asyncpg.TooManyConnectionsError("too many"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.QueryCanceledError("statement timeout"),
        asyncpg.InterfaceError("pool is closing"),
        asyncpg.DeadlockDetectedError("deadlock"),
    ],
)
async def test_a_database_that_is_away_or_full_is_503_with_retry_after(failure: Exception) -> None:
    pool = PlayedPool()
    pool.failure = failure
    async with client(sample_app(pool), key=KEY) as api:
        for path in ("/v1/database", "/v1/whoami"):
            answer = await api.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_request_that_takes_too_long_is_503_rather_than_a_hang() -> None:
    async with client(sample_app(http_request_seconds_max=0.05)) as api:
        assert (await api.get("/v1/slow")).status_code == 503


async def test_a_request_id_is_kept_when_it_is_sound_and_made_when_not() -> None:
    async with client(sample_app()) as api:
        kept = await api.get("/healthz", headers={"X-Request-Id": "order-1234.a"})
        made = await api.get("/healthz", headers={"X-Request-Id": "a\tb <script>"})
        assert kept.headers["x-request-id"] == "order-1234.a"
        assert len(made.headers["x-request-id"]) == 36
        assert kept.headers["x-content-type-options"] == "nosniff"
        assert kept.headers["referrer-policy"] == "no-referrer"


async def test_logs_of_a_request_hold_neither_query_nor_key(capsys: pytest.CaptureFixture[str]) -> None:
    from shared.telemetry import configure_logging

    configure_logging("sample", format="json")
    async with client(sample_app(), key=KEY) as api:
        await api.get(f"/v1/window?as_of={CANARY}")
        await api.get("/v1/broken")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["route"], line["status"]) for line in requests] == [("/v1/window", 422), ("/v1/broken", 500)]
    assert all(line["request_id"] for line in requests)
    assert any("RuntimeError" in line.get("exception", "") for line in lines)
    everything = json.dumps(lines)
    assert not any(word in everything for word in (CANARY, KEY, "joe@example.com", "09121234567"))
