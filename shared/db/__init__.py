"""Database: pools and engines, the transaction of every write, the runtime's tables.

Migrations are in `shared.db.migrating`, tables in `shared.db.tables`. Neither is imported here: no worker needs them,
and SQLAlchemy and Alembic take half a second.
What may not live here: Kafka, HTTP, and any table or query of a service.
"""

from shared.db.audit import AuditEntry, record
from shared.db.engine import AWAY, acquire, create_pool
from shared.db.intents import OutboxKey, Timer
from shared.db.reading import Reads, ReadTransaction, read_transaction
from shared.db.transaction import OpenTransaction, write_transaction

__all__ = [
    "AWAY",
    "AuditEntry",
    "OpenTransaction",
    "OutboxKey",
    "ReadTransaction",
    "Reads",
    "Timer",
    "acquire",
    "create_pool",
    "read_transaction",
    "record",
    "write_transaction",
]
