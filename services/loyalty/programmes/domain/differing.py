"""How two programmes differ, field by field; rules and tiers are compared by id, wherever they stand. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from services.loyalty.programmes.domain.body import Programme

_BY_ID = ("rules", "levels")


class Difference(NamedTuple):
    """One field. `field` names rules and tiers by id: `rules.purchase.earn.per`. A side that has it not is None."""

    field: str
    before: Any
    after: Any


def differences(before: Programme, after: Programme) -> list[Difference]:
    """All of them, in the order of the types; that rules stand in another order is one of them."""
    return _differ("", _data(before), _data(after))


def _data(programme: Programme) -> Any:
    return msgspec.json.decode(msgspec.json.encode(programme))


def _differ(field: str, one: Any, other: Any) -> list[Difference]:
    if one == other:
        return []
    name = field.rsplit(".", 1)[-1]
    if name in _BY_ID and _have_ids(one) and _have_ids(other):
        return _by_id(field, one, other)
    if isinstance(one, dict) and isinstance(other, dict) and one.get("kind") == other.get("kind"):
        names = list(dict.fromkeys([*one, *other]))
        return [
            found
            for key in names
            for found in _differ(f"{field}.{key}" if field else key, one.get(key), other.get(key))
        ]
    return [Difference(field, one, other)]


def _have_ids(value: Any) -> bool:
    # A draft may name an id twice: then the two lists are compared as they stand.
    return isinstance(value, list) and len({part["id"] for part in value}) == len(value)


def _by_id(field: str, one: list[Any], other: list[Any]) -> list[Difference]:
    before, after = ({part["id"]: part for part in parts} for parts in (one, other))
    found = [
        difference
        for key in dict.fromkeys([*before, *after])
        for difference in _differ(f"{field}.{key}", before.get(key), after.get(key))
    ]
    kept = [[key for key in keys if key in before and key in after] for keys in (before, after)]
    if kept[0] != kept[1]:
        found.append(Difference(f"{field}.order", kept[0], kept[1]))
    return found
