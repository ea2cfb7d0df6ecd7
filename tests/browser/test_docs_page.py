"""The page of each API in a real browser without network: whole, quiet, asking nobody else, and it can be tried."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.conftest import BROWSER
from tests.security.ground import OWN, SERVICES, Place

pytestmark = [pytest.mark.stack, pytest.mark.slow]
_NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


class Watched:
    """A page, and everything that it asked for or complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as started:
        # Its sandbox does not run as root, which containers of tests mostly are.
        arguments = ["--no-sandbox", _NO_NETWORK, "--disable-background-networking"]
        opened = await started.chromium.launch(executable_path=BROWSER, args=arguments)
        yield opened
        await opened.close()


@pytest.fixture
async def watched(browser: Browser) -> AsyncIterator[Watched]:
    page = await browser.new_page()
    page.set_default_timeout(20_000)
    yield Watched(page)
    await page.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_the_page_shows_every_operation_and_asks_nobody_but_its_service(
    watched: Watched, addresses: dict[str, str], service: str
) -> None:
    base = addresses[service]
    async with httpx.AsyncClient() as http:
        described = (await http.get(f"{base}/openapi.json")).json()
    operations = sum(len(methods) for methods in described["paths"].values())
    await watched.page.goto(f"{base}/docs")
    await expect(watched.page.locator(".opblock")).to_have_count(operations)
    await expect(watched.page).to_have_title(described["info"]["title"])
    assert watched.complaints == [], "of the policy, of scripts, of what could not be loaded"
    assert {url for url in watched.asked if not url.startswith((base, "data:"))} == set()


async def test_a_request_is_tried_on_the_page_with_a_key(
    watched: Watched, addresses: dict[str, str], place: Place
) -> None:
    page = watched.page
    await page.goto(f"{addresses['gateway']}/docs")
    await page.locator(".auth-wrapper .authorize").click()
    way = page.locator(".auth-container", has_text="a staff token (JWT)")
    await way.locator("input").fill(place.key(OWN, "shops:read"))
    await way.locator(".authorize").click()
    await way.locator(".btn-done").click()
    operation = page.locator(".opblock", has_text="A shop's settings").filter(has_text="GET").first
    await operation.locator(".opblock-summary").click()
    await operation.locator("tr[data-param-name=slug] input").fill(OWN)
    await operation.locator(".execute").click()
    await expect(operation.locator(".live-responses-table .response .response-col_status")).to_have_text("200")
    await expect(operation.locator(".live-responses-table")).to_contain_text("inactive_months")
    assert watched.complaints == []


async def test_the_policy_holds_in_the_browser(watched: Watched, addresses: dict[str, str]) -> None:
    await watched.page.goto(f"{addresses['gateway']}/docs")
    refused = await watched.page.evaluate("fetch('http://127.0.0.2:9/').then(() => 'sent', error => String(error))")
    assert "sent" not in refused
    assert any("Content Security Policy" in line for line in watched.complaints)
    injected = "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)"
    await watched.page.evaluate(f"() => {{ {injected} }}")
    assert await watched.page.evaluate("window.ran") is None, "nothing inline runs"
