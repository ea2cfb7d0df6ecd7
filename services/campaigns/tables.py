"""All tables of the service: the runtime's and those of each slice. For migrations and their check."""

from __future__ import annotations

from services.campaigns.addresses import tables as addresses
from services.campaigns.audience import tables as audience
from services.campaigns.clocks import tables as clocks
from services.campaigns.consent import tables as consent
from services.campaigns.devices import tables as devices
from services.campaigns.hooks import tables as hooks
from services.campaigns.journeys import tables as journeys
from services.campaigns.messages import tables as messages
from services.campaigns.pacing import tables as pacing
from services.campaigns.reports import tables as reports
from services.campaigns.segments import tables as segments
from services.campaigns.tasks import tables as tasks
from services.campaigns.templates import tables as templates
from shared.db.tables import service_metadata

metadata = service_metadata("campaigns")
clocks.add_tables(metadata)
audience.add_tables(metadata)
consent.add_tables(metadata)
templates.add_tables(metadata)
devices.add_tables(metadata)
hooks.add_tables(metadata)
tasks.add_tables(metadata)
messages.add_tables(metadata)
segments.add_tables(metadata)
pacing.add_tables(metadata)
journeys.add_tables(metadata)
reports.add_tables(metadata)
addresses.add_tables(metadata)
