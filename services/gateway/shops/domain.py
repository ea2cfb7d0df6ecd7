"""Shops and API keys: what may be configured, and what a key looks like."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

import msgspec
import phonenumbers

from shared.contracts.keys import ApiKey
from shared.contracts.shops import Shop
from shared.kernel import SCOPES, MoneyError, Zone, api_key_sha256, api_key_text, to_minor_units

SHOPS_MAX = 32_767
KEY_ID_BYTES = 9
KEY_SECRET_BYTES = 32
KEEP_MAX = timedelta(days=30)
"""So long the old key may go on after a rotation."""
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_DAYS_MAX = 3_650
_SPANS_MAX = 24
_LOYAL_OVER_MAX = 1_000
_CLOSING_DAYS_MAX = 28
_BLOCKED_MAX = 10_000
_NAME_LENGTH_MAX = 200
DEAD_LETTER_DAYS_MAX = 30
_INACTIVE_MONTHS_MAX = 120
_VISIT_MONTHS_MAX = 120
INACTIVE_TIMER = "inactive_customers"
"""Kind of the timer that looks for customers whom nobody has heard of; its identity is the shop's slug."""


class ShopError(ValueError):
    """A shop or a key cannot be made, or is not there, as asked. The message says what to give instead."""


def check_shop(shop: Shop) -> None:
    """Raises ShopError for settings that some service could not work with."""
    for check in (_check_naming, _check_place, _check_measures, _check_lifecycle, _check_kept):
        check(shop)


def _check_naming(shop: Shop) -> None:
    if not _SLUG.fullmatch(shop.slug):
        raise ShopError("slug: use 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or a digit")
    if not _is_name(shop.name):
        raise ShopError(f"name: give 1 to {_NAME_LENGTH_MAX} printable characters")
    if not _is_name(shop.benchmark):
        raise ShopError("benchmark: give the name of an industry, such as retail")
    blocked = shop.blocked_identifiers
    if len(blocked) > _BLOCKED_MAX or not all(value.strip() and len(value) <= _NAME_LENGTH_MAX for value in blocked):
        raise ShopError(f"blocked_identifiers: give at most {_BLOCKED_MAX}, each of 1 to {_NAME_LENGTH_MAX} characters")


def _check_place(shop: Shop) -> None:
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
    if not shop.languages or not all(_LANGUAGE.fullmatch(language) for language in shop.languages):
        raise ShopError("languages: give at least one tag, such as fa or en-GB")


def _check_measures(shop: Shop) -> None:
    for field, spans in (("windows", shop.windows), ("periods", shop.periods)):
        if not spans or len(set(spans)) != len(spans) or not all(1 <= days <= _DAYS_MAX for days in spans):
            raise ShopError(f"{field}: give different numbers of days, each from 1 to {_DAYS_MAX}")
        if len(spans) > _SPANS_MAX:
            raise ShopError(f"{field}: give at most {_SPANS_MAX}; others are answered by a scan")
    if not 1 <= shop.loyal_over <= _LOYAL_OVER_MAX:
        raise ShopError(f"loyal_over: give a number of orders from 1 to {_LOYAL_OVER_MAX}")
    if not 0 <= shop.closing_days <= _CLOSING_DAYS_MAX:
        raise ShopError(f"closing_days: give days from 0 to {_CLOSING_DAYS_MAX}")
    if shop.clock not in ("wall", "stream"):
        raise ShopError("clock: wall, or stream for replays of the past")


def _check_lifecycle(shop: Shop) -> None:
    lifecycle = shop.lifecycle
    for field in ("lost_days", "onboarding_days", "lapsing_days", "lapsing_floor"):
        if not 1 <= getattr(lifecycle, field) <= _DAYS_MAX:
            raise ShopError(f"lifecycle.{field}: give days from 1 to {_DAYS_MAX}")
    if lifecycle.lapsing not in ("personal", "fixed"):
        raise ShopError("lifecycle.lapsing: personal or fixed")
    if not 1 <= lifecycle.lapsing_quantile <= 99:
        raise ShopError("lifecycle.lapsing_quantile: give percent from 1 to 99")
    if lifecycle.activity not in ("orders", "visits", "either"):
        raise ShopError("lifecycle.activity: orders, visits or either")


def _check_kept(shop: Shop) -> None:
    if not 1 <= shop.dead_letter_days <= DEAD_LETTER_DAYS_MAX:
        raise ShopError(f"dead_letter_days: give days from 1 to {DEAD_LETTER_DAYS_MAX}")
    if not 0 <= shop.inactive_months <= _INACTIVE_MONTHS_MAX:
        raise ShopError(f"inactive_months: give months from 1 to {_INACTIVE_MONTHS_MAX}, or 0 to erase nobody")
    if not 0 <= shop.visit_months <= _VISIT_MONTHS_MAX:
        raise ShopError(f"visit_months: give months from 1 to {_VISIT_MONTHS_MAX}, or 0 to keep days of visits")
    if shop.visit_months and shop.lifecycle.activity != "orders":
        raise ShopError("visit_months: stages that go by visits rest on them; give 0 here, or orders as activity")


def _is_name(text: str) -> bool:
    return bool(text.strip()) and len(text) <= _NAME_LENGTH_MAX and text.isprintable()


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


def rotated(
    old: ApiKey,
    shop: Shop,
    *,
    keep: timedelta,
    now: datetime,
    expires_at: datetime | None,
    random_bytes: Callable[[int], bytes],
) -> tuple[ApiKey, ApiKey, str]:
    """The old key, which ends after `keep`; one that takes its place, with its text.

    The new one has the name, the scopes and, unless another is given, the end of the old one.
    """
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
        raise ShopError("key_id: this key has expired or is revoked; make a new one")
    if not timedelta(0) <= keep <= KEEP_MAX:
        raise ShopError(f"keep: from 0 to {KEEP_MAX.days * 24} hours")
    ends = now + keep if old.expires_at is None else min(old.expires_at, now + keep)
    key, text = new_key(
        shop,
        scopes=old.scopes,
        name=old.name,
        expires_at=expires_at or old.expires_at,
        random_bytes=random_bytes,
    )
    return msgspec.structs.replace(old, expires_at=ends), key, text
