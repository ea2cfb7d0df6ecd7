"""The logins of a service in PostgreSQL: made by migrations where the operator may, and proved by logging in.

Three roles a service: its owner (no log-in; owns schema and tables), its workers (all shops, no DDL) and its APIs
(bound by the policies of `shared.db.security`). Names and passwords come from `shared.settings.logins`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
from typing import Any

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.db.engine import plain_url
from shared.settings.logins import PROCESS_ROLES, Logins, ProcessRole, own_variable, password_of, user_of

_CONNECT_SECONDS = 10.0
_ALTER_TRIES = 8
_SCRAM_ROUNDS = 4096
ATTRIBUTES: dict[ProcessRole, str] = {"worker": "LOGIN BYPASSRLS", "api": "LOGIN NOBYPASSRLS"}
_MAY_MAKE = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = session_user")
_KNOWN = text("SELECT rolcanlogin, rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = :name")
# Whoever is a member of a role that bypasses policies, or that owns the tables, can become it.
_ABOVE_POLICIES = """
SELECT r.rolname FROM pg_roles r
WHERE (r.rolsuper OR r.rolbypassrls OR r.oid IN (SELECT nspowner FROM pg_namespace WHERE nspname = $1))
  AND pg_has_role(current_user, r.oid, 'MEMBER')
ORDER BY r.rolname = current_user DESC, r.rolname LIMIT 1
"""


class RoleTrouble(Exception):
    """A role is missing or is not what it must be. The message names it, what it lacks and the remedy."""


async def refuse_above_policies(conn: asyncpg.Connection[Any], schema: str) -> None:
    """Raise RoleTrouble when this login is not bound by the policies of a schema, or could become a role that is not.

    An API asks this of each new connection: with such a login, one forgotten condition would show all shops.
    """
    above = await conn.fetchval(_ABOVE_POLICIES, schema)
    if above is not None:
        raise RoleTrouble(
            f"an API must not log in as a role that row-level security does not bind: its role is, or may become, "
            f"{above}. Let it log in as mandegar_{schema}_api, or as the role in {own_variable(schema, 'api')} after "
            f"REVOKE {above} FROM it"
        )


def make_roles(connection: Connection, service: str, logins: Logins) -> None:
    """Make the two logins, or give them their attributes, where the operator may. Raises RoleTrouble where not.

    Idempotent. Passwords of roles that exist are left to `prove`.
    """
    may = bool(connection.execute(_MAY_MAKE).scalar())
    for role, url in zip(PROCESS_ROLES, logins, strict=True):
        _make(connection, service, role, url, may=may)


def _make(connection: Connection, service: str, role: ProcessRole, url: str, *, may: bool) -> None:
    name, attributes = user_of(url), ATTRIBUTES[role]
    found = connection.execute(_KNOWN, {"name": name}).one_or_none()
    if found is not None and tuple(found) == (True, role == "worker"):
        return
    command = f"{'CREATE' if found is None else 'ALTER'} ROLE {_quoted(name)} {attributes}"
    lacking = "does not exist" if found is None else f"is not {attributes}"
    trouble = _trouble(service, role, name, lacking, f"{command}{' PASSWORD …' if found is None else ''}")
    if not may:
        raise trouble
    password = f" PASSWORD '{scram_verifier(password_of(url))}'" if found is None and password_of(url) else ""
    savepoint = connection.begin_nested()
    try:
        connection.execute(text(f"{command}{password}".replace(":", "\\:")))
        savepoint.commit()
    except DBAPIError as error:
        savepoint.rollback()
        if _state(error) == "42501":  # insufficient_privilege
            raise trouble from error
        # Roles are the whole cluster's: another database's migration was quicker, or is at it now.
        if connection.execute(_KNOWN, {"name": name}).one_or_none() is None:
            raise


def _trouble(service: str, role: ProcessRole, name: str, lacking: str, command: str) -> RoleTrouble:
    return RoleTrouble(
        f"role {name} of PostgreSQL {lacking}, and the user of DATABASE_URL may not change that (it takes CREATEROLE, "
        f"and for BYPASSRLS that attribute itself or a superuser). As a user who may: {command}; then run "
        f"`mandegar migrate` again. To use a role of another name, set {own_variable(service, role)}"
    )


async def prove(service: str, operator: str, logins: Logins) -> None:
    """Log in with both roles, and look whether each is what it must be; set a password that differs. RoleTrouble."""
    await asyncio.gather(
        *(_prove(service, operator, role, url) for role, url in zip(PROCESS_ROLES, logins, strict=True))
    )


async def _prove(service: str, operator: str, role: ProcessRole, url: str) -> None:
    try:
        conn = await _connect(url)
    except asyncpg.InvalidAuthorizationSpecificationError:
        await _set_password(service, operator, role, url)
        conn = await _connect(url)
    try:
        if role == "api":
            await refuse_above_policies(conn, service)
        elif not await conn.fetchval("SELECT has_database_privilege(current_database(), 'TEMPORARY')"):
            name = user_of(url)
            raise RoleTrouble(f"role {name} lacks TEMPORARY on the database: GRANT TEMPORARY ON DATABASE … TO {name}")
    finally:
        await conn.close()


async def _set_password(service: str, operator: str, role: ProcessRole, url: str) -> None:
    name = user_of(url)
    statement = f"ALTER ROLE {_quoted(name)} PASSWORD '{scram_verifier(password_of(url))}'"
    conn = await _connect(operator)
    try:
        for attempt in range(1, _ALTER_TRIES + 1):
            try:
                await conn.execute(statement)
                return
            except asyncpg.InsufficientPrivilegeError as error:
                raise _trouble(
                    service, role, name, "does not take its password", f"ALTER ROLE {name} PASSWORD …"
                ) from error
            except asyncpg.InternalServerError:  # "tuple concurrently updated": another database's migration
                if attempt == _ALTER_TRIES:
                    raise
                await asyncio.sleep(0.02 * attempt)
    finally:
        await conn.close()


async def _connect(url: str) -> asyncpg.Connection[Any]:
    return await asyncpg.connect(plain_url(url), timeout=_CONNECT_SECONDS, command_timeout=_CONNECT_SECONDS)


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL stores of a password (SCRAM-SHA-256), so that no statement, and no log, shows the password."""
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{parts[0]}${parts[1]}:{parts[2]}"


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", ""))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
