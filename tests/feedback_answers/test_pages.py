"""The page behind a link: GET changes nothing, an answer counts once, what was begun is kept; in three languages."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from services.feedback.surveys import Open
from shared.contracts.topics import CUSTOMERS, ERASURES, ORDERS
from shared.testing import Databases
from tests.campaigns.ground import erased
from tests.feedback.ground import LINKS, NPS, SHOP, Ground, a_ground, bought, survey
from tests.feedback_surveys.test_surveys import told

pytestmark = pytest.mark.stack
ASKING = survey(trigger={"on": "order_completed", "delay_hours": 0})
NEEDING = survey(ASKING, questions=[NPS.questions[0], Open(id="why", text=NPS.questions[1].text, required=True)])


async def one_asked(ground: Ground, body: Any = ASKING, locale: str = "en") -> str:
    """A customer who was asked; the path of their page."""
    await ground.publish("nps", body)
    await ground.worker.feed(CUSTOMERS, [told(7, 1, locale=locale)])
    await ground.worker.feed(ORDERS, [bought("A-1", 7)])
    await ground.pass_time(hours=0)
    (asked,) = await ground.asked()
    return ground.page(asked)


async def answers(ground: Ground) -> list[tuple[Any, ...]]:
    rows = await ground.worker.pool.fetch("SELECT score, counts, complete, texts::text FROM answer ORDER BY id")
    return [tuple(row) for row in rows]


async def test_looking_changes_nothing_however_often_and_with_whatever_score(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground)
        scanned = await ground.http.get(path, headers={"Sec-Purpose": "prefetch"})
        assert scanned.status_code == 200 and "survey.opened" not in [kind for kind, _ in await ground.told()]
        (before,) = await ground.worker.pool.fetch("SELECT * FROM invitation")
        for query in ("?score=0", "?score=9", "", "?score=99", "?score=%00", "?lang=xx", "?score=9&utm_source=mail"):
            shown = await ground.http.get(path + query)
            assert shown.status_code == (422 if "%00" in query else 200), shown.text
        assert await answers(ground) == []
        assert [kind for kind, _ in await ground.told()] == ["survey.opened"], "observed once"
        (after,) = await ground.worker.pool.fetch("SELECT * FROM invitation")
        changed = {key for key, value in after.items() if value != before[key]}
        assert changed == {"opened_at"}


async def test_a_score_clicked_in_the_message_is_chosen_and_counts_once_it_is_sent_off(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground)
        shown = await ground.http.get(path + "?score=9")
        assert re.findall(r'value="(\d+)" checked', shown.text) == ["9"]
        sent = await ground.post(path, ("q.score", "9"), ("q.why", "خوب و سریع"))
        assert sent.status_code == 200 and "Thank you" in sent.text
        again = await ground.post(path, ("q.score", "0"))
        assert again.status_code == 200 and "already" in again.text
        assert "already" in (await ground.http.get(path)).text
        assert [row[:3] for row in await answers(ground)] == [(9, True, True)]
        kinds = [(kind, data.get("score")) for kind, data in await ground.told()]
        assert kinds == [("survey.opened", None), ("survey.answered", 9)]
        (_, data) = (await ground.told())[-1]
        assert data["text"] is True and "خوب" not in str(await ground.told()), "own words are on no topic"
        await ground.pass_time(days=40)
        assert [kind for kind, _ in await ground.told()] == ["survey.opened", "survey.answered"]


async def test_a_detractor_is_told_besides(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground)
        await ground.post(path, ("q.score", "6"))
        assert [kind for kind, _ in await ground.told()] == ["survey.answered", "nps.detractor"]


async def test_dismissed_is_no_answer(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground, NEEDING)
        await ground.post(path, ("q.score", "3"), do="save")
        gone = await ground.post(path, ("q.score", "3"), do="dismiss")
        assert gone.status_code == 200 and "not ask this again" in gone.text
        assert await answers(ground) == [] and await ground.states() == [("nps", "dismissed")]
        assert [kind for kind, _ in await ground.told()] == ["survey.dismissed"]
        assert "not ask this again" in (await ground.post(path, ("q.score", "9"))).text
        await ground.pass_time(days=40)
        assert await answers(ground) == []


async def test_what_was_begun_is_kept_shown_again_and_counts_when_the_link_expires(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground, NEEDING)
        lacking = await ground.post(path, ("q.score", "4"))
        assert lacking.status_code == 422 and "Please answer this question." in lacking.text
        assert 'role="alert"' in lacking.text and re.findall(r'value="(\d+)" checked', lacking.text) == ["4"]
        assert await answers(ground) == [(4, False, False, "{}")] and await ground.told() == []
        assert re.findall(r'value="(\d+)" checked', (await ground.http.get(path + "?score=9")).text) == ["4"]
        saved = await ground.post(path, ("q.score", "5"), ("q.why", " "), do="save")
        assert saved.status_code == 200 and "same link" in saved.text
        await ground.pass_time(days=30)
        assert await answers(ground) == [(5, True, False, "{}")]
        kinds = [(kind, data.get("complete")) for kind, data in await ground.told()]
        assert kinds == [("survey.opened", None), ("survey.answered", False), ("nps.detractor", False)]
        assert await ground.states() == [("nps", "answered")]
        assert "already" in (await ground.post(path, ("q.score", "9"), ("q.why", "x"))).text


async def test_a_link_expires(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground)
        ground.clock.advance(timedelta(days=30))
        late = await ground.post(path, ("q.score", "9"))
        assert "over" in late.text and await answers(ground) == [], "also before its timer has fired"
        await ground.pass_time(hours=1)
        assert [kind for kind, _ in await ground.told()] == ["survey.expired"]
        assert await ground.states() == [("nps", "expired")]


async def test_a_link_that_is_unknown_or_of_another_shop_shows_nothing(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground)
        token = path.rpartition("/")[2]
        forged = LINKS.token(SHOP.slug, "00000000-0000-8c52-9c5e-2f6d1f0a7b18")
        cut = token[:-1]
        for shop, text in (("laleh", "A" * 32), ("laleh", forged), ("sib", token), ("none", token), ("laleh", cut)):
            for method in ("GET", "POST"):
                answer = await ground.http.request(method, f"/pages/surveys/{shop}/{text}")
                assert answer.status_code == 404 and "recommend" not in answer.text
        assert (await ground.http.post(path, content="%zz&&&" + "a" * 70_000)).status_code in (413, 422)
        assert await answers(ground) == []


@pytest.mark.parametrize(
    ("locale", "direction", "word"), [("fa-IR", "rtl", "۱۰"), ("ar", "rtl", "١٠"), ("en", "ltr", "10")]
)
async def test_the_page_speaks_the_customers_language(
    databases: Databases, locale: str, direction: str, word: str
) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground, locale=locale)
        shown = await ground.http.get(path)
        assert f'<html lang="{locale[:2]}" dir="{direction}">' in shown.text and f">{word}</label>" in shown.text
        other = await ground.http.get(path + "?lang=ar")
        assert '<html lang="ar" dir="rtl">' in other.text


class Form(HTMLParser):
    """What somebody who cannot see the page hears of it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.bare: list[str] = []
        self.fieldsets = self.legends = self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.fieldsets += tag == "fieldset"
        self.legends += tag == "legend"
        self.scripts += tag == "script" or any(key.startswith("on") for key in given)
        if tag == "input" and "label" not in self.open:
            self.bare.append(str(given))
        if tag == "textarea" and not given.get("aria-labelledby"):
            self.bare.append(str(given))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.open.remove(tag)


