"""Shoppers: names by the shop's languages, addresses and numbers that belong to nobody, and how they are.

E-mail addresses lie under the domains of RFC 2606; phones are 555-0100 to 555-0199 of an area, kept for fiction by the
North American Numbering Plan. Iran and most other countries keep no numbers for that, and a made-up one may be
somebody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from mandegar.generating.lives.words import NAMES

_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_DOMAINS = ("example.com", "example.org", "example.net")
AREAS = (
    *(201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231),
    *(234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303, 304, 305, 307),
    *(308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330, 331, 334, 336, 337, 339, 347),
    *(351, 352, 360, 361, 386, 401, 402, 404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 417, 419, 423, 424),
)
_OF_AN_AREA = 100
PHONES = len(AREAS) * _OF_AN_AREA
"""So many numbers there are; the shoppers behind these have none."""
_EMAIL_SHARE, _PHONE_EVERY = 0.9, 2


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody, as the shop knows them, and how they are."""

    number: int
    customer_id: str
    name: str
    locale: str
    email: str | None
    phone: str | None
    """E.164."""
    visitor: str
    """Of their browser."""
    a_day: float
    """Visits on a plain day."""
    buys: float
    """How likely a visit ends with something in the cart."""
    contentment: float
    """What they would score if nothing went wrong."""
    reads: float
    """How likely they open a message."""

    def identifiers(self, rng: Random) -> dict[str, Any]:
        """How one event names them: by the shop's id, and now and then with what it knows besides."""
        found: dict[str, Any] = {"customer_id": self.customer_id}
        if self.phone is not None and rng.random() < 0.3:
            found["phone"] = rng.choice((self.phone, f"00{self.phone[1:]}", self.phone.translate(_PERSIAN)))
        if self.email is not None and rng.random() < 0.3:
            found["email"] = rng.choice((self.email, self.email.upper()))
        return found

    def traits(self) -> dict[str, Any]:
        """All that the shop knows of them."""
        known = {"name": self.name, "locale": self.locale, "email": self.email, "phone": self.phone}
        return {"customer_id": self.customer_id} | {field: value for field, value in known.items() if value}


def shopper(rng: Random, number: int, languages: dict[str, float]) -> Shopper:
    """The shopper with this number, counted from 0. `languages`: shares of the shop's customers."""
    language = rng.choices(list(languages), list(languages.values()))[0]
    names = NAMES[language]
    (given, given_latin), (family, family_latin) = rng.choice(names.given), rng.choice(names.family)
    address = f"{given_latin}.{family_latin}{number}@{rng.choice(_DOMAINS)}"
    area, place = divmod(number // _PHONE_EVERY, _OF_AN_AREA)
    has_phone = number % _PHONE_EVERY == 0 and area < len(AREAS)
    return Shopper(
        number=number,
        customer_id=str(1000 + number),
        name=f"{given} {family}",
        locale=language,
        email=address if rng.random() < _EMAIL_SHARE else None,
        phone=f"+1{AREAS[area]}55501{place:02d}" if has_phone else None,
        visitor=str(UUID(int=rng.getrandbits(128), version=4)),
        a_day=min(0.3, rng.lognormvariate(-3.0, 0.7)),
        buys=rng.uniform(0.2, 0.6),
        contentment=rng.gauss(8.9, 0.9),
        reads=rng.uniform(0.1, 0.8),
    )
