"""`python -m mandegar.documents [--check]`: docs/SETTINGS.md from the settings classes, or whether it is current."""

from __future__ import annotations

import sys

from mandegar.connecting import DEFAULT_DIRECTORY
from mandegar.stack import kafka, postgres
from mandegar.stack.supervisor import FIRST_HTTP_PORT
from services.gateway.settings import GatewaySettings
from services.metrics.settings import MetricsSettings
from shared.settings import SETTINGS_PAGE, settings_page
from shared.settings.logins import PASSWORD_LENGTH_MIN, own_variable, password_variable, role_name

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
| `MANDEGAR_<SERVICE>_<ROLE>_PORT` | that of the last time, else from {FIRST_HTTP_PORT} | Port of a process that is \
started, such as `MANDEGAR_METRICS_API_PORT`; a worker has only `/metrics` there. |
| `XDG_CACHE_HOME` | `~/.cache` | Kafka is fetched once into `mandegar` below it. |

`mandegar up` draws the password of its database and a `MANDEGAR_SECRET_KEY`, unless one is set, and keeps them in \
`secrets.json` of that directory.
"""


def current_page() -> str:
    """The settings page as the code has it."""
    return settings_page([("gateway", GatewaySettings), ("metrics", MetricsSettings)]) + _LOGINS + _HERE


def main(arguments: list[str]) -> int:
    """0 when written, or equal under `--check`; 1 when the committed page differs."""
    page = current_page()
    if "--check" not in arguments:
        SETTINGS_PAGE.write_text(page, encoding="utf-8")
        return 0
    if SETTINGS_PAGE.is_file() and SETTINGS_PAGE.read_text(encoding="utf-8") == page:
        return 0
    sys.stderr.write("docs/SETTINGS.md differs from the code: run `make docs` and commit the result\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
