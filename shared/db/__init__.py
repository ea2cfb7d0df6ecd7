"""Database: pools and engines, the transaction of every write, the runtime's tables, migrations.

What may not live here: Kafka, HTTP, and any table or query of a service.
"""

from shared.db.audit import AuditEntry, record
from shared.db.engine import AWAY, acquire, create_engine, create_pool
from shared.db.intents import OutboxKey, Timer
from shared.db.migrating import create_audit_tables, create_runtime_tables, drop_audit_tables, migrate, run_env
from shared.db.reading import Reads, ReadTransaction, read_transaction
from shared.db.tables import service_metadata
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
    "create_audit_tables",
    "create_engine",
    "create_pool",
    "create_runtime_tables",
    "drop_audit_tables",
    "migrate",
    "read_transaction",
    "record",
    "run_env",
    "service_metadata",
    "write_transaction",
]
