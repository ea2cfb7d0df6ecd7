"""Identifiers of a person: put in one form, checked against values that identify nobody, and fingerprinted."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import phonenumbers

from shared.kernel import ShopId
from shared.kernel.text import fold, fold_digits, fold_letters

FINGERPRINT_BYTES = 16
_EMAIL_LENGTH_MAX = 254
_PHONE_LENGTH_MAX = 40
_CACHED_MARKS_MAX = 32_768

# Placeholders that shops' systems send instead of an id. Whoever carries one is nobody in particular.
# fmt: off
BLOCKED = frozenset({
    "", "null", "nil", "none", "nan", "undefined", "unknown", "anonymous", "anon", "guest", "test", "tester",
    "testing", "demo", "example", "sample", "user", "customer", "id", "user_id", "userid", "customer_id",
    "customerid", "distinct_id", "anonymous_id", "not_authenticated", "n/a", "na", "no", "yes", "true", "false",
    "empty", "0", "00", "000", "-1", "-", "--", ".", "?", "[]", "{}", "()", "00000000-0000-0000-0000-000000000000",
    "test@test.com", "test@test.ir", "a@a.com", "a@b.com", "none@none.com", "no@email.com", "noemail@noemail.com",
    "guest@guest.com", "[object object]",
})
# fmt: on
_BLOCKED_EMAIL_DOMAINS = ("@example.com", "@example.org", "@example.net", "@test.com", "@localhost.localdomain")
# Addresses nobody reads: shops' systems put them where a customer gave none.
_BLOCKED_EMAIL_NAMES = ("noreply@", "no-reply@", "no_reply@", "donotreply@", "do-not-reply@", "mailer-daemon@")
_BLOCKED_DIGITS = frozenset({"1234567890", "0123456789", "123456789", "12345678", "1234567"})

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@(?:[^@\s.\x00-\x1f\x7f]{1,63}\.)+[^@\s.\x00-\x1f\x7f]{2,63}")
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.:\-]+")
_NOT_A_DIGIT = re.compile(r"[^0-9]")
# What a library draws at random. Anything else may be an e-mail or a number of a person, and is hashed.
_RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Kind(IntEnum):
    """Kinds of identifiers, the strongest first. The numbers stand in the table: never give one another meaning."""

    CUSTOMER_ID = 1
    PHONE = 2
    EMAIL = 3
    VISITOR = 4
    """A browser or device. The weakest: it finds somebody where nothing else does, and joins nobody."""


class Mark(NamedTuple):
    """One identifier of a person: its fingerprint finds the person, its value is only for `customers.v1`."""

    kind: Kind
    fingerprint: bytes
    """16 bytes, keyed by a secret and by the shop: says nothing without the secret, and nothing across shops."""
    value: str


class MarkingRules:
    """How one shop's identifiers are read. Compared by identity, so keep one for each version of the settings."""

    def __init__(self, shop: ShopId, region: str, blocked: Iterable[str] = ()) -> None:
        self.shop = shop
        self.region = region
        folded = {fold(value) for value in blocked}
        phones = {phone for value in folded if (phone := normal_phone(value, region)) is not None}
        self._blocked = BLOCKED | folded | phones

    def blocks(self, value: str) -> bool:
        """Whether the value identifies nobody in this shop, in whatever letters, digits and case."""
        return fold(value) in self._blocked


def normal_customer_id(raw: str | int) -> str | None:
    """The shop's own id as text: digits and letters folded, trimmed. Case is kept: ids in base 62 depend on it."""
    text = str(raw)
    if not _PLAIN_ID.fullmatch(text):
        text = fold_letters(fold_digits(text))
    return text or None


def normal_phone(raw: str | int, region: str) -> str | None:
    """The number in E.164, or None for what cannot be a phone number in that region or with its country code."""
    text = fold_digits(str(raw)).strip()
    if not text or len(text) > _PHONE_LENGTH_MAX:
        return None
    digits = _NOT_A_DIGIT.sub("", text)
    if len(set(digits)) < 2 or digits in _BLOCKED_DIGITS:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_email(raw: str) -> str | None:
    """The address folded and in lower case, or None for what has not the form of one."""
    text = fold(raw)
    if len(text) > _EMAIL_LENGTH_MAX or not _EMAIL.fullmatch(text):
        return None
    if text.endswith(_BLOCKED_EMAIL_DOMAINS) or text.startswith(_BLOCKED_EMAIL_NAMES):
        return None
    return text


class Marker:
    """Turns what a shop sends as an identifier into a Mark, or None where it identifies nobody.

    Pure for given arguments; remembers the latest few, because parsing a phone number costs more than all the rest
    of an event.
    """

    def __init__(self, secret: bytes) -> None:
        """`secret`: the platform's secret key, any length. A change of it would forget everybody."""
        self._key = hmac.new(secret, b"mandegar/gateway/customer_alias", hashlib.sha256).digest()
        self.customer_id = lru_cache(maxsize=_CACHED_MARKS_MAX)(self._customer_id)
        """`customer_id(rules, raw)`: the mark of a shop's own id."""
        self.phone = lru_cache(maxsize=_CACHED_MARKS_MAX)(self._phone)
        """`phone(rules, raw)`."""
        self.email = lru_cache(maxsize=_CACHED_MARKS_MAX)(self._email)
        """`email(rules, raw)`."""

    def fingerprint(self, shop: ShopId, kind: Kind, value: str) -> bytes:
        """The keyed hash under which a normal value is known."""
        text = f"{shop}\x1f{int(kind)}\x1f{value}".encode()
        return hashlib.blake2b(text, digest_size=FINGERPRINT_BYTES, key=self._key).digest()

    def visitor(self, rules: MarkingRules, raw: str) -> Mark | None:
        """The mark of the sender's id of a browser or device. Its value may be told: random, or a keyed hash."""
        text = raw.strip().casefold()
        if rules.blocks(text):
            return None
        if not _RANDOM_ID.fullmatch(text):
            hashed = f"{rules.shop}\x1fvisitor\x1f{raw}".encode()
            text = hashlib.blake2b(hashed, digest_size=FINGERPRINT_BYTES, key=self._key).hexdigest()
        return Mark(Kind.VISITOR, self.fingerprint(rules.shop, Kind.VISITOR, text), text)

    def _customer_id(self, rules: MarkingRules, raw: str | int) -> Mark | None:
        return self._mark(rules, Kind.CUSTOMER_ID, raw, normal_customer_id(raw))

    def _phone(self, rules: MarkingRules, raw: str | int) -> Mark | None:
        return self._mark(rules, Kind.PHONE, raw, normal_phone(raw, rules.region))

    def _email(self, rules: MarkingRules, raw: str) -> Mark | None:
        return self._mark(rules, Kind.EMAIL, raw, normal_email(raw))

    def _mark(self, rules: MarkingRules, kind: Kind, raw: str | int, value: str | None) -> Mark | None:
        if value is None or rules.blocks(value) or rules.blocks(str(raw)):
            return None
        return Mark(kind, self.fingerprint(rules.shop, kind, value), value)
