"""Who may do what: permissions, roles of staff, scopes of API keys, in one place. What is not here is denied.

A route names the one permission that it takes. Staff have a role, which is a set of permissions; an API key has
scopes, each of which stands for permissions of the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

Permission = Literal[
    "metrics:read",
    "customers:list",
    "customers:read",
    "customers:write",
    "personal:read",
    "personal:erase",
    "shops:read",
    "shops:write",
    "keys:read",
    "keys:write",
    "audit:read",
    "orders:write",
    "collect:write",
    "programmes:read",
    "programmes:write",
    "loyalty:write",
    "loyalty:approve",
    "campaigns:read",
    "campaigns:write",
    "feedback:read",
    "feedback:write",
    "cases:write",
]
Role = Literal["viewer", "analyst", "marketer", "agent", "admin"]

PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "metrics:read": "figures, series, cohorts, stages: numbers of customers, never a customer",
        "customers:list": "lists of customers, as pages and CSV",
        "customers:read": "one customer, by id",
        "customers:write": "what belongs to one customer: merge, correct",
        "personal:read": "names, contacts and what else is known of a person; exports of it",
        "personal:erase": "erase a person",
        "shops:read": "the shop's settings",
        "shops:write": "change the shop's settings",
        "keys:read": "which API keys there are, without their text",
        "keys:write": "make, rotate and revoke API keys",
        "audit:read": "who read personal data and who wrote what",
        "orders:write": "hand in orders",
        "collect:write": "hand in events through the collector",
        "programmes:read": "loyalty programmes: rules, versions, trials on past orders",
        "programmes:write": "make and change loyalty programmes",
        "loyalty:write": "what belongs to one member: join, leave, block, redeem, correct points",
        "loyalty:approve": "decide upon corrections of points that somebody else asked for; no key has it",
        "campaigns:read": "templates and messages: what is sent to whom, and what came of it",
        "campaigns:write": "make and change templates, send messages",
        "feedback:read": "surveys and scores: what is asked, and figures of what was answered",
        "feedback:write": "make and change surveys",
        "cases:write": "what belongs to one customer: hand in their answers, work on their cases",
    }
)
"""What each permission opens."""

# A second person is a person: one may hold any number of keys.
_PEOPLE: frozenset[Permission] = frozenset({"loyalty:approve"})

_FIGURES: frozenset[Permission] = frozenset(
    {"metrics:read", "shops:read", "programmes:read", "campaigns:read", "feedback:read"}
)
_CUSTOMERS: frozenset[Permission] = frozenset({"customers:list", "customers:read"})
# Machines alone hand in orders and events: no role has these two.
_STAFF: frozenset[Permission] = frozenset(
    {
        *("metrics:read", "customers:list", "customers:read", "customers:write", "personal:read", "personal:erase"),
        *("shops:read", "shops:write", "keys:read", "keys:write", "audit:read"),
        *("programmes:read", "programmes:write", "loyalty:write", "loyalty:approve"),
        *("campaigns:read", "campaigns:write", "feedback:read", "feedback:write", "cases:write"),
    }
)
ROLES: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        "viewer": _FIGURES,
        "analyst": _FIGURES | _CUSTOMERS,
        "marketer": _FIGURES | _CUSTOMERS | {"programmes:write", "campaigns:write", "feedback:write"},
        "agent": _FIGURES
        | _PEOPLE
        | {"customers:read", "customers:write", "personal:read", "loyalty:write", "cases:write"},
        "admin": _STAFF,
    }
)
"""Marketers have what analysts have, and make programmes, messages and surveys; agents see one customer at a time, with
contacts."""

SCOPES: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        "metrics:read": frozenset({"metrics:read", "customers:list", "customers:read"}),
        "customers:read": frozenset({"customers:read"}),
        "customers:write": frozenset({"customers:read", "customers:write"}),
        "personal:read": frozenset({"personal:read"}),
        "personal:erase": frozenset({"personal:erase"}),
        "orders:write": frozenset({"orders:write"}),
        "collect:write": frozenset({"collect:write"}),
        "shops:read": frozenset({"shops:read"}),
        "shops:write": frozenset({"shops:write"}),
        "audit:read": frozenset({"audit:read"}),
        "programmes:read": frozenset({"programmes:read"}),
        "programmes:write": frozenset({"programmes:read", "programmes:write"}),
        "loyalty:write": frozenset({"customers:read", "loyalty:write"}),
        "campaigns:read": frozenset({"campaigns:read"}),
        "campaigns:write": frozenset({"campaigns:read", "campaigns:write"}),
        "feedback:read": frozenset({"feedback:read"}),
        "feedback:write": frozenset({"feedback:read", "feedback:write"}),
        "cases:write": frozenset({"customers:read", "cases:write"}),
        "admin": _STAFF - _PEOPLE,
    }
)
"""Keys are managed with `admin` alone, so that no key can give away more than it has."""


def permissions_of_role(role: str) -> frozenset[str]:
    """What a role may do; nothing for one that is not known."""
    return frozenset(ROLES.get(role, frozenset()))


def permissions_of_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """What a key with these scopes may do; one that is not known adds nothing."""
    return frozenset[str]().union(*(SCOPES.get(scope, frozenset()) for scope in scopes))
