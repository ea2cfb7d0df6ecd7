"""All tables of the service: the runtime's and those of each slice. For migrations and their check."""

from __future__ import annotations

from services.metrics.counters import tables as counters
from services.metrics.generations import tables as generations
from services.metrics.lifecycle import tables as lifecycle
from services.metrics.nps import tables as nps
from services.metrics.orders import tables as orders
from shared.db.tables import service_metadata
from shared.pointers import tables as pointers

metadata = service_metadata("metrics")
orders.add_tables(metadata)
counters.add_tables(metadata)
lifecycle.add_tables(metadata)
generations.add_tables(metadata)
nps.add_tables(metadata)
pointers.add_tables(metadata)
