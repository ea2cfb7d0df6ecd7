"""`python -m mandegar.documents [--check]`: documents that the code writes, or whether the committed ones are current.

docs/SETTINGS.md comes from the settings classes, docs/openapi/<service>.json from the routes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mandegar.connecting import DEFAULT_DIRECTORY
from mandegar.services import roles_of, service_app, service_names
from mandegar.stack import kafka, postgres
from mandegar.stack.supervisor import FIRST_HTTP_PORT
from services.campaigns.settings import CampaignsSettings
from services.feedback.settings import FeedbackSettings
from services.gateway.settings import GatewaySettings
from services.loyalty.settings import LoyaltySettings
from services.metrics.settings import MetricsSettings
from shared.settings import SETTINGS_PAGE, PlatformSettings, settings_page
from shared.settings.logins import PASSWORD_LENGTH_MIN, own_variable, password_variable, role_name

OPENAPI = SETTINGS_PAGE.parent / "openapi"
_SETTINGS: dict[str, type[PlatformSettings]] = {
    "campaigns": CampaignsSettings,
    "feedback": FeedbackSettings,
    "gateway": GatewaySettings,
    "loyalty": LoyaltySettings,
    "metrics": MetricsSettings,
}
_NOWHERE: dict[str, Any] = {
    "kafka_bootstrap_servers": "kafka:9092",
    "database_url": "postgresql://database/mandegar",
    "secret_key": "0123456789abcdef only for writing documents",
}
_LOGINS = f"""
## Logins of the database

Each service has three roles in PostgreSQL: an owner without log-in, one for its workers, which sees all shops \
(BYPASSRLS), and one for its APIs, which sees one shop at a time (row-level security). `mandegar migrate` makes them \
and gives them their passwords where the user of `DATABASE_URL` may; where not, it names what is missing and the \
command for who may. Commands log in as workers do.

| variable | default | meaning |
|---|---|---|
| `{password_variable("worker")}` | derived from the password in `DATABASE_URL` | Password of the roles \
`{role_name("<service>", "worker")}`; at least {PASSWORD_LENGTH_MIN} characters. Needed by workers, `migrate` and \
commands. |
| `{password_variable("api")}` | likewise | Password of the roles `{role_name("<service>", "api")}`. Needed by APIs \
and `migrate`. |
| `{own_variable("<service>", "worker")}`, `{own_variable("<service>", "api")}` | made of the above | The whole \
address of one login, such as `{own_variable("metrics", "api")}`, for roles of other names. An API that has it \
needs no `DATABASE_URL`. |
"""

_HERE = f"""
## `mandegar up` and the commands beside it

| variable | default | meaning |
|---|---|---|
| `MANDEGAR_DIRECTORY` | `{DEFAULT_DIRECTORY}` | Where the embedded servers keep data and logs, as \
`--directory`. |
| `{kafka.PORT_SETTING}`, `{postgres.PORT_SETTING}` | that of the last time, else a free one | Port of the \
embedded server. |
| `{postgres.DURABLE_SETTING}` | `yes` | `no`: the embedded PostgreSQL does not wait for the disk. A killed server \
still loses nothing, a machine without power may lose all: for tests. |
| `MANDEGAR_<SERVICE>_<ROLE>_PORT` | that of the last time, else from {FIRST_HTTP_PORT} | Port of a process that is \
started, such as `MANDEGAR_METRICS_API_PORT`; a worker has only `/metrics` there. |
| `XDG_CACHE_HOME` | `~/.cache` | Kafka is fetched once into `mandegar` below it. |

`mandegar up` draws the password of its database and a `MANDEGAR_SECRET_KEY`, unless one is set, and keeps them in \
`secrets.json` of that directory.
"""


def current_page() -> str:
    """The settings page as the code has it."""
    return settings_page(list(_SETTINGS.items())) + _LOGINS + _HERE


def openapi_documents() -> dict[str, dict[str, Any]]:
    """The description of each service's API, by service; nothing is asked or started for it."""
    found = {}
    for name in service_names():
        if "api" in roles_of(name):
            settings = _SETTINGS[name].load(**_NOWHERE)
            found[name] = service_app(name).create_app(settings).openapi()
    return found


def current_documents() -> dict[Path, str]:
    """Text of every document, by its path."""
    pages = {SETTINGS_PAGE: current_page()}
    for name, document in openapi_documents().items():
        pages[OPENAPI / f"{name}.json"] = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    return pages


def main(arguments: list[str]) -> int:
    """0 when written, or equal under `--check`; 1 when a committed document differs."""
    wanted = current_documents()
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    surplus = sorted(set(OPENAPI.glob("*.json")) - set(wanted))
    if "--check" in arguments:
        for path in [*stale, *surplus]:
            name = path.relative_to(SETTINGS_PAGE.parents[1])
            sys.stderr.write(f"{name} differs from the code: run `make docs` and commit the result\n")
        return 1 if stale or surplus else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    for path in surplus:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
