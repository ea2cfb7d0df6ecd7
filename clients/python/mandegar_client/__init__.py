"""A client of Mandegar's APIs, typed. `Campaigns`, `Gateway`, `Loyalty`
and `Metrics` wait for answers; `Async...` are awaited.

with Metrics("http://127.0.0.1:8407", key="mdg_...") as metrics:
    print(metrics.read_retention(window_days=365).crr)
"""

from mandegar_client.campaigns import AsyncCampaigns, Campaigns
from mandegar_client.gateway import AsyncGateway, Gateway
from mandegar_client.loyalty import AsyncLoyalty, Loyalty
from mandegar_client.metrics import AsyncMetrics, Metrics
from mandegar_client.transport import ApiError

__all__ = [
    "ApiError",
    "AsyncCampaigns",
    "AsyncGateway",
    "AsyncLoyalty",
    "AsyncMetrics",
    "Campaigns",
    "Gateway",
    "Loyalty",
    "Metrics",
]
