"""Shops and API keys: what may be configured, and what a key looks like."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime

import phonenumbers

from shared.contracts.keys import ApiKey
from shared.contracts.shops import Shop
from shared.kernel import MoneyError, Zone, api_key_sha256, api_key_text, to_minor_units

SHOPS_MAX = 32_767
KEY_ID_BYTES = 9
KEY_SECRET_BYTES = 32
SCOPES = ("metrics:read", "orders:write", "admin")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_WINDOW_DAYS_MAX = 3_650
_NAME_LENGTH_MAX = 200


class ShopError(ValueError):
    """A shop or a key cannot be made, or is not there, as asked. The message says what to give instead."""


def check_shop(shop: Shop) -> None:
    """Raises ShopError for settings that some service could not work with."""
    if not _SLUG.fullmatch(shop.slug):
        raise ShopError("slug: use 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or a digit")
    if not shop.name.strip() or len(shop.name) > _NAME_LENGTH_MAX or not shop.name.isprintable():
        raise ShopError(f"name: give 1 to {_NAME_LENGTH_MAX} printable characters")
    try:
        Zone(shop.zone)
        to_minor_units(0, shop.currency)
    except MoneyError as error:
        raise ShopError(f"currency: {error}") from error
    except ValueError as error:
        raise ShopError(f"zone: {error}") from error
    if shop.calendar not in ("gregorian", "jalali"):
        raise ShopError("calendar: gregorian or jalali")
    if not 0 <= shop.week_start <= 6:
        raise ShopError("week_start: 0 is Monday, 6 is Sunday")
    if shop.phone_region not in phonenumbers.SUPPORTED_REGIONS:
        raise ShopError("phone_region: give a two-letter region, such as IR or US")
    windows = shop.windows
    if not windows or len(set(windows)) != len(windows) or not all(1 <= days <= _WINDOW_DAYS_MAX for days in windows):
        raise ShopError(f"windows: give different numbers of days, each from 1 to {_WINDOW_DAYS_MAX}")
    if shop.loyal_over < 1:
        raise ShopError("loyal_over: at least 1")
    if not shop.languages:
        raise ShopError("languages: give at least one")


def next_number(taken: Collection[int]) -> int:
    """The number of a new shop: one above the highest ever given, so that none means two shops."""
    number = max(taken, default=0) + 1
    if number > SHOPS_MAX:
        raise ShopError(f"no more than {SHOPS_MAX} shops fit")
    return number


def new_key(
    shop: Shop,
    *,
    scopes: Iterable[str],
    name: str,
    expires_at: datetime | None,
    random_bytes: Callable[[int], bytes],
) -> tuple[ApiKey, str]:
    """A new key and its text, which is told once and stored nowhere: `mdg_<key id>_<43 characters of 256 bits>`."""
    wanted = tuple(dict.fromkeys(scopes))
    if not wanted or not all(scope in SCOPES for scope in wanted):
        raise ShopError(f"scopes: give at least one of {', '.join(SCOPES)}, and no other")
    if len(name) > _NAME_LENGTH_MAX or not name.isprintable():
        raise ShopError(f"name: at most {_NAME_LENGTH_MAX} printable characters")
    if expires_at is not None and expires_at.tzinfo is None:
        raise ShopError("expires_at: give an offset, such as Z")
    key_id = random_bytes(KEY_ID_BYTES).hex()
    text = api_key_text(key_id, random_bytes(KEY_SECRET_BYTES))
    key = ApiKey(
        key_id=key_id,
        shop_number=shop.number,
        sha256=api_key_sha256(text),
        scopes=wanted,
        name=name,
        expires_at=expires_at,
    )
    return key, text
