"""What is known of a person. Each field keeps the latest value that was given, so arrival order does not matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from services.gateway.identity.domain.identifiers import Kind, Mark
from shared.kernel import CustomerId, ShopId

NEVER_US = -1
"""Instant of a field that was never given; instants are microseconds since 1970 and not negative."""

ALIASES_MAX = {Kind.CUSTOMER_ID: 1, Kind.PHONE: 10, Kind.EMAIL: 10, Kind.VISITOR: 100}
"""How many identifiers of a kind lead to one person, merges included. More is a shared or made-up value, no person."""


class Profile(NamedTuple):
    """The person as `customers.v1` tells of them."""

    customer: CustomerId
    canonical: CustomerId
    shop_customer_id: str | None
    name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    merged_into: CustomerId | None = None
    birthday: str | None = None
    """As `shared.kernel.Birthday.text` writes it."""


@dataclass(slots=True)
class Person:
    """Working copy of one customer's row, changed claim by claim while a batch is decided."""

    shop: ShopId
    customer: CustomerId
    canonical: CustomerId
    shop_customer_id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    name_at_us: int = NEVER_US
    email_at_us: int = NEVER_US
    phone_at_us: int = NEVER_US
    locale_at_us: int = NEVER_US
    phones: int = 0
    """Aliases of kind phone."""
    emails: int = 0
    """Aliases of kind e-mail."""
    merged_into: CustomerId | None = None
    """Whom a merge joined this one to; `canonical` is where such steps end."""
    visitors: int = 0
    """Browsers and devices that were found to be theirs, those that were shared later included."""
    birthday: str | None = None
    birthday_at_us: int = NEVER_US

    def profile(self) -> Profile:
        """What others may be told now."""
        return Profile(
            self.customer,
            self.canonical,
            self.shop_customer_id,
            self.name,
            self.email,
            self.phone,
            self.locale,
            self.merged_into,
            self.birthday,
        )

    def aliases(self, kind: Kind) -> int:
        """How many identifiers of that kind lead here."""
        if kind is Kind.CUSTOMER_ID:
            return int(self.shop_customer_id is not None)
        if kind is Kind.VISITOR:
            return self.visitors
        return self.phones if kind is Kind.PHONE else self.emails

    def add_alias(self, mark: Mark) -> None:
        """Count an identifier that now leads here. The shop's own id is also kept in clear, for `customers.v1`."""
        if mark.kind is Kind.CUSTOMER_ID:
            self.shop_customer_id = mark.value
        elif mark.kind is Kind.PHONE:
            self.phones += 1
        elif mark.kind is Kind.VISITOR:
            self.visitors += 1
        else:
            self.emails += 1

    def learn(
        self,
        name: str | None,
        email: str | None,
        phone: str | None,
        locale: str | None,
        at_us: int,
        *,
        birthday: str | None = None,
    ) -> bool:
        """Take what was said at an instant. The later value stays; of two at one instant the greater one.

        Returns whether anything was stored, be it only that a known value was confirmed later.
        """
        stored = False
        if name is not None and (at_us, name) > (self.name_at_us, self.name or ""):
            self.name, self.name_at_us, stored = name, at_us, True
        if email is not None and (at_us, email) > (self.email_at_us, self.email or ""):
            self.email, self.email_at_us, stored = email, at_us, True
        if phone is not None and (at_us, phone) > (self.phone_at_us, self.phone or ""):
            self.phone, self.phone_at_us, stored = phone, at_us, True
        if locale is not None and (at_us, locale) > (self.locale_at_us, self.locale or ""):
            self.locale, self.locale_at_us, stored = locale, at_us, True
        if birthday is not None and (at_us, birthday) > (self.birthday_at_us, self.birthday or ""):
            self.birthday, self.birthday_at_us, stored = birthday, at_us, True
        return stored
