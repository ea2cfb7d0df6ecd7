"""Who a person is, as pure functions: identifiers, recognition, and what is known of the person."""

from services.gateway.identity.domain.birthdays import understood
from services.gateway.identity.domain.identifiers import Kind, Mark, Marker, MarkingRules
from services.gateway.identity.domain.people import Person, Profile
from services.gateway.identity.domain.recognition import (
    Alias,
    Claim,
    Known,
    OrderOwner,
    Recognition,
    people_to_lock,
    recognise,
)

__all__ = [
    "Alias",
    "Claim",
    "Kind",
    "Known",
    "Mark",
    "Marker",
    "MarkingRules",
    "OrderOwner",
    "Person",
    "Profile",
    "Recognition",
    "people_to_lock",
    "recognise",
    "understood",
]
