"""Slice `audience`: a profile for each identity, from events; a person is what all of their identities are together."""

from services.campaigns.audience.consumer import (
    on_customers,
    on_lifecycle,
    on_members,
    on_orders,
    on_points,
    on_surveys,
    on_tiers,
)
from services.campaigns.audience.domain import (
    PASSIVE_MIN,
    PROMOTER_MIN,
    Answered,
    Attribute,
    Contacts,
    Key,
    Person,
    Profile,
    joined,
    nps_group,
)
from services.campaigns.audience.store.profiles import (
    counted,
    erased_among,
    forget,
    identities_of,
    lock_profiles,
    persons_of,
    profiles_of,
)

__all__ = [
    "PASSIVE_MIN",
    "PROMOTER_MIN",
    "Answered",
    "Attribute",
    "Contacts",
    "Key",
    "Person",
    "Profile",
    "counted",
    "erased_among",
    "forget",
    "identities_of",
    "joined",
    "lock_profiles",
    "nps_group",
    "on_customers",
    "on_lifecycle",
    "on_members",
    "on_orders",
    "on_points",
    "on_surveys",
    "on_tiers",
    "persons_of",
    "profiles_of",
]
