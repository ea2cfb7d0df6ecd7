"""All tables of the service: the runtime's and those of each slice. For migrations and their check."""

from __future__ import annotations

from shared.db.tables import service_metadata

metadata = service_metadata("campaigns")
