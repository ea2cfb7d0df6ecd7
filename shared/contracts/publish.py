"""Writes docs/events: JSON Schemas, the AsyncAPI document and the table of topics.

`python -m shared.contracts.publish` writes them, but refuses a change that would break readers (`--accept-breaking`
is for what no one reads yet). With `--check` it writes nothing and fails when the committed files differ.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.compatibility import breaking_changes
from shared.contracts.registry import TOPICS, Topic
from shared.contracts.schemas import event_schemas

FOLDER = Path(__file__).parents[2] / "docs" / "events"

_HEAD = """# Events

Generated from `shared/contracts` by `make contracts`; `make check` fails when it differs.

Every event is a CloudEvents 1.0 JSON event. The forms are JSON Schemas under `schemas/<topic>/<type>.json`;
`asyncapi.json` is an AsyncAPI 3.1 document of all of them, each with a sample. Readers ignore fields and types that
they do not know. Fields are only ever added, and optional; another meaning is a new version of the topic.

All topics have the same number of partitions. The key of a message is UTF-8 text, its parts joined by a colon.

| topic | types | written by | key | kept |
|---|---|---|---|---|
"""


def documents() -> dict[str, str]:
    """Path below docs/events → text."""
    found = {
        f"schemas/{topic}/{name}.json": _json(schema)
        for topic, types in event_schemas().items()
        for name, schema in types.items()
    }
    return found | {"asyncapi.json": _json(asyncapi_document()), "README.md": _readme()}


def committed_schemas(folder: Path) -> dict[str, dict[str, Any]]:
    """Topic → event type → schema, as they lie in the folder."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((folder / "schemas").glob("*/*.json")):
        found.setdefault(path.parent.name, {})[path.stem] = json.loads(path.read_text(encoding="utf-8"))
    return found


def differing(folder: Path) -> list[str]:
    """Names of files that are missing, surplus, or other than what the types give."""
    wanted = documents()
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    stale = [name for name, text in wanted.items() if name in present and (folder / name).read_text("utf-8") != text]
    return sorted({*stale, *(set(wanted) ^ present)})


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """0 when written, or equal under `--check`; 1 otherwise, with the reasons on standard error."""
    breaking = breaking_changes(committed_schemas(folder), event_schemas())
    if breaking and "--accept-breaking" not in arguments:
        _say("these changes break readers; add an optional field, or a new version of the topic:", breaking)
        return 1
    stale = differing(folder)
    if "--check" in arguments:
        if stale:
            _say("docs/events differs from the types; run `make contracts` and commit the result:", stale)
        return 1 if stale else 0
    wanted = documents()
    for name in stale:
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return 0


def _say(headline: str, lines: list[str]) -> None:
    sys.stderr.write("\n  ".join([headline, *lines]) + "\n")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _readme() -> str:
    rows = "".join(_row(topic) for topic in TOPICS.values())
    described = "".join(f"- `{topic.name}`: {topic.description}\n" for topic in TOPICS.values())
    return f"{_HEAD}{rows}\nTopics with * hold personal data: restrict who may read them.\n\n{described}"


def _row(topic: Topic) -> str:
    types = topic.foreign or ", ".join(f"[`{name}`](schemas/{topic.name}/{name}.json)" for name in topic.types)
    if topic.foreign:
        types += "".join(f" ([form](schemas/{topic.name}/{name}.json))" for name in topic.types)
    mark = "*" if topic.personal else ""
    kept = f"{topic.kept}, compacted" if topic.compacted else topic.kept
    return f"| `{topic.name}`{mark} | {types} | {topic.writer} | {topic.key} | {kept} |\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
