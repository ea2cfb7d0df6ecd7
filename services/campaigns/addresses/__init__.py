"""Slice `addresses`: which addresses messages do not reach, by what came back of them; staff may lift it."""

from services.campaigns.addresses.domain import Bounce, Fault, Limits, bounce_of
from services.campaigns.addresses.marking import Marker
from services.campaigns.addresses.store import Address, faults_of, forget, lifts_of

__all__ = ["Address", "Bounce", "Fault", "Limits", "Marker", "bounce_of", "faults_of", "forget", "lifts_of"]
