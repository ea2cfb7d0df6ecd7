"""One customer, on the wall clock, from the order a month ago to the case that is solved.

1 a shop sets up   2 a customer who bought a month ago lapses   3 is written to   4 orders, which ends the journey and
earns points   5 is asked after the delivery   6 answers badly   7 a person calls, gives points, solves the case
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg
import httpx
from rich.console import Console

from mandegar.connecting import Connection
from mandegar.demo.asking import Api
from mandegar.demo.loop import programme
from mandegar.demo.loop.passing import Event, Passing
from mandegar.demo.loop.shopper import Found, LoopBroken, Shopper, short, until
from mandegar.gateway import GATEWAY, with_gateway_at
from services.gateway.shops import add_shop, create_key, list_keys, revoke_key
from shared.contracts.shops import Lifecycle
from shared.kernel import Clock, SystemClock

LOOP_SHOP = "narges"
_KEY_NAME = "demo loop"
_SCOPES = ("admin", "collect:write")
_COMPENSATION = 200


class Addresses(NamedTuple):
    """Of the APIs and of the inbox; an empty inbox: letters go elsewhere, and are not looked at."""

    gateway: str
    metrics: str
    loyalty: str
    campaigns: str
    feedback: str
    inbox: str


@dataclass(frozen=True, slots=True)
class Walked:
    """How it went."""

    customer: str
    key: str
    events: tuple[str, ...]
    """Types of what passed, in the order in which it was heard."""
    seconds: float
    survey: str
    """A page that waits for the reader's own answer; empty: none."""


async def walk(connection: Connection, addresses: Addresses, console: Console, *, reader: bool = False) -> Walked:
    """Walk one new customer of the second shop through the loop. Raises ApiError, LoopBroken.

    `reader`: one more customer is asked, whose page the reader may answer.
    """
    began = time.monotonic()
    key = await with_gateway_at(connection.login(GATEWAY), _shop_and_key)

    def say(topic: str, event: Event) -> None:
        at = SystemClock().now().strftime("%H:%M:%S")
        console.print(f"  {at}  {topic:<24} {event['type']:<24} {_words(event)}", markup=False, soft_wrap=True)

    gateway, metrics, loyalty, campaigns, feedback = apis = [Api(url, key) for url in addresses[:5]]
    try:
        async with Passing(connection.bootstrap_servers, LOOP_SHOP, say) as passing:
            clock, inbox = SystemClock(), addresses.inbox
            sara = Shopper("sara", "سارا", gateway, inbox, console, clock)
            steps = _Walk(gateway, metrics, loyalty, campaigns, feedback, passing, sara, console, clock)
            customer = await steps.all()
            page = await steps.ask_another(Shopper("dara", "دارا", gateway, inbox, console, clock)) if reader else ""
            return Walked(customer, key, tuple(passing.kinds()), time.monotonic() - began, page)
    finally:
        for api in apis:
            await api.__aexit__()


async def _shop_and_key(pool: asyncpg.Pool[Any], clock: Clock) -> str:
    lapsing = Lifecycle(lapsing="fixed", lapsing_days=programme.LAPSING_DAYS)
    await add_shop(
        pool, clock, LOOP_SHOP, name="Narges", zone="Asia/Tehran", currency="EUR", languages=("fa", "en", "ar"),
        lifecycle=lapsing,
    )  # fmt: skip
    for old in await list_keys(pool, LOOP_SHOP):
        if old.name == _KEY_NAME and old.revoked_at is None:
            await revoke_key(pool, clock, old.key_id)
    _, text = await create_key(pool, clock, LOOP_SHOP, scopes=list(_SCOPES), name=_KEY_NAME)
    return text


def _words(event: Event) -> str:
    """What of an event a reader wants to see on its line."""
    data = event.get("data") or {}
    wanted = ("stage", "journey", "step", "template", "points", "survey", "score", "case", "outcome", "order_id")
    told = [f"{name} {data[name]}" for name in wanted if data.get(name) not in (None, "", [])]
    return ", ".join(told)


