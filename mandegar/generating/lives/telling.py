"""What happens in a life, as the shop's systems tell it, and what is true of it in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from mandegar.generating.stories import Fact


class Happening(NamedTuple):
    """One event; `data` is the payload of the raw contract."""

    occurred: datetime
    kind: str
    data: dict[str, Any]


@dataclass(slots=True)
class Cart:
    """Something was put into it; then it was bought, or left."""

    cart_id: str
    customer: str
    opened_at: datetime
    pieces: dict[str, int] = field(default_factory=dict)
    """Pieces by product, as they lie in it in the end."""
    order_id: str | None = None
    """What was bought; None: the cart was abandoned."""


class Answered(NamedTuple):
    """What a customer says when asked how likely they would recommend the shop."""

    shop: str
    customer: str
    """The shop's own id."""
    order_id: str
    score: int
    at: datetime
    late: bool
    """The order came later than promised."""
    refunded: bool
    """Some of it was given back."""

    @property
    def ref(self) -> str:
        """The shop's id of the answer."""
        return f"nps-{self.order_id}"


@dataclass(slots=True)
class Told:
    """All that was told of lives, and the truth behind it."""

    happenings: list[Happening] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    carts: list[Cart] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)

    def say(self, at: datetime, kind: str, data: dict[str, Any]) -> None:
        """One thing more."""
        self.happenings.append(Happening(at, kind, data))

    def join(self, other: Told) -> None:
        """Another life beside this."""
        self.happenings += other.happenings
        self.facts += other.facts
        self.carts += other.carts
        self.answers += other.answers

    def order(self) -> None:
        """All in order of time."""
        self.happenings.sort(key=lambda one: one.occurred)
        self.answers.sort(key=lambda one: (one.at, one.order_id))
