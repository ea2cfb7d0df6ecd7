"""An order as it is sent to be tried, and what it would earn."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.loyalty.earning.answers import RuleAnswer
from services.loyalty.earning.domain.context import Context
from services.loyalty.earning.domain.purchase import GivenBack, Line, Purchase, Returned
from services.loyalty.programmes import Programme
from shared.kernel import fold, us_of

Amount = Annotated[int, Field(ge=0, le=10**15)]
Pieces = Annotated[int, Field(ge=0, le=1_000_000)]
Text = Annotated[str, Field(max_length=200)]
LineId = Annotated[str, Field(min_length=1, max_length=200)]
_DATE_LENGTH = 10


def _instant(value: Any) -> Any:
    # A strict form would take numbers for seconds.
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and len(value) > _DATE_LENGTH else None
    except ValueError:
        return None


class _Form(BaseModel):
    """What is sent."""

    model_config = ConfigDict(strict=True, extra="forbid")


class TriedLine(_Form):
    """A line of the cart."""

    line_id: LineId
    quantity: Pieces = 1
    price: Amount = Field(0, description="Of one piece, in minor units, after the line's own discount.")
    product_id: Text = ""
    sku: Text = ""
    category: Text = ""
    brand: Text = ""


class TriedItem(_Form):
    """Pieces of a line that would come back."""

    line_id: LineId
    quantity: Pieces = 0
    amount: Amount = 0


class TriedRefund(_Form):
    """A refund that would follow."""

    amount: Amount | None = None
    whole: bool = False
    items: list[TriedItem] = Field([], max_length=200)


class TriedOrder(_Form):
    """A cart, or an interaction."""

    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="Null: the programme's.")
    revenue: Amount | None = Field(
        None, description="After discounts, without shipping and tax; null: that of the lines."
    )
    channel: Text = ""
    lines: list[TriedLine] = Field([], max_length=200)
    refunds: list[TriedRefund] = Field([], max_length=50)
    interaction: Text = Field("", description="Its name, where no order but an interaction is tried.")


class TriedCustomer(_Form):
    """Whose order it would be."""

    number: int = Field(
        1, ge=1, le=1_000_000, description="Which of the customer's orders, or interactions of the name."
    )
    tier: str = Field("", max_length=40, description="Id; empty: none.")
    segments: list[Text] = Field([], max_length=100)
    used: dict[Annotated[str, Field(max_length=60)], Amount] = Field(
        {}, max_length=200, description="Points earned before under caps: `review:day`, or `:month` for all rules."
    )


_NOBODY = TriedCustomer.model_validate({})


class Trial(_Form):
    """What is tried on which programme."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "order": {
                    "revenue": 9_000,
                    "lines": [
                        {"line_id": "1", "quantity": 2, "price": 2_000, "category": "tea"},
                        {"line_id": "2", "price": 5_000, "sku": "CUP-1"},
                    ],
                    "refunds": [{"items": [{"line_id": "1", "quantity": 1}]}],
                },
                "customer": {"number": 3, "tier": "gold"},
            }
        }
    )

    of: str | None = Field(
        None,
        pattern=r"^(draft-)?\d{1,9}$",
        description="A version by its number, or a draft: `draft-3`. Null: the version in force at `at`.",
    )
    programme: dict[str, Any] | None = Field(None, description="A programme that is kept nowhere; then without `of`.")
    at: Annotated[AwareDatetime, BeforeValidator(_instant)] | None = Field(
        None, description="When it would be ordered, with offset; null: now."
    )
    order: TriedOrder
    customer: TriedCustomer = _NOBODY


class SimulationAnswer(BaseModel):
    """What an order would earn."""

    version: int | None = Field(description="Of the programme; null for a draft and for one that is kept nowhere.")
    points: int
    earned: int = Field(description="Before refunds.")
    active_from: datetime = Field(description="When the points could be spent; delivery is not told of.")
    expires_at: datetime | None = Field(description="Until when; null: they do not expire.")
    rules: list[RuleAnswer]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 1,
                "points": 70,
                "earned": 90,
                "active_from": "2026-04-03T20:30:00Z",
                "expires_at": "2027-04-03T20:30:00Z",
                "rules": [
                    {
                        "rule": "purchase",
                        "name": "A point for each dollar",
                        "verdict": "counted",
                        "earned": 90,
                        "points": 70,
                        "why": "1 for each 1.00 USD of 90.00 USD. That makes 90. 20 taken back for what came back; "
                        "70 are left.",
                        "sentences": [
                            {"key": "makes", "text": "That makes 90.", "values": {"points": 90}},
                        ],
                        "lines": [{"line": "1", "earned": 40, "points": 20}, {"line": "2", "earned": 50, "points": 50}],
                    }
                ],
            }
        }
    )


def purchase_of(tried: TriedOrder, at: datetime, programme: Programme) -> Purchase:
    """As the domain has it."""
    lines = tuple(
        Line(one.line_id, one.quantity, one.price, one.product_id, one.sku, one.category, one.brand)
        for one in tried.lines
    )
    refunds = tuple(
        GivenBack(
            one.amount, "", one.whole, tuple(Returned(item.line_id, item.quantity, item.amount) for item in one.items)
        )
        for one in tried.refunds
    )
    return Purchase(
        id="",
        at=us_of(at),
        currency=tried.currency or programme.currency,
        revenue=sum(line.price * line.quantity for line in lines) if tried.revenue is None else tried.revenue,
        channel=tried.channel,
        lines=lines,
        refunds=refunds,
        interaction=fold(tried.interaction),
    )


def context_of(customer: TriedCustomer, version: int, zone: str) -> Context:
    """As the domain has it."""
    return Context(
        version=version,
        zone=zone,
        number=customer.number,
        tier=customer.tier,
        segments=tuple(customer.segments),
        used=customer.used,
    )
