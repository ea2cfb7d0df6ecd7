"""Testing: databases made from templates, and a harness that feeds events to a service without Kafka.

Never imported by services or by the command line.
"""

from shared.testing.databases import Databases, api_url, worker_url
from shared.testing.harness import Harness, running

__all__ = ["Databases", "Harness", "api_url", "running", "worker_url"]
