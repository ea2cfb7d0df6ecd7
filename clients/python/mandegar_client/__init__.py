"""A client of Mandegar's APIs, typed. `Campaigns`, `Feedback`, `Gateway`, `Loyalty`
and `Metrics` wait for answers; `Async...` are awaited.

with Metrics("http://127.0.0.1:8409", key="mdg_...") as metrics:
    print(metrics.read_retention(window_days=365).crr)
"""

from mandegar_client.campaigns import AsyncCampaigns, Campaigns
from mandegar_client.feedback import AsyncFeedback, Feedback
from mandegar_client.gateway import AsyncGateway, Gateway
from mandegar_client.loyalty import AsyncLoyalty, Loyalty
from mandegar_client.metrics import AsyncMetrics, Metrics
from mandegar_client.transport import ApiError

__all__ = [
    "ApiError",
    "AsyncCampaigns",
    "AsyncFeedback",
    "AsyncGateway",
    "AsyncLoyalty",
    "AsyncMetrics",
    "Campaigns",
    "Feedback",
    "Gateway",
    "Loyalty",
    "Metrics",
]
