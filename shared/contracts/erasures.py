"""`erasures.v1`: the erasure of a person, as it is asked for, done and answered. Carries ids only."""

from __future__ import annotations

import msgspec

from shared.contracts.envelope import Envelope


class ErasureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to erase."""

    erasure_id: str
    customer: str
    """Surrogate id of the customer that was named. All identities that are merged with it go as well."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """Who is erased, for all services."""

    erasure_id: str
    customer: str
    """The customer that was named."""
    customers: list[str]
    """Surrogate ids of all identities of the person, that one among them."""


class ErasureAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What one service did about it."""

    erasure_id: str
    service: str
    removed: dict[str, int] = {}
    """What was personal and is gone, by kind, and how many."""
    kept: dict[str, int] = {}
    """What stays, by kind, and how many: facts by surrogate id, on which sums rest."""


class ErasureRequested(Envelope, frozen=True, kw_only=True, tag="customer.erasure.requested"):
    """A person is to be erased. For gateway, which says what follows."""

    data: ErasureRequest


class CustomerErased(Envelope, frozen=True, kw_only=True, tag="customer.erased"):
    """Contacts and identifiers are gone: every service deletes what it holds that is personal, and answers."""

    data: Erased


class ErasureCompleted(Envelope, frozen=True, kw_only=True, tag="customer.erasure.completed"):
    """A service has deleted what it held. gateway lists the answers in the certificate."""

    data: ErasureAnswer


ErasureEvent = ErasureRequested | CustomerErased | ErasureCompleted
