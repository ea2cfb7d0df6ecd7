"""Kernel: money, typed ids, clock, days, text folding. Pure values and functions, standard library only.

What may not live here: I/O of any kind, frameworks, anything that knows of a service.
"""

from shared.kernel.birthdays import Birthday, birthday_of, keys_on, read_birthday
from shared.kernel.clock import Clock, FixedClock, SystemClock
from shared.kernel.days import EPOCH_DAY, DayOrdinal, Zone
from shared.kernel.ids import (
    CustomerId,
    ShopId,
    customer_id_text,
    derive_event_id,
    event_stamp,
    parse_customer_id,
    stamped_event_id,
)
from shared.kernel.instants import moment_of, us_of
from shared.kernel.keys import api_key_id, api_key_sha256, api_key_text
from shared.kernel.money import MAX_MINOR_UNITS, Money, MoneyError, kept_currency, minor_digits, to_minor_units
from shared.kernel.months import month_of, month_text, parse_month, start_of_month
from shared.kernel.permissions import (
    PERMISSIONS,
    ROLES,
    SCOPES,
    Permission,
    Role,
    permissions_of_role,
    permissions_of_scopes,
)
from shared.kernel.promoters import (
    CONFIDENCE_PERCENT,
    DETRACTORS_TO,
    NPS_SCALE,
    PROMOTERS_FROM,
    Z_95,
    Promoters,
    promoters_of,
)
from shared.kernel.text import fold, fold_digits, fold_letters

__all__ = [
    "CONFIDENCE_PERCENT",
    "DETRACTORS_TO",
    "EPOCH_DAY",
    "MAX_MINOR_UNITS",
    "NPS_SCALE",
    "PERMISSIONS",
    "PROMOTERS_FROM",
    "ROLES",
    "SCOPES",
    "Z_95",
    "Birthday",
    "Clock",
    "CustomerId",
    "DayOrdinal",
    "FixedClock",
    "Money",
    "MoneyError",
    "Permission",
    "Promoters",
    "Role",
    "ShopId",
    "SystemClock",
    "Zone",
    "api_key_id",
    "api_key_sha256",
    "api_key_text",
    "birthday_of",
    "customer_id_text",
    "derive_event_id",
    "event_stamp",
    "fold",
    "fold_digits",
    "fold_letters",
    "kept_currency",
    "keys_on",
    "minor_digits",
    "moment_of",
    "month_of",
    "month_text",
    "parse_customer_id",
    "parse_month",
    "permissions_of_role",
    "permissions_of_scopes",
    "promoters_of",
    "read_birthday",
    "stamped_event_id",
    "start_of_month",
    "to_minor_units",
    "us_of",
]
