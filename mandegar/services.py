"""The services of this installation, found by their files.

`services/<name>/main.py` wires the worker, `services/<name>/app.py` the API. Each is imported where it runs: a worker
needs nothing of what HTTP takes, which is half of what an import costs.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import services
from shared.settings.logins import PROCESS_ROLES, ProcessRole

ROLES = PROCESS_ROLES
_FILES: dict[ProcessRole, str] = {"worker": "main", "api": "app"}


class UnknownService(Exception):
    """There is no such service, or it has no such role. The message names those that exist."""


def service_names() -> list[str]:
    """Names of all services, sorted."""
    return sorted(found.name for found in pkgutil.iter_modules(services.__path__) if _has(found.name, "worker"))


def service_main(name: str) -> ModuleType:
    """The wiring of a service's worker: `SERVICE`. Raises UnknownService."""
    return _imported(name, "worker")


def service_app(name: str) -> ModuleType:
    """The wiring of a service's API, if it has one: `create_app`. Raises UnknownService."""
    return _imported(name, "api")


def roles_of(name: str) -> list[ProcessRole]:
    """Which roles the service has. Nothing of it is imported to tell. Raises UnknownService."""
    _check(name)
    return [role for role in ROLES if _has(name, role)]


def _imported(name: str, role: ProcessRole) -> ModuleType:
    _check(name)
    return importlib.import_module(f"services.{name}.{_FILES[role]}")


def _check(name: str) -> None:
    names = service_names()
    if name not in names:
        raise UnknownService(f"There is no service {name!r}. There are: {', '.join(names) or 'none'}.")


def _has(name: str, role: ProcessRole) -> bool:
    return Path(next(iter(services.__path__)), name, f"{_FILES[role]}.py").is_file()
