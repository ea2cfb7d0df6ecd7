"""Which login a process has in PostgreSQL: workers and APIs of a service each have one of their own.

DATABASE_URL is the operator's: it migrates, and makes the logins. What runs afterwards never needs it:

    <SERVICE>_WORKER_DATABASE_URL, <SERVICE>_API_DATABASE_URL    the whole address, role and password of one login
    MANDEGAR_DATABASE_WORKER_PASSWORD, …_API_PASSWORD            the usual role (mandegar_<service>_<role>) with it
    neither                                                      the usual role, with a password that is derived from
                                                                 the operator's, so that nobody has to think of one

A derived password says nothing about the one it comes from, nor about the other role's: deriving is made slow, so
that guessing does not pay either.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

ProcessRole = Literal["worker", "api"]
PROCESS_ROLES: tuple[ProcessRole, ProcessRole] = ("worker", "api")
PASSWORD_LENGTH_MIN = 12
"""Characters of a password that is set for roles."""
_DERIVING_ROUNDS = 60_000


class LoginError(ValueError):
    """No login can be made of what is set. The message names the variables and never a value."""


class Logins(NamedTuple):
    """Addresses of a service's database for its two kinds of process."""

    worker: str
    api: str


def role_name(service: str, role: ProcessRole) -> str:
    """The role in PostgreSQL, unless an address of its own names another."""
    return f"mandegar_{service}_{role}"


def own_variable(service: str, role: ProcessRole) -> str:
    """The variable that holds the whole address of one login."""
    return f"{service.upper()}_{role.upper()}_DATABASE_URL"


def password_variable(role: ProcessRole) -> str:
    """The variable that holds the password of all usual logins of a role."""
    return f"MANDEGAR_DATABASE_{role.upper()}_PASSWORD"


def operator_url(service: str, environ: Mapping[str, str] | None = None) -> str | None:
    """`<SERVICE>_DATABASE_URL`, else DATABASE_URL."""
    known = os.environ if environ is None else environ
    names = (f"{service.upper()}_DATABASE_URL", "DATABASE_URL", "MANDEGAR_DATABASE_URL")
    return next((known[name] for name in names if known.get(name)), None)


def login_url(
    service: str, role: ProcessRole, *, base: str | None = None, environ: Mapping[str, str] | None = None
) -> str:
    """The address that a process of this role connects to. Raises LoginError.

    `base` goes before the operator's address of the environment, which is looked at where `environ` is not given.
    """
    known = os.environ if environ is None else environ
    if own := known.get(own_variable(service, role)):
        return own
    address = base or operator_url(service, known)
    if not address:
        raise LoginError(f"neither {own_variable(service, role)} nor DATABASE_URL is set")
    name = role_name(service, role)
    if user_of(address) == name:
        return address
    given = known.get(password_variable(role), "")
    if given and len(given) < PASSWORD_LENGTH_MIN:
        raise LoginError(f"{password_variable(role)} must have at least {PASSWORD_LENGTH_MIN} characters")
    password = given or _derived(address, name)
    if password is None:
        raise LoginError(
            f"the password of role {name} is not known: DATABASE_URL has none to derive it from. Set "
            f"{password_variable(role)}, or {own_variable(service, role)} to the whole address of this login"
        )
    return _with_login(address, name, password)


def logins_of(service: str, base: str | None = None, environ: Mapping[str, str] | None = None) -> Logins:
    """Both addresses of a service. Raises LoginError."""
    return Logins(*(login_url(service, role, base=base, environ=environ) for role in PROCESS_ROLES))


def user_of(url: str) -> str:
    """The role that an address names; "" when it names none."""
    return unquote(_credentials(url).partition(":")[0])


def password_of(url: str) -> str:
    """The password in an address; "" when there is none."""
    return unquote(_credentials(url).partition(":")[2])


def without_login(url: str) -> str:
    """The address alone."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _credentials(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[0]


def _with_login(url: str, name: str, password: str) -> str:
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(name, safe='')}:{quote(password, safe='')}@{address}"))


def _derived(url: str, name: str) -> str | None:
    password = password_of(url)
    return _stretched(password, name) if password else None


@lru_cache(maxsize=64)
def _stretched(password: str, name: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), f"login:{name}".encode(), _DERIVING_ROUNDS, 24).hex()
