"""The safeguards, by subject: how each is taken out, and the tests that must notice."""

from __future__ import annotations

from tests.sabotage.safeguards.campaigns import CAMPAIGNS
from tests.sabotage.safeguards.feedback import FEEDBACK
from tests.sabotage.safeguards.gateway import GATEWAY
from tests.sabotage.safeguards.loyalty import LOYALTY
from tests.sabotage.safeguards.metrics import METRICS
from tests.sabotage.safeguards.returning import RETURNING
from tests.sabotage.safeguards.runtime import RUNTIME

SAFEGUARDS = (*RUNTIME, *METRICS, *GATEWAY, *LOYALTY, *CAMPAIGNS, *RETURNING, *FEEDBACK)
