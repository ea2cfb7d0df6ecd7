"""Testing: databases made from templates, and a harness that feeds events to a service without Kafka.

Never imported by services or by the command line.
"""

from shared.testing.databases import Databases
from shared.testing.harness import Harness, running

__all__ = ["Databases", "Harness", "running"]
