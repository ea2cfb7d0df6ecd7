"""orders: what each order, and each interaction, is known as, and what it was given: by rule, line and in what context.

Turns batches of events into what is asked of the ledger: always what is to stand in all, of which the ledger posts the
difference.
"""

from services.loyalty.orders.consumer import InteractionConsumer, OrderConsumer
from services.loyalty.orders.domain.asking import Turned, Why
from services.loyalty.orders.jobs import JoinJobs
from services.loyalty.orders.moving import IdentityConsumer
from services.loyalty.orders.schemes import TermsByProgramme, expires_day, terms_by, terms_in_force
from services.loyalty.orders.spending import activity_of, is_void_now, spent_on
from services.loyalty.orders.store.occurred import Occurred, occurred_since

__all__ = [
    "IdentityConsumer",
    "InteractionConsumer",
    "JoinJobs",
    "Occurred",
    "OrderConsumer",
    "TermsByProgramme",
    "Turned",
    "Why",
    "activity_of",
    "expires_day",
    "is_void_now",
    "occurred_since",
    "spent_on",
    "terms_by",
    "terms_in_force",
]
