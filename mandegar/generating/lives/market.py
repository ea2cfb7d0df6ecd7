"""The shop in which lives are lived: its time, its money, its customers' languages and its seasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from mandegar.generating.lives.seasons import SEASONS
from mandegar.generating.lives.words import NAMES
from shared.kernel import Zone, kept_currency, minor_digits

_SHARES = (0.8, 0.12, 0.08)
"""Of the first language of a shop, the second, the third."""
_WORTH = {"IRT": 25_000, "IRR": 250_000, "IQD": 1_300, "KWD": 300, "JPY": 150}
_WORTH_OF_CENTS = 100


@dataclass(frozen=True, slots=True)
class Market:
    """What decides the lives, beside the shoppers themselves."""

    shop: str
    customers: int
    days: int
    seed: int
    start: date = date(2024, 3, 20)
    """1 Farvardin 1403."""
    zone: str = "Asia/Tehran"
    currency: str = "IRT"
    languages: tuple[str, ...] = ("fa", "en", "ar")
    seasons: tuple[str, ...] = ("nowruz", "yalda")
    in_order: bool = True
    """Every event arrives once, when it occurs; otherwise some come late, before what they follow, or again."""

    def __post_init__(self) -> None:
        """Raises ValueError for what no lives can be of."""
        if self.customers < 1 or self.days < 1:
            raise ValueError("lives need at least one customer and one day")
        if not self.languages or set(self.languages) - NAMES.keys() or len(set(self.languages)) < len(self.languages):
            raise ValueError(f"languages are some of {', '.join(NAMES)}, each once")
        if unknown := set(self.seasons) - set(SEASONS):
            raise ValueError(f"no season {', '.join(sorted(unknown))}; there are {', '.join(SEASONS)}")
        minor_digits(self.kept_currency)
        Zone(self.zone)

    @property
    def shares(self) -> dict[str, float]:
        """Of languages."""
        return dict(zip(self.languages, _SHARES, strict=False))

    @property
    def info(self) -> ZoneInfo:
        """The zone's rules."""
        return ZoneInfo(self.zone)

    def day(self, number: int) -> date:
        """A day, counted from 0."""
        return self.start + timedelta(days=number)

    @property
    def kept_currency(self) -> str:
        """In which the shop has its figures: what is quoted in Toman is kept in rial."""
        return kept_currency(self.currency)

    @property
    def digits(self) -> int:
        """Decimal places of the currency. Toman has none, as rial."""
        return minor_digits(self.kept_currency)

    def price(self, worth: int) -> int:
        """Of something worth so much, in minor units of the currency as it is quoted."""
        return worth * _WORTH.get(self.currency, _WORTH_OF_CENTS)

    def major(self, minor: int) -> str:
        """An amount as shops send it."""
        return f"{Decimal(minor).scaleb(-self.digits):f}"
