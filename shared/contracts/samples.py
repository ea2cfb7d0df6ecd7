"""One event of each type, as the documentation shows it. Tests hold each against its schema and CloudEvents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from shared.contracts.consents import Consent, ConsentChanged, Consents
from shared.contracts.customers import Customer, CustomerMerged, CustomerUnmerged, CustomerUpdated
from shared.contracts.dead_letters import DeadLetter, DeadLettered
from shared.contracts.erasures import (
    CustomerErased,
    Erased,
    ErasureAnswer,
    ErasureCompleted,
    ErasureRequest,
    ErasureRequested,
)
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.keys import ApiKey, ApiKeyChanged
from shared.contracts.lifecycle import (
    CustomerLapsing,
    CustomerLost,
    CustomerReactivated,
    Reason,
    Stage,
    StageChange,
    StageChanged,
    StageRetracted,
    StageRetraction,
    Threshold,
)
from shared.contracts.loyalty import (
    Balance,
    MemberBlocked,
    MemberJoined,
    MemberLeft,
    Membership,
    MemberUnblocked,
    Part,
    PointsActivated,
    PointsChange,
    PointsClawedBack,
    PointsEarned,
    PointsExpired,
    PointsExpiring,
    PointsRedeemed,
    PointsRestored,
    RewardChange,
    RewardExpired,
    RewardExpiring,
    RewardGranted,
    RewardRedeemed,
    RewardRevoked,
    RewardWorth,
    Source,
    SourceKind,
    Tier,
    TierChange,
    TierChanged,
)
from shared.contracts.metrics import Amount, Benchmark, Mean, NetPromoters, Retention, RetentionSnapshot
from shared.contracts.orders import (
    Clock,
    ClockAdvanced,
    Order,
    OrderCancelled,
    OrderCompleted,
    OrderLine,
    OrderRefunded,
    OrderUpdated,
    Refund,
    RefundedItem,
)
from shared.contracts.raw_interactions import RawInteraction, RawInteractionEvent
from shared.contracts.raw_orders import CLOCK_ADVANCED, RawClock, RawClockEvent, RawOrder, RawOrderEvent, RawProduct
from shared.contracts.samples_of_campaigns import campaigns
from shared.contracts.samples_of_feedback import feedback
from shared.contracts.samples_of_journeys import journey_samples
from shared.contracts.shops import Shop, ShopConfigured

_TIME = datetime(2026, 3, 21, 9, 30, tzinfo=UTC)
_RECEIVED = datetime(2026, 3, 21, 9, 30, 2, tzinfo=UTC)
_CUSTOMER = "1k9d0v3mq7c2e"
_GUEST = "0b7t4r2pkd91u"
_LINES = [OrderLine(line_id="1", quantity=2, price=1_250_000, sku="TEA-250", category="tea", name="چای لاهیجان")]
_ORDER = Order(order_id="1042", customer=_CUSTOMER, currency="IRR", revenue=2_500_000, lines=_LINES)
_REFUND = Refund(
    order_id="1042",
    customer=_CUSTOMER,
    refund_id="r-7",
    currency="IRR",
    amount=1_250_000,
    items=[RefundedItem(line_id="1", quantity=1, amount=1_250_000)],
)


def _attributes(subject: str, source: str = "mandegar/gateway", sequence: int | None = 3) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "id": "019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b11",
        "source": source,
        "subject": subject,
        "time": _TIME,
        "shop": "laleh",
        "causationid": "evt-1042",
        "receivedat": _RECEIVED,
    }
    return attributes | ({} if sequence is None else {"sequence": sequence})


def _retention() -> Retention:
    return Retention(
        as_of=date(2026, 3, 21),
        window_days=365,
        period_days=30,
        basis="restated",
        currency="IRR",
        held=24,
        repeat=12,
        loyal=3,
        rpr=0.5,
        rpr_all=0.4,
        lcr=0.125,
        orders=61,
        revenue=Amount(amount=152_500_000, currency="IRR"),
        aov=Mean(amount=2_500_000, currency="IRR", numerator=152_500_000, denominator=61),
        frequency=2.5,
        lifetime_customers=30,
        lifetime_rpr=0.5,
        start=20,
        end=24,
        new=5,
        won_back=0,
        lost=1,
        crr=0.95,
        churn=0.05,
        benchmark=Benchmark(industry="retail", crr=0.63, source="industry averages", year=2020),
        mature=True,
        nps=NetPromoters(
            score=20.0,
            low=-34.0325,
            high=74.0325,
            answers=10,
            promoters=5,
            passives=2,
            detractors=3,
            confidence_percent=95,
        ),
    )


def _raw_order() -> RawOrderEvent:
    product = RawProduct(line_id="1", sku="TEA-250", name="چای لاهیجان", price=Decimal("125000"), quantity=2)
    return RawOrderEvent(
        id="evt-1042",
        type="Order Completed",
        time=_TIME,
        source="shop",
        shop="laleh",
        subject="1042",
        data=RawOrder(order_id="1042", customer_id="77", revenue=Decimal("250000"), currency="IRT", products=[product]),
    )


def _raw_interaction() -> RawInteractionEvent:
    visitor = "0f8fad5b-d9cb-469f-a165-70867728950e"
    return RawInteractionEvent(
        id="evt-1043",
        type="Product Viewed",
        time=_TIME,
        source="collector",
        shop="laleh",
        subject="laleh",
        data=RawInteraction(customer_id="77", visitor=visitor, sku="TEA-250", category="tea"),
        receivedat=_RECEIVED,
    )


def _raw_clock() -> RawClockEvent:
    return RawClockEvent(
        id="clock-2026-03-21-7",
        type=CLOCK_ADVANCED,
        time=_TIME,
        source="replay",
        shop="laleh",
        subject="laleh",
        data=RawClock(until=_TIME, partitions=12),
    )


def _internal() -> list[msgspec.Struct]:
    dead_letter = DeadLetter(
        dead_letter_id="019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b12",
        service="metrics",
        handler="orders",
        topic="orders.v1",
        partition=3,
        offset=1200,
        reason="schema",
        detail="`data.revenue` must be a whole number; put it right and replay",
    )
    key = ApiKey(key_id="reader01", shop_number=1, sha256="9f" * 32, scopes=("metrics:read",), name="reports")
    shop = Shop(
        number=1, slug="laleh", name="Laleh", zone="Asia/Tehran", currency="IRR", calendar="jalali", phone_region="IR"
    )
    interaction = Interaction(name="product viewed", customer=_CUSTOMER, sku="TEA-250", category="tea")
    customer = Customer(customer=_CUSTOMER, canonical=_CUSTOMER, shop_customer_id="77", locale="fa")
    return [
        CustomerUpdated(**_attributes(_CUSTOMER), data=customer),
        CustomerMerged(
            **_attributes(_GUEST), data=Customer(customer=_GUEST, canonical=_CUSTOMER, merged_into=_CUSTOMER)
        ),
        CustomerUnmerged(**_attributes(_GUEST), data=Customer(customer=_GUEST, canonical=_GUEST)),
        InteractionRecorded(**_attributes(_CUSTOMER), data=interaction),
        ShopConfigured(**_attributes("laleh"), data=shop),
        ApiKeyChanged(**_attributes("reader01"), data=key),
        RetentionSnapshot(**_attributes("laleh", "mandegar/metrics"), data=_retention()),
        DeadLettered(**_attributes("laleh", "mandegar/metrics", sequence=None), data=dead_letter),
    ]


def _privacy() -> list[msgspec.Struct]:
    erasure = "019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b14"
    consent = Consent(
        channel="email", purpose="newsletter", state="given", occurred_at=_TIME, source="checkout",
        record="019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b15",
    )  # fmt: skip
    consents = Consents(customer=_CUSTOMER, consents=[consent], changed=["email/newsletter"])
    answer = ErasureAnswer(erasure_id=erasure, service="metrics", kept={"orders": 3, "stage_changes": 4})
    attributes = _attributes(_CUSTOMER)
    return [
        ConsentChanged(**attributes, data=consents),
        ErasureRequested(**attributes, data=ErasureRequest(erasure_id=erasure, customer=_CUSTOMER)),
        CustomerErased(**attributes, data=Erased(erasure_id=erasure, customer=_CUSTOMER, customers=[_CUSTOMER])),
        ErasureCompleted(**_attributes(_CUSTOMER, "mandegar/metrics"), data=answer),
    ]


def _change(number: int, previous: Stage, stage: Stage, reason: Reason, days: int) -> StageChange:
    threshold = Threshold(
        days=34, kind="personal", own_gaps=4, own_gap_days=31, shop_gaps=812, shop_gap_days=38,
        shop_gaps_as_of=date(2026, 2, 14),
    )  # fmt: skip
    return StageChange(
        customer=_CUSTOMER,
        number=number,
        previous=previous,
        stage=stage,
        day=date(2026, 3, 21),
        reason=reason,
        last_active=date.fromordinal(date(2026, 3, 21).toordinal() - days),
        days=days,
        threshold=threshold,
        window_days=365,
    )


def _lifecycle() -> list[msgspec.Struct]:
    attributes = _attributes(_CUSTOMER, "mandegar/metrics")
    retraction = StageRetraction(
        customer=_CUSTOMER,
        retracts="019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b13",
        number=3,
        stage="lapsing",
        day=date(2026, 3, 21),
        reason="late_order",
    )
    return [
        StageChanged(**attributes, data=_change(2, "new", "active", "order", 21)),
        CustomerLapsing(**attributes, data=_change(3, "active", "lapsing", "threshold", 34)),
        CustomerLost(**attributes, data=_change(4, "lapsing", "lost", "window", 365)),
        CustomerReactivated(**attributes, data=_change(5, "lost", "reactivated", "order", 400)),
        StageRetracted(**attributes, data=retraction),
    ]


def _posted(
    posting: int, points: int, kind: SourceKind, source: str = "", parts: Sequence[Part] = (), **more: Any
) -> PointsChange:
    return PointsChange(
        customer=_CUSTOMER,
        posting=posting,
        points=points,
        balance=Balance(active=350, pending=0, held=0, owed=0),
        source=Source(kind=kind, id=source),
        programme=3,
        parts=list(parts),
        **more,
    )


def _loyalty() -> list[msgspec.Struct]:
    attributes = _attributes(_CUSTOMER, "mandegar/loyalty")
    ends = datetime(2027, 3, 21, 20, 30, tzinfo=UTC)
    parts = [Part(rule="spend", line="1", points=250)]
    member = Membership(customer=_CUSTOMER, state="active", joined_at=_TIME, how="first_order", programme=3)
    return [
        PointsEarned(**attributes, data=_posted(4, 250, "order", "1042", parts, pending=250)),
        PointsActivated(**attributes, data=_posted(5, 250, "order", "1042", expires_at=ends)),
        PointsRedeemed(**attributes, data=_posted(6, 100, "order", "1043")),
        PointsRestored(**attributes, data=_posted(7, 100, "order", "1043", expires_at=ends)),
        PointsExpiring(**attributes, data=_posted(7, 350, "term", expires_at=ends, days=30)),
        PointsExpired(**attributes, data=_posted(8, 350, "term")),
        PointsClawedBack(**attributes, data=_posted(9, 250, "order", "1042", parts, owed=250)),
        MemberJoined(**attributes, data=member),
        MemberLeft(**attributes, data=msgspec.structs.replace(member, state="left")),
        MemberBlocked(**attributes, data=msgspec.structs.replace(member, state="blocked", reason="resells codes")),
        MemberUnblocked(**attributes, data=member),
        TierChanged(**attributes, data=_tier_change(ends)),
        *_rewards(attributes, ends),
    ]


def _rewards(attributes: dict[str, Any], ends: datetime) -> list[msgspec.Struct]:
    granted = RewardChange(
        customer=_CUSTOMER,
        redemption="5d0c9c1f0e4b4e0f9a7d3c2b1a09f8e7",
        reward="ten-off",
        version=2,
        kind="amount",
        name="10 off",
        worth=RewardWorth(amount=1000, currency="USD"),
        points=500,
        why="points",
        expires_at=ends,
    )
    return [
        RewardGranted(**attributes, data=granted),
        RewardRedeemed(**attributes, data=msgspec.structs.replace(granted, order="1043")),
        RewardExpiring(**attributes, data=msgspec.structs.replace(granted, days=7)),
        RewardExpired(**attributes, data=granted),
        RewardRevoked(**attributes, data=msgspec.structs.replace(granted, reason="mistake")),
    ]


def _tier_change(review: datetime) -> TierChange:
    gold = Tier(id="gold", name="Gold", percent=150, benefits=["Free shipping"])
    return TierChange(
        customer=_CUSTOMER,
        before=Tier(id="regular", name="Regular"),
        after=gold,
        direction="up",
        reason="reached",
        programme=1,
        since=_TIME,
        review_at=review,
    )


def samples() -> dict[type[msgspec.Struct], msgspec.Struct]:
    """A sample of each event type of the registry."""
    orders: list[msgspec.Struct] = [
        OrderCompleted(**_attributes("1042"), data=_ORDER),
        OrderUpdated(**_attributes("1042"), data=_ORDER),
        OrderCancelled(**_attributes("1042"), data=_ORDER),
        OrderRefunded(**_attributes("1042"), data=_REFUND),
        ClockAdvanced(**_attributes("laleh", sequence=None), data=Clock(until=_TIME)),
    ]
    return {
        type(event): event
        for event in (
            *(_raw_order(), _raw_interaction(), _raw_clock(), *orders, *_lifecycle(), *_internal(), *_privacy()),
            *_loyalty(),
            *campaigns(_attributes(_CUSTOMER, "mandegar/campaigns"), _TIME),
            *feedback(_attributes(_CUSTOMER, "mandegar/feedback"), _CUSTOMER),
            *journey_samples(_attributes(_CUSTOMER, "mandegar/campaigns"), _CUSTOMER, _TIME),
        )
    }
