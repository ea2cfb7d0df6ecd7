"""All tables of the service: the runtime's and those of each slice. For migrations and their check."""

from __future__ import annotations

from services.feedback.answers import tables as answers
from services.feedback.cases import tables as cases
from services.feedback.clocks import tables as clocks
from services.feedback.customers import tables as customers
from services.feedback.policy import tables as policy
from services.feedback.surveys import tables as surveys
from shared.db.tables import service_metadata

metadata = service_metadata("feedback")
clocks.add_tables(metadata)
customers.add_tables(metadata)
policy.add_tables(metadata)
surveys.add_tables(metadata)
answers.add_tables(metadata)
cases.add_tables(metadata)
