"""Shops as the ledger sees them."""

from __future__ import annotations

from services.loyalty.points.domain.terms import DebtPolicy, Terms
from shared.contracts.shops import Shop
from shared.kernel import Zone


def terms_of(
    shop: Shop,
    policy: DebtPolicy = DebtPolicy.DEBT,
    notices: tuple[int, ...] = (30, 7, 1),
    restored_days: int = 0,
) -> Terms:
    """Zone and clock are the shop's settings, the rest is its programme's."""
    longest_first = tuple(sorted(set(notices), reverse=True))
    return Terms(shop.slug, Zone(shop.zone), policy, longest_first, restored_days, shop.clock == "stream")
