"""Telemetry: logs and metrics, set up once for a process.

What may not live here: anything that decides. No label and no log field names a customer, and no label a shop.
"""

from shared.telemetry.logs import configure_logging, get_logger
from shared.telemetry.masking import mask, mask_text
from shared.telemetry.metrics import HttpMetrics, RuntimeMetrics, http_metrics, runtime_metrics, serve_metrics

__all__ = [
    "HttpMetrics",
    "RuntimeMetrics",
    "configure_logging",
    "get_logger",
    "http_metrics",
    "mask",
    "mask_text",
    "runtime_metrics",
    "serve_metrics",
]
