"""`python -m mandegar.documents [--check]`: docs/SETTINGS.md from the settings classes, or whether it is current."""

from __future__ import annotations

import sys

from services.gateway.settings import GatewaySettings
from services.metrics.settings import MetricsSettings
from shared.settings import SETTINGS_PAGE, settings_page


def current_page() -> str:
    """The settings page as the code has it."""
    return settings_page([("gateway", GatewaySettings), ("metrics", MetricsSettings)])


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
