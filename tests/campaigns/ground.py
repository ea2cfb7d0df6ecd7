"""Ground: a worker of campaigns, shops, and events of customers as other services tell them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.campaigns.main import create_service
from shared.contracts.campaigns import MessageReceipt
from shared.contracts.customers import Customer, CustomerMerged, CustomerUnmerged, CustomerUpdated
from shared.contracts.erasures import CustomerErased, Erased
from shared.contracts.feedback import Answering, NpsDetractor, SurveyAnswered
from shared.contracts.lifecycle import StageChange, StageChanged, StageRetracted, StageRetraction
from shared.contracts.loyalty import (
    Balance,
    MemberJoined,
    Membership,
    PointsChange,
    PointsEarned,
    Source,
    Tier,
    TierChange,
    TierChanged,
)
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, FixedClock, customer_id_text, derive_event_id
from shared.messaging.dead_letters import Cipher
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, Harness, running

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SHOP = Shop(number=1, slug="laleh", name="Laleh", zone="Asia/Tehran", currency="USD", languages=("en", "fa", "ar"))
OTHER = Shop(number=2, slug="sib", name="Sib", zone="Pacific/Auckland", currency="USD")
_WORDS = {"updated": CustomerUpdated, "merged": CustomerMerged, "unmerged": CustomerUnmerged}


@asynccontextmanager
async def worker(databases: Databases, url: str | None = None, now: datetime = NOW) -> AsyncIterator[Harness]:
    """A worker with both shops, on an empty database unless one is named."""
    url = url or await databases.create("campaigns")
    async with running(create_service(lambda: Cipher(TEST_SECRET)), url, clock=FixedClock(now)) as harness:
        await harness.configure(SHOP, OTHER)
        yield harness


def name(customer: int) -> str:
    """A customer as events name them."""
    return customer_id_text(CustomerId(customer))


def event(form: Any, customer: int, data: Any, sequence: int, *, shop: Shop = SHOP, **more: Any) -> Any:
    """An event of a customer; of one sequence there is one."""
    at = START + timedelta(minutes=sequence)
    return form(
        id=derive_event_id(int(at.timestamp() * 1000), shop.slug, f"{customer}:{sequence}", form.__name__),
        source="mandegar/test",
        subject=name(customer),
        time=at,
        shop=shop.slug,
        sequence=sequence,
        data=data,
        **more,
    )


def told(customer: int, sequence: int, word: str = "updated", canonical: int | None = None, **contacts: Any) -> Any:
    """A word of `customers.v1`."""
    shop = contacts.pop("shop", SHOP)
    said = Customer(customer=name(customer), canonical=name(canonical or customer), **contacts)
    return event(_WORDS[word], customer, said, sequence, shop=shop)


def points(customer: int, sequence: int, active: int, pending: int = 0, **more: Any) -> Any:
    """What an account holds after a posting."""
    held = Balance(active=active, pending=pending, held=0, owed=0)
    data = PointsChange(
        customer=name(customer), posting=sequence, points=1, balance=held, source=Source(kind="interaction")
    )
    return event(PointsEarned, customer, data, sequence, **more)


def tier(customer: int, sequence: int, level: str | None) -> Any:
    """A change of tier."""
    after = None if level is None else Tier(id=level, name=level.title())
    data = TierChange(
        customer=name(customer), before=None, after=after, direction="up", reason="reached", programme=1, since=START
    )
    return event(TierChanged, customer, data, sequence)


def joined(customer: int, sequence: int) -> Any:
    """A membership that begins."""
    data = Membership(customer=name(customer), state="active", joined_at=START, how="event")
    return event(MemberJoined, customer, data, sequence)


def stage(customer: int, number: int, to: Any, day: int) -> Any:
    """The customer's change of stage with this number, so many days after the start."""
    data = StageChange(
        customer=name(customer),
        number=number,
        previous="prospect",
        stage=to,
        day=START.date() + timedelta(days=day),
        reason="order",
        last_active=None,
        days=None,
        window_days=365,
    )
    return event(StageChanged, customer, data, number)


def retracted(customer: int, number: int, to: Any, day: int) -> Any:
    """That change is taken back."""
    on: date = START.date() + timedelta(days=day)
    data = StageRetraction(customer=name(customer), retracts="x", number=number, stage=to, day=on, reason="late_order")
    return event(StageRetracted, customer, data, number)


def answered(customer: int, sequence: int, score: int | None, kind: Any = "nps", **more: Any) -> Any:
    """An answer to a survey; `survey` names which."""
    data = Answering(
        survey=more.pop("survey", "after-purchase"),
        version=1,
        kind=kind,
        customer=name(customer),
        occasion=f"order:A-{sequence}",
        answer=f"a-{customer}-{sequence}",
        by="page",
        score=score,
        attributes=more.pop("attributes", {}),
    )
    return event(SurveyAnswered, customer, data, sequence, **more)


def detractor(customer: int, sequence: int, score: int) -> Any:
    """What is told beside an answer of 0 to 6."""
    return event(NpsDetractor, customer, answered(customer, sequence, score).data, sequence)


def receipt(form: Any, customer: int, sequence: int, *, campaign: str = "sale", step: str = "first", **of: Any) -> Any:
    """What came of a message of a campaign."""
    data = MessageReceipt(
        message=of.pop("message", f"m-{customer}-{campaign}"),
        customer=name(customer),
        channel="email",
        purpose="news",
        campaign=campaign,
        step=step,
        occasion=of.get("run") or "x",
        template="hello",
        at=START + timedelta(minutes=sequence),
        **of,
    )
    return event(form, customer, data, sequence)


def erased(*customers: int) -> CustomerErased:
    """That a person of these identities is erased."""
    data = Erased(erasure_id="e-1", customer=name(customers[0]), customers=[name(one) for one in customers])
    return event(CustomerErased, customers[0], data, 900)
