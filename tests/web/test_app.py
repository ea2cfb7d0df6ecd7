"""Health, metrics, the API page and paging."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.testing.http import client
from shared.web import Problem, create_app, read_cursor, write_cursor
from tests.web.sample import PlayedPool, sample_app, settings


async def test_alive_does_not_need_the_database_and_ready_does() -> None:
    pool = PlayedPool()
    async with client(sample_app(pool)) as api:
        assert (await api.get("/readyz")).json() == {"status": "ready", "checks": {"database": "ok"}}
        pool.failure = ConnectionRefusedError("127.0.0.1:5432")
        assert (await api.get("/healthz")).json() == {"status": "ok"}
        answer = await api.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["detail"] == "database: does not answer (ConnectionRefusedError)"


async def test_an_api_starts_without_its_database_and_answers_503_until_it_is_there() -> None:
    async with client(create_app("away", settings())) as api:
        assert (await api.get("/healthz")).status_code == 200
        assert (await api.get("/readyz")).status_code == 503


async def test_further_conditions_of_readiness_are_named() -> None:
    async def lagging() -> str | None:
        return "is 900 events behind"

    app = create_app("sample", settings(), pool=PlayedPool(), checks={"worker": lagging})  # type: ignore[arg-type]  # plays a pool
    async with client(app) as api:
        assert (await api.get("/readyz")).json()["detail"] == "worker: is 900 events behind"


async def test_metrics_count_by_route_template_and_never_by_shop() -> None:
    async with client(sample_app()) as api:
        await api.get("/v1/missing/someone")
        await api.get("/v1/nowhere/someone")
        text = (await api.get("/metrics")).text
        line = (
            'mandegar_http_requests_total{method="GET",route="/v1/missing/{thing}",service="sample",status="404"} 1.0'
        )
        assert line in text
        assert 'route="(none)"' in text
        assert "someone" not in text and "laleh" not in text


async def test_the_api_page_is_served_whole_and_a_browser_may_load_nothing_from_elsewhere() -> None:
    async with client(sample_app()) as api:
        page = await api.get("/docs")
        names = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert names.pop(0) == "data:,", "an empty icon: browsers would ask for /favicon.ico"
        assert names == ["docs/swagger-ui.css", "docs/page.css", "docs/swagger-ui.js", "docs/page.js"]
        for name in ("docs", *names):
            answer = await api.get(f"/{name}", headers={"Accept-Encoding": "gzip"})
            plain = await api.get(f"/{name}", headers={"Accept-Encoding": "identity"})
            assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
            assert "content-encoding" not in plain.headers
            assert answer.text == plain.text
            policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
            assert policy.pop("default-src") == "'none'"
            allowed = {source for sources in policy.values() for source in sources.split()}
            assert allowed == {"'self'", "'none'", "data:"}  # no host, nothing inline, nothing evaluated
            assert {"script-src", "style-src", "connect-src", "frame-ancestors", "base-uri"} <= set(policy)
        assert "<script>" not in page.text and "style=" not in page.text  # the policy would stop it


async def test_the_api_page_asks_the_description_of_its_own_service_and_no_validator() -> None:
    async with client(sample_app()) as api:
        script = (await api.get("/docs/page.js")).text
        assert 'url: "openapi.json"' in script
        assert "validatorUrl: null" in script
        assert "SwaggerUIBundle=" in (await api.get("/docs/swagger-ui.js")).text
        assert (await api.get("/openapi.json")).status_code == 200


def test_the_api_page_names_no_address() -> None:
    for file in Path("shared/web/page").iterdir():
        assert not re.search(r"https?:|[\"'(]//", file.read_text(encoding="utf-8"))


async def test_errors_are_described_in_the_document() -> None:
    async with client(sample_app()) as api:
        document = (await api.get("/openapi.json")).json()
        responses = document["paths"]["/v1/window"]["get"]["responses"]
        assert set(responses) == {"200", "401", "403", "404", "413", "422", "503"}
        assert all("example" in r["content"]["application/problem+json"] for s, r in responses.items() if s != "200")
        assert "Problem" in document["components"]["schemas"]
        assert {"bearer", "api_key"} == set(document["components"]["securitySchemes"])


async def test_pages_follow_one_another_to_the_end() -> None:
    async with client(sample_app()) as api:
        seen: list[int] = []
        cursor = ""
        for _ in range(10):
            page = (await api.get(f"/v1/numbers{cursor}")).json()
            seen += page["items"]
            if page["next"] is None:
                break
            cursor = f"?cursor={page['next']}"
        assert seen == list(range(8))


@pytest.mark.parametrize("cursor", ["x", "%F0%9F%98%80", "W10", "WyJhIl0", "bnVsbA", "W1tbW1tbW1tb", "A" * 600])
async def test_a_cursor_that_is_not_ours_is_422(cursor: str) -> None:
    async with client(sample_app()) as api:
        assert (await api.get(f"/v1/numbers?cursor={cursor}")).status_code == 422


@given(st.integers(-(2**63), 2**63 - 1), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_a_cursor_gives_back_its_key(number: int, text: str) -> None:
    assert read_cursor(write_cursor((number, text)), tuple[int, str]) == (number, text)


@given(st.text(max_size=80))
def test_any_text_is_a_cursor_or_a_problem(text: str) -> None:
    try:
        assert isinstance(read_cursor(text, tuple[int, str]), tuple)
    except Problem as problem:
        assert problem.status == 422
