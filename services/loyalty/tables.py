"""All tables of the service: the runtime's and those of each slice. For migrations and their check."""

from __future__ import annotations

from services.loyalty.cards import tables as cards
from services.loyalty.clocks import tables as clocks
from services.loyalty.corrections import tables as corrections
from services.loyalty.entitlements import tables as entitlements
from services.loyalty.members import tables as members
from services.loyalty.orders import tables as orders
from services.loyalty.persons import tables as persons
from services.loyalty.points import tables as points
from services.loyalty.programmes import tables as programmes
from services.loyalty.rewards import tables as rewards
from services.loyalty.segments import tables as segments
from services.loyalty.tiers import tables as tiers
from shared.db.tables import add_answer_table, service_metadata

metadata = service_metadata("loyalty")
add_answer_table(metadata)
points.add_tables(metadata)
clocks.add_tables(metadata)
programmes.add_tables(metadata)
persons.add_tables(metadata)
members.add_tables(metadata)
orders.add_tables(metadata)
segments.add_tables(metadata)
tiers.add_tables(metadata)
cards.add_tables(metadata)
rewards.add_tables(metadata)
corrections.add_tables(metadata)
entitlements.add_tables(metadata)
