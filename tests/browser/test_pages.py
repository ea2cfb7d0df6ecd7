"""What customers see, in a real browser: a survey, their preferences, the inbox; in three languages."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect
from rich.console import Console

from mandegar.demo.asking import Api
from mandegar.demo.loop import programme
from mandegar.demo.loop.shopper import Shopper
from shared.kernel import SystemClock
from tests.acceptance.conftest import Platform, a_platform
from tests.browser.conftest import BROWSER

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SHOP = "yalda"
PHONE: ViewportSize = {"width": 390, "height": 844}
LANGUAGES = {"fa": ("rtl", "سارا"), "ar": ("rtl", "ليلى"), "en": ("ltr", "Sara")}
PICTURES = Path(os.environ.get("PICTURES", ".mandegar/pictures"))
"""Where the screenshots go."""
_SURVEY = re.compile(r"https?://\S+/pages/surveys/\S+")
_PREFERENCES = re.compile(r"https?://\S+/pages/(?:preferences|unsubscribe)/\S+")
_NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Everything, with its inbox."""
    with a_platform(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture(scope="module")
async def letters(platform: Platform) -> dict[str, dict[str, Any]]:
    """The letter by which a customer of each language was asked."""
    platform.run("shops", "add", SHOP, "--zone", "Asia/Tehran", "--currency", "EUR", "--language", "en")
    made = platform.json("keys", "create", SHOP, "--scope", "admin", "--scope", "collect:write")
    gateway, campaigns, feedback = (
        Api(platform.addresses[f"{name}-api"], made["key"]) for name in ("gateway", "campaigns", "feedback")
    )
    for api, path in ((gateway, "/v1/audit"), (campaigns, "/v1/templates"), (feedback, "/v1/surveys")):
        await api.wait_until_known(path)
    await campaigns.post("/v1/templates", programme.survey_template())
    survey = (await feedback.get("/v1/surveys/ready"))["surveys"][programme.SURVEY]
    await feedback.post("/v1/surveys", {"survey": programme.SURVEY, **survey})
    found = {}
    for language, (_, name) in LANGUAGES.items():
        inbox = platform.addresses["inbox"]
        shopper = Shopper("who", name, gateway, inbox, Console(quiet=True), SystemClock(), language)
        customer = await shopper.introduce(("surveys",), _ago(shopper))
        await shopper.be_asked(feedback, programme.SURVEY, customer)
        found[language] = await shopper.next_letter()
    for api in (gateway, campaigns, feedback):
        await api.__aexit__()
    return found


def _ago(shopper: Shopper) -> str:
    moment: datetime = shopper.clock.now() - timedelta(days=1)
    return moment.isoformat()


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", _NO_NETWORK])
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A phone's. At the end it must not have complained, nor asked anybody but this machine."""
    page = await browser.new_page(viewport=PHONE)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield page
    await page.close()
    # The inbox asks for nothing that a letter names, so not for the image that counts openings either.
    assert [one for one in complaints if not (one.startswith("Loading the image") and "/pages/open/" in one)] == []
    assert all(url.startswith(("http://127.0.0.1:", "data:")) for url in asked), asked


@pytest.fixture(scope="module", autouse=True)
def pictures() -> None:
    """The folder of screenshots."""
    PICTURES.mkdir(parents=True, exist_ok=True)


async def is_accessible(page: Page, name: str) -> None:
    """Nothing that axe finds, no sideways scrolling on a phone; and a picture."""
    found = await Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, "it scrolls sideways"
    await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_survey_is_answered_by_keyboard_on_a_phone(
    page: Page, letters: dict[str, dict[str, Any]], language: str
) -> None:
    (first, *_) = _SURVEY.findall(letters[language]["text"])
    link = first.split("?")[0]
    await page.goto(f"{link}?score=3")
    assert await page.evaluate("document.documentElement.lang") == language
    assert await page.evaluate("document.documentElement.dir") == LANGUAGES[language][0]
    await expect(page.locator('input[name="q.score"][value="3"]')).to_be_checked()
    await is_accessible(page, f"survey-{language}")
    await page.locator('input[name="q.score"][value="3"]').focus()
    await page.keyboard.press("ArrowRight" if LANGUAGES[language][0] == "ltr" else "ArrowLeft")
    chosen = await page.locator('input[name="q.score"]:checked').get_attribute("value")
    assert chosen == "4", "the arrows go along the scale"
    await page.locator("textarea").fill("دیر رسید")
    await page.locator('button[value="send"]').press("Enter")
    await expect(page.locator("form")).to_have_count(0)
    await is_accessible(page, f"survey-thanks-{language}")
    await page.goto(link)
    await expect(page.locator("form")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_preferences_are_seen_and_withdrawn(
    page: Page, letters: dict[str, dict[str, Any]], language: str
) -> None:
    (link, *_) = _PREFERENCES.findall(letters[language]["text"])
    await page.goto(link)
    assert await page.evaluate("document.documentElement.lang") == language
    assert await page.evaluate("document.documentElement.dir") == LANGUAGES[language][0]
    await is_accessible(page, f"preferences-{language}")
    await page.locator("button").last.click()
    await expect(page.locator('[role="status"]')).to_be_visible()
    await is_accessible(page, f"preferences-done-{language}")


async def test_the_inbox_lists_letters_and_shows_one_in_a_frame_that_runs_nothing(
    page: Page, platform: Platform, letters: dict[str, dict[str, Any]]
) -> None:
    inbox = platform.addresses["inbox"]
    await page.goto(inbox)
    await expect(page.locator("tbody tr")).to_have_count(len(LANGUAGES))
    await is_accessible(page, "inbox")
    await page.get_by_role("link", name=letters["fa"]["subject"]).click()
    frame = page.frame_locator("iframe")
    await expect(frame.locator("body")).to_contain_text("سارا")
    await expect(frame.get_by_role("link")).to_have_count(12)
    await page.screenshot(path=PICTURES / "inbox-letter.png", full_page=True)
