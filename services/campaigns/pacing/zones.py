"""Where a customer is, as far as their phone number tells: for the hour that the clock shows there."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone


@lru_cache(maxsize=4096)
def zone_of(phone: str | None, shop: str) -> ZoneInfo:
    """The zone of a number in E.164 whose region has one; else that of the shop."""
    own = ZoneInfo(shop)
    if phone is None:
        return own
    try:
        zones = timezone.time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return own
    if len(zones) != 1 or zones[0] == timezone.UNKNOWN_TIMEZONE:
        return own  # a country of several zones, where only the shop's is known to anybody
    return ZoneInfo(zones[0])
