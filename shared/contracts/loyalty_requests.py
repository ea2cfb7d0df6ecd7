"""`loyalty.requests.v1`: points and rewards that services ask loyalty to give, keyed by shop and customer. Ids only."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.contracts.envelope import Envelope


class PointsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Points that a customer is to have: once for each id, however often it is asked for."""

    id: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
    """Of the request, unique for its shop: the same id is the same points."""
    customer: str
    points: Annotated[int, Meta(ge=1, le=10**6)]
    reason: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """A word, which the ledger keeps for ever."""
    ref: Annotated[str, Meta(max_length=200)] = ""
    """What it is about: a run of a journey, a case. Ids only."""


class PointsRequested(Envelope, frozen=True, kw_only=True, tag="points.requested"):
    """A service asks that a customer be given points."""

    data: PointsRequest


class RewardRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A reward of the catalogue that a customer is to be given: once for each id, and only one that costs no points."""

    id: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
    """Of the request, unique for its shop: the same id is the same reward."""
    customer: str
    reward: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    ref: Annotated[str, Meta(max_length=200)] = ""
    """What it is about. Ids only."""


class RewardRequested(Envelope, frozen=True, kw_only=True, tag="reward.requested"):
    """A service asks that a customer be given a reward, as far as offer, stock, budget and limits allow."""

    data: RewardRequest


LoyaltyRequestEvent = PointsRequested | RewardRequested
