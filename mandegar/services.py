"""The services of this installation, found by their `services/<name>/main.py`."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import services
from shared.settings.logins import PROCESS_ROLES, ProcessRole

ROLES = PROCESS_ROLES


class UnknownService(Exception):
    """There is no such service, or it has no such role. The message names those that exist."""


def service_names() -> list[str]:
    """Names of all services, sorted."""
    root = Path(next(iter(services.__path__)))
    return sorted(
        found.name for found in pkgutil.iter_modules(services.__path__) if (root / found.name / "main.py").is_file()
    )


def service_main(name: str) -> ModuleType:
    """The wiring of a service: `SERVICE`, and `create_app` where it answers over HTTP. Raises UnknownService."""
    names = service_names()
    if name not in names:
        raise UnknownService(f"There is no service {name!r}. There are: {', '.join(names) or 'none'}.")
    return importlib.import_module(f"services.{name}.main")


def roles_of(name: str) -> list[ProcessRole]:
    """Which roles the service has: `worker` when it consumes, `api` when it answers over HTTP."""
    main = service_main(name)
    return [role for role, mark in zip(ROLES, ("SERVICE", "create_app"), strict=True) if hasattr(main, mark)]
