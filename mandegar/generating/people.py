"""The customers of a generated shop: how each is known, in the many spellings that shops send."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from mandegar.generating.shops import GeneratedShop

_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_NATIONAL = {
    "IR": "912{:07d}",
    "EG": "10{:08d}",
    "LB": "71{:06d}",
    "KW": "50{:06d}",
    "DE": "1511{:07d}",
    "BR": "119{:08d}",
}
_NOBODY: tuple[dict[str, str | int | None], ...] = ({}, {"customer_id": "0"}, {"customer_id": None}, {"email": "null"})


@dataclass(frozen=True, slots=True)
class Person:
    """One customer: known by one kind of identifier for good, so that the truth does not hang on order of arrival."""

    label: str
    """Tells customers of a shop apart in the truth."""
    kind: str
    value: str
    name: str | None = None
    """Room for Persian, Arabic and English names."""

    def identifiers(self, rng: Random, shop: GeneratedShop) -> dict[str, str | int | None]:
        """The identifiers of one event, spelled in one of the usual ways."""
        if self.kind == "customer_id":
            return {"customer_id": int(self.value) if shop.numeric_ids and rng.random() < 0.5 else self.value}
        if self.kind == "email":
            return {"email": rng.choice((self.value, self.value.title(), f" {self.value}"))}
        international = f"+{shop.phone_prefix}{self.value}"
        spellings = [international, f"00{international[1:]}"]
        if shop.phone_region != "LB":
            trunk = "" if shop.phone_region in ("KW", "BR") else "0"
            spellings += [trunk + self.value, (trunk + self.value).translate(_PERSIAN)]
        return {"phone": rng.choice(spellings)}


def person(rng: Random, shop: GeneratedShop, number: int) -> Person:
    """The customer with this number in the shop. Numbers repeat from shop to shop."""
    chance = rng.random()
    if chance < 0.75:
        return Person(f"p{number}", "customer_id", str(1000 + number))
    if chance < 0.88:
        return Person(f"p{number}", "phone", _NATIONAL[shop.phone_region].format(number))
    return Person(f"p{number}", "email", f"customer{number}@mail.invalid")


def nobody(rng: Random) -> dict[str, str | int | None]:
    """Identifiers of a guest: none, or values that never identify anybody."""
    return dict(rng.choice(_NOBODY))