async def test_each_field_has_its_label_and_nothing_runs_or_comes_from_elsewhere(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground, survey(ASKING, title={"en": "<b>Hi</b>", "fa": "x", "ar": "y"}))
        shown = await ground.http.get(path)
        form = Form()
        form.feed(shown.text)
        assert form.bare == [] and form.scripts == 0 and form.fieldsets == form.legends == 2
        assert "&lt;b&gt;Hi" in shown.text and "<b>Hi" not in shown.text
        policy = shown.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script" not in policy and "frame-ancestors 'none'" in policy
        assert (shown.headers["referrer-policy"], shown.headers["cache-control"]) == ("no-referrer", "no-store")
        assert "http" not in re.sub(r"<!doctype html>", "", shown.text), "nothing from elsewhere"


async def test_two_who_send_at_once_answer_once(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground)
        sent = await asyncio.gather(*(ground.post(path, ("q.score", str(n))) for n in range(11)))
        assert {one.status_code for one in sent} == {200}
        assert sum("Thank you. Your answer" in one.text for one in sent) == 1
        assert len(await answers(ground)) == 1
        assert [kind for kind, _ in await ground.told()].count("survey.answered") == 1


async def test_an_erasure_empties_words_and_ends_links(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        path = await one_asked(ground)
        await ground.post(path, ("q.score", "2"), ("q.why", "Sara, 0912"))
        await ground.worker.feed(ORDERS, [bought("A-2", 7)])
        await ground.worker.feed(ERASURES, [erased(7)])
        assert await answers(ground) == [(2, True, True, "{}")], "the score stays"
        texts = ""
        for table in ("answer", "respondent", "invitation", "outbox"):
            texts += str(await ground.worker.pool.fetchval(f"SELECT string_agg(t::text, '') FROM {table} t"))
        assert "Sara" not in texts
        assert await ground.worker.pool.fetchval("SELECT locale FROM respondent WHERE customer = 7") is None
        await ground.worker.feed(CUSTOMERS, [told(7, 9, locale="fa")])
        assert await ground.worker.pool.fetchval("SELECT locale FROM respondent WHERE customer = 7") is None
        await ground.pass_time(days=60)
        assert len(await ground.asked()) == 1
        (done,) = [one.event for one in await ground.worker.published(ERASURES)]
        assert done["data"]["removed"] == {"languages": 1, "texts": 1, "links": 1}
        assert done["data"]["kept"]["answers"] == 1