@dataclass
class _Walk:
    """The steps, one after the other."""

    gateway: Api
    metrics: Api
    loyalty: Api
    campaigns: Api
    feedback: Api
    passing: Passing
    sara: Shopper
    console: Console
    clock: Clock

    async def all(self) -> str:
        """The customer."""
        self.say("The shop narges sets up a programme, a journey and surveys.", bold=True)
        await self.set_up()
        days = programme.LAPSING_DAYS
        self.say(f"{self.sara.name} bought {days} days ago, and not since: she is lapsing.", bold=True)
        customer = await self.lapse()
        self.say("The journey writes to her.", bold=True)
        await self.passing.until("journey.entered", customer=customer)
        await self.passing.until("message.sent", customer=customer)
        await self.sara.next_letter()
        self.say("She comes back: the journey has reached its goal, and she earns.", bold=True)
        await self.come_back(customer)
        self.say("Her parcel is delivered, and she is asked.", bold=True)
        await self.sara.take_delivery("second")
        await self.passing.until("survey.sent", customer=customer)
        page = await self.sara.page_of_next_survey()
        if not page:
            raise LoopBroken("the survey cannot be answered without the inbox: unset MANDEGAR_SMTP_HOST")
        self.say("She answers badly: a person is to call.", bold=True)
        case = await self.answer(customer, page)
        self.say("The person calls, gives points, solves the case.", bold=True)
        await self.care(customer, case)
        return customer

    def say(self, text: str, *, bold: bool = False) -> None:
        self.console.print(
            f"\n{text}" if bold else f"  {text}", style="bold" if bold else "", markup=False, soft_wrap=True
        )

    async def set_up(self) -> None:
        for api, path in (
            (self.gateway, "/v1/audit"),
            (self.metrics, "/v1/retention"),
            (self.loyalty, "/v1/programmes"),
            (self.campaigns, "/v1/templates"),
            (self.feedback, "/v1/surveys"),
        ):
            await api.wait_until_known(path)
        if not (await self.loyalty.get("/v1/programmes"))["items"]:
            form = {"form": "mandegar.programme/1", "programme": programme.PROGRAMME}
            draft = (await self.loyalty.post("/v1/programmes/import", form))["draft"]
            since = {"reason": "opening", "in_force_from": (self.clock.now() - timedelta(days=365)).isoformat()}
            await self.loyalty.post(f"/v1/programmes/drafts/{draft}/publish", since)
        await self.campaigns.post("/v1/journeys/ready/lapsing", {"purpose": programme.PURPOSE})  # for its templates
        await self.campaigns.post("/v1/templates", programme.survey_template())
        await self.campaigns.post("/v1/journeys", {"id": programme.JOURNEY, "journey": programme.COMING_BACK})
        await self.campaigns.post(f"/v1/journeys/{programme.JOURNEY}/publish", {})
        survey = (await self.feedback.get("/v1/surveys/ready"))["surveys"][programme.SURVEY]
        survey["trigger"]["delay_hours"] = 0
        await self.feedback.post("/v1/surveys", {"survey": programme.SURVEY, **survey})

    async def lapse(self) -> str:
        bought = self.sara.ago(days=programme.LAPSING_DAYS)
        customer = await self.sara.introduce((programme.PURPOSE, "surveys"), bought)
        await self.sara.order("first", bought)
        await self.passing.until("customer.lapsing", customer=customer)
        return customer

    async def come_back(self, customer: str) -> None:
        await self.sara.order("second", self.sara.ago())
        await self.passing.until("journey.goal.reached", customer=customer)
        await self.passing.until("customer.stage.changed", customer=customer, stage="active")
        await self.has_points(customer, 2 * programme.POINTS_PER_ORDER)

    async def answer(self, customer: str, page: str) -> str:
        """She clicks the 2 in her letter, and confirms it on the page. The case."""
        async with httpx.AsyncClient(timeout=20) as browser:
            shown = await browser.get(page, params={"score": "2"})
            if shown.status_code != 200 or 'value="2" checked' not in shown.text:
                raise LoopBroken(f"the page does not show the score that was clicked: {shown.status_code}")
            sent = await browser.post(page, data={"q.score": "2", "q.why": "جعبه باز بود", "do": "send"})
        if sent.status_code != 200:
            raise LoopBroken(f"the answer was not taken: {sent.status_code}")
        await self.passing.until("survey.answered", customer=customer, score=2)
        await self.passing.until("nps.detractor", customer=customer)
        return str((await self.passing.until("case.opened", customer=customer))["data"]["case"])

    async def care(self, customer: str, case: str) -> None:
        path = f"/v1/cases/{case}"
        await self.feedback.post(f"{path}/assign", {"owner": "u-17"})
        await self.feedback.post(f"{path}/contacts", {"ref": "call-1", "channel": "phone", "text": "Box was open"})
        await self.feedback.post(f"{path}/compensate", {"ref": "sorry-1", "points": _COMPENSATION})
        await self.feedback.post(f"{path}/solve", {"outcome": "compensated"})
        await self.passing.until("case.solved", customer=customer)
        await self.has_points(customer, 2 * programme.POINTS_PER_ORDER + _COMPENSATION)
        self.say(f"the score: {short(await self.feedback.get('/v1/scores', measure='nps', survey=programme.SURVEY))}")

    async def has_points(self, customer: str, points: int) -> None:
        async def account() -> Found:
            return await self.loyalty.get(f"/v1/members/{customer}/account")

        await until(account, lambda found: bool(found["balance"]["active"] == points))
        self.say(f"{self.sara.shown} has {points} points")

    async def ask_another(self, dara: Shopper) -> str:
        """Somebody whose page waits for the reader's answer."""
        self.say("One more is asked, whose page is yours to answer.", bold=True)
        customer = await dara.introduce(("surveys",), dara.ago(days=1))
        await dara.be_asked(self.feedback, programme.SURVEY, customer)
        return await dara.page_of_next_survey()


def tell_of_walk(walked: Walked, addresses: Addresses, console: Console) -> None:
    """What to look at while the stack stays up."""
    ask = f"curl -s -H 'Authorization: Bearer {walked.key}'"
    lines = (
        f"Inbox: {addresses.inbox}   a survey that waits for your answer: {walked.survey}",
        f"APIs of messages and surveys: {addresses.campaigns}/docs · {addresses.feedback}/docs",
        f"Her way:  {ask} '{addresses.campaigns}/v1/messages?customer={walked.customer}'",
        f"          {ask} '{addresses.feedback}/v1/cases?state=solved'",
    )
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
