"""Which failures are expected at the command line, and what to say about them."""

from __future__ import annotations

import sys
from typing import Any

EXPECTED = (
    ("shared.settings", "SettingsError"),
    ("shared.settings", "LoginError"),
    ("shared.db.roles", "RoleTrouble"),
    ("shared.messaging.cluster.topics", "TopicTrouble"),
    ("shared.messaging.cluster.lag", "LagUnknown"),
    ("shared.messaging.fence", "ForeignCluster"),
    ("shared.messaging.rebuilding", "RebuildTrouble"),
    ("services.gateway.privacy", "PrivacyError"),
    ("services.gateway.shops", "ShopError"),
    ("services.gateway.webhooks", "ConnectionTrouble"),
    ("services.gateway.pulling", "PullTrouble"),
    ("services.gateway.identity", "IdentityTrouble"),
    ("services.loyalty.entitlements", "EntitlementTrouble"),
)
"""Errors whose message is meant for people, by module."""


class CommandFailed(Exception):
    """A command cannot do what was asked. The message says why and what to do."""


def explain(error: Exception) -> str | None:
    """The message of an expected failure; None for one that is a defect and deserves its traceback.

    Libraries are looked up among the modules already loaded: what was never imported cannot have raised.
    """
    from mandegar.connecting import NotConnected
    from mandegar.services import UnknownService
    from mandegar.stack.errors import StackError

    if isinstance(error, CommandFailed | NotConnected | StackError | UnknownService):
        return str(error)
    for module, name in EXPECTED:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return str(error)
    return _explain_servers(error)


def _explain_servers(error: BaseException) -> str | None:
    asyncpg, aiokafka = sys.modules.get("asyncpg"), sys.modules.get("aiokafka.errors")
    sqlalchemy = sys.modules.get("sqlalchemy.exc")
    if sqlalchemy is not None and isinstance(error, sqlalchemy.DBAPIError):
        cause = error.orig.__cause__ if error.orig is not None else None  # what asyncpg itself said
        return None if cause is None else _explain_servers(cause)
    if asyncpg is not None and isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return _explain_postgres(asyncpg, error)
    if aiokafka is not None and isinstance(error, aiokafka.KafkaError):
        return f"Kafka did not answer ({type(error).__name__}: {error}); `mandegar status` shows what runs"
    if isinstance(error, ConnectionError | TimeoutError):
        return f"a server did not answer ({error or type(error).__name__}); `mandegar status` shows what runs"
    return None


def _explain_postgres(asyncpg: Any, error: Exception) -> str:
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.InvalidSchemaNameError):
        return "the tables are not there yet; run `mandegar migrate`"
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        # A wrong password and a role that does not exist look alike from outside.
        return f"PostgreSQL refused: {error}; `mandegar migrate` makes the roles of services and their passwords"
    return f"PostgreSQL refused: {error}"
