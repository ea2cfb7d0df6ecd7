"""Which column of a CSV file is which field: by `--map`, else by the names that shops' exports commonly use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FIELDS = ("order_id", "customer_id", "phone", "email", "occurred_at", "amount", "currency")
_REQUIRED = ("occurred_at", "amount")

# Headings of common exports (Shopify, WooCommerce, plain tables), folded to lower case with single underscores.
_USUAL = {
    "order_id": ("order_id", "order", "order_number", "id"),
    "customer_id": ("customer_id", "customer", "user_id", "client_id"),
    "phone": ("phone", "mobile", "billing_phone"),
    "email": ("email", "e-mail", "customer_email", "billing_email"),
    "occurred_at": ("occurred_at", "completed_at", "paid_at", "created_at", "order_date", "date", "timestamp"),
    "amount": ("amount", "revenue", "subtotal", "total", "order_total", "price"),
    "currency": ("currency", "currency_code", "order_currency"),
}


class MappingError(ValueError):
    """The header and the mapping do not go together; the message says which options would settle it."""


@dataclass(frozen=True, slots=True)
class CsvMapping:
    """Position of each field in a row; a field that the file has not is absent."""

    positions: dict[str, int]
    width: int

    @classmethod
    def of(cls, header: Sequence[str], named: dict[str, str]) -> CsvMapping:
        """Match `header` with `named` (field → heading), and the rest by usual names. Raises MappingError."""
        if unknown := sorted(set(named) - set(FIELDS)):
            raise MappingError(f"--map knows no field {', '.join(unknown)}; fields are {', '.join(FIELDS)}")
        folded = [_fold(heading) for heading in header]
        positions: dict[str, int] = {}
        for field in FIELDS:
            if field in named:
                positions[field] = _position(folded, field, named[field], header)
            else:
                usual = [folded.index(name) for name in _USUAL[field] if folded.count(name) == 1]
                if usual:
                    positions[field] = usual[0]
        if missing := [field for field in _REQUIRED if field not in positions]:
            options = " ".join(f"--map {field}=HEADING" for field in missing)
            raise MappingError(f"no column for {', '.join(missing)}; give {options}. Headings: {', '.join(header)}")
        return cls(positions, len(header))


def _fold(heading: str) -> str:
    return "_".join(heading.strip().lower().split())


def _position(folded: Sequence[str], field: str, heading: str, header: Sequence[str]) -> int:
    found = [place for place, name in enumerate(folded) if name == _fold(heading)]
    if len(found) != 1:
        how = "no" if not found else "more than one"
        raise MappingError(f"--map {field}={heading}: {how} such heading. Headings: {', '.join(header)}")
    return found[0]


def parse_map(options: Sequence[str], name: str = "--map") -> dict[str, str]:
    """`["order_id=Id", …]` as a dictionary. Raises MappingError, which names the option."""
    named: dict[str, str] = {}
    for option in options:
        field, equals, heading = option.partition("=")
        if not equals or not field.strip() or not heading.strip():
            raise MappingError(f"{name} {option}: write {name} FIELD=HEADING, such as {name} order_id=Id")
        named[field.strip()] = heading.strip()
    return named
