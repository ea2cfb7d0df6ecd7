"""What a process imports before it works: users wait for it at every start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mandegar.services import service_names

ONLY_APIS_NEED = ("fastapi", "starlette", "uvicorn", "joserfc", "shared.web")
NEEDED_LATER = ("alembic", "sqlalchemy", "httpx", "httpcore", "shared.outgoing.client")
"""Where a migration is made, or a call goes out."""
_LOADED = """
import sys
from mandegar.services import service_main
assert service_main(sys.argv[1]).SERVICE.name == sys.argv[1]
print(*sorted(sys.modules))
"""


@pytest.mark.parametrize("service", service_names())
def test_a_worker_imports_nothing_that_only_apis_or_commands_need(service: str) -> None:
    asked = subprocess.run([sys.executable, "-c", _LOADED, service], check=True, capture_output=True, text=True)
    loaded = set(asked.stdout.split())
    assert f"services.{service}.main" in loaded
    assert not loaded & {*ONLY_APIS_NEED, *NEEDED_LATER}
    assert not [name for name in loaded if name.startswith(f"services.{service}.") and "api" in name.rpartition(".")[2]]
