"""All tables of the service's schema, as migrations compare them."""

from __future__ import annotations

from services.gateway.clocks.tables import add_clock_tables
from services.gateway.consents.tables import add_consent_tables
from services.gateway.identity.tables import add_identity_tables
from services.gateway.privacy.tables import add_privacy_tables
from services.gateway.pulling.tables import add_pull_tables
from services.gateway.webhooks.tables import add_connection_tables
from shared.db.tables import service_metadata

metadata = service_metadata("gateway")
add_identity_tables(metadata)
add_clock_tables(metadata)
add_connection_tables(metadata)
add_pull_tables(metadata)
add_consent_tables(metadata)
add_privacy_tables(metadata)
# Its API changes the settings of the caller's shop, and no other service's does: here they are the original.
metadata.tables["gateway.shop"].info["api"] = "SELECT, UPDATE"
# So are keys, which admins make, rotate and revoke: those of their own shop, by the policy.
metadata.tables["gateway.api_key"].info["api"] = "SELECT, INSERT, UPDATE"
