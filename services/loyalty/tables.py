"""All tables of the service: the runtime's and those of each slice. For migrations and their check."""

from __future__ import annotations

from services.loyalty.clocks import tables as clocks
from services.loyalty.points import tables as points
from shared.db import service_metadata

metadata = service_metadata("loyalty")
points.add_tables(metadata)
clocks.add_tables(metadata)
