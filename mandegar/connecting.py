"""Which servers a command talks to: those that the environment names, else those that `mandegar up` runs here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mandegar.stack.state import ensure_secrets, holder_of, read_state
from shared.settings.logins import ProcessRole, login_url, own_variable, password_variable, without_login

DEFAULT_DIRECTORY = Path(".mandegar")


class NotConnected(Exception):
    """There is no server to talk to. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Addresses of Kafka and PostgreSQL, and the secret that encrypts dead letters; all three are text."""

    bootstrap_servers: str
    database_url: str
    secret_key: str

    def environment(self) -> dict[str, str]:
        """The variables that processes of ours read."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "DATABASE_URL": self.database_url,
            "MANDEGAR_SECRET_KEY": self.secret_key,
        }

    def service_database_url(self, service: str) -> str:
        """`<SERVICE>_DATABASE_URL` where it is set, else the common one: the operator's, for migrations."""
        return os.environ.get(f"{service.upper()}_DATABASE_URL") or self.database_url

    def login(self, service: str, role: ProcessRole = "worker") -> str:
        """The address as a process of this role logs in; commands do as workers do. Raises LoginError."""
        return login_url(service, role, base=self.service_database_url(service))

    def environment_of(self, service: str, role: ProcessRole) -> dict[str, str]:
        """The variables of a process that is to know one login and no other: those that name others are emptied."""
        own = own_variable(service, role)
        passwords = (password_variable("worker"), password_variable("api"), "MANDEGAR_DATABASE_URL")
        others = [name for name in os.environ if name.endswith("_DATABASE_URL") or name in passwords]
        return {
            **self.environment(),
            **dict.fromkeys(others, ""),
            "DATABASE_URL": without_login(self.service_database_url(service)),
            own: self.login(service, role),
        }


def external_connection(instead: Sequence[str] = ()) -> Connection | None:
    """Real servers named by the environment, or None. NotConnected when only one of the two is named.

    Where DATABASE_URL is not set, one of the variables `instead` may say where the database is.
    """
    kafka = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    urls = [os.environ.get(name) for name in ("DATABASE_URL", *instead)]
    database = next((without_login(url) if at else url for at, url in enumerate(urls) if url), None)
    if not kafka and not database:
        return None
    if not kafka or not database:
        missing, present = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")[:: 1 if not kafka else -1]
        raise NotConnected(
            f"{present} is set but {missing} is not. Set both to use servers of your own, or neither to use those "
            "that `mandegar up` starts."
        )
    secret = os.environ.get("MANDEGAR_SECRET_KEY", "")
    if not secret:
        raise NotConnected(
            "MANDEGAR_SECRET_KEY is not set. With servers of your own it must be yours too, and the same for all "
            "processes: for example the output of `openssl rand -hex 32`, kept where you keep secrets."
        )
    return Connection(bootstrap_servers=kafka, database_url=database, secret_key=secret)


def connection(directory: Path = DEFAULT_DIRECTORY, instead: Sequence[str] = ()) -> Connection:
    """Where to reach Kafka and PostgreSQL now. Raises NotConnected when nothing runs and nothing is named."""
    named = external_connection(instead)
    if named is not None:
        return named
    if holder_of(directory) is None:
        raise NotConnected(
            f"Nothing runs in {directory.absolute()}. Start it with `mandegar up`, name its `--directory`, or set "
            "KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL."
        )
    state = read_state(directory)
    if "postgres_port" not in state:
        raise NotConnected(f"The servers in {directory.absolute()} are still starting; try again in a few seconds.")
    secrets = ensure_secrets(directory)
    return Connection(
        bootstrap_servers=f"127.0.0.1:{state['kafka_port']}",
        database_url=f"postgresql://postgres:{secrets['postgres_password']}@127.0.0.1:{state['postgres_port']}/postgres",
        secret_key=os.environ.get("MANDEGAR_SECRET_KEY") or secrets["MANDEGAR_SECRET_KEY"],
    )


def use_one_login(found: Connection, service: str, role: ProcessRole) -> None:
    """The same for a process that keeps one login of the database and forgets all others."""
    os.environ.update(found.environment_of(service, role))


def use(found: Connection) -> None:
    """Let the settings of this process, which are read from its environment, point there."""
    os.environ.update(found.environment())
