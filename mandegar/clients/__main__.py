"""`python -m mandegar.clients [--check]`: write the Python client, or say whether the committed one is current."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ruff.__main__ import find_ruff_bin

from mandegar.clients.operations import in_python
from mandegar.clients.rendering import api, models

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ROOT / "docs" / "openapi"
PACKAGE = ROOT / "clients" / "python" / "mandegar_client"
FORMAT_SECONDS = 60.0


def modules() -> dict[Path, str]:
    """Text of each generated module, by its path."""
    found = {}
    for document in sorted(DOCUMENTS.glob("*.json")):
        described = in_python(json.loads(document.read_text(encoding="utf-8")))
        service = document.stem
        found[PACKAGE / f"{service}_models.py"] = formatted(models(service, described))
        found[PACKAGE / f"{service}.py"] = formatted(api(service, described))
    return found


def formatted(text: str) -> str:
    """As ruff formats it, without imports that the module does not need."""
    for step in (["check", "--select", "I,F401,UP", "--fix", "--quiet"], ["format", "--quiet"]):
        done = subprocess.run(  # noqa: S603 - ruff of this environment, on our own text
            [find_ruff_bin(), *step, "--config", str(ROOT / "pyproject.toml"), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            timeout=FORMAT_SECONDS,
        )
        text = done.stdout
    return text


def main(arguments: list[str]) -> int:
    """0 when written, or equal under `--check`; 1 when a committed module differs."""
    wanted = modules()
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} differs: run `make client` and commit the result\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
