"""Real PostgreSQL and real Apache Kafka as children of this process, without Docker, Java or root's package manager.

What lives here: fetching, starting, watching and stopping the two servers and the services. What may not: anything
that a service imports. Only the standard library is imported at the top of these modules, since the guardian of
each server loads this package.
"""

from mandegar.stack.embedded import Stack
from mandegar.stack.errors import StackError

__all__ = ["Stack", "StackError"]
