"""`mandegar topics`: the topics of all services: how they stand, whether they are as they must be, make the missing."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mandegar.failures import CommandFailed
from mandegar.options import DEFAULT_DIRECTORY, AsJson, Directory
from mandegar.printing import print_rows

if TYPE_CHECKING:
    from mandegar.connecting import Connection
    from shared.messaging.cluster import TopicStanding

COLUMNS = ("topic", "state", "partitions", "replicas", "kept", "personal", "records", "bytes")
FOUND = ("topic", "what", "found", "expected", "remedy")
PLACES = ("partition", "leader", "replicas", "in_sync", "begin", "end", "records", "bytes")
_ALTER = "kafka-configs.sh --alter --entity-type topics --entity-name {topic} --add-config {setting}={expected}"
_GROW = (
    "if all topics have {found}, set MANDEGAR_PARTITIONS={found}; otherwise make this one anew and replay it: adding "
    "partitions moves customers to other partitions and breaks the order of their events"
)

app = typer.Typer(help="Topics: list them, compare them with what the platform needs, make what is missing.")


@app.callback(invoke_without_command=True)
def topics(context: typer.Context, directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Topics: list them (also without a command), compare them with what the platform needs, make what is missing."""
    given = {name for name in context.params if context.get_parameter_source(name).name == "COMMANDLINE"}  # type: ignore[union-attr]  # every parameter has a source
    if context.invoked_subcommand is None:
        list_all(directory, as_json)
    elif given:
        raise typer.BadParameter(f"give options after the command: mandegar topics {context.invoked_subcommand} …")


@app.command("list")
def list_all(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """List the topics that the services need: what lies there, for how long, and whether it is as it must be.

    Of a compacted topic `records` counts the offsets, of which some are gone. `bytes` are those of all copies.
    """
    print_rows([_row(one) for one in _standing(directory)], COLUMNS, as_json=as_json)


@app.command()
def check(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Compare topics with what the platform needs. Exit code 1, and a remedy for each, when something differs."""
    found = [difference for one in _standing(directory) for difference in _differences(one)]
    if not found and not as_json:
        print("all topics are as they must be")
        return
    print_rows(found, FOUND, as_json=as_json)
    if found:
        raise typer.Exit(1)


@app.command()
def create(directory: Directory = DEFAULT_DIRECTORY, as_json: AsJson = False) -> None:
    """Create the topics that are missing, with their settings. Those that exist stay as they are. Safe to run again."""
    from mandegar.connecting import connection, use
    from mandegar.preparing import create_topics

    found = connection(directory)
    use(found)
    created = create_topics(found)
    if as_json:
        sys.stdout.write(json.dumps({"created": created}) + "\n")
    else:
        print(f"created {', '.join(created)}" if created else "all topics are there")


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="As `list` shows it.")],
    directory: Directory = DEFAULT_DIRECTORY,
    as_json: AsJson = False,
) -> None:
    """Show one topic: what is on it, who writes and reads it, under which key, its settings, each partition."""
    from shared.contracts.registry import TOPICS

    known = TOPICS.get(name)
    if known is None:
        raise CommandFailed(f"{name} is no topic of ours; `mandegar topics list` shows them")
    standing = next((one for one in _standing(directory) if one.topic == name), None)
    if standing is None:
        raise CommandFailed(f"no service of this installation reads or writes {name}")
    told: dict[str, Any] = {
        "topic": name,
        "state": _state(standing),
        "description": known.description,
        "types": list(known.types),
        "writer": known.writer,
        "readers": _readers(name),
        "key": known.key,
        "kept": known.kept,
        "compacted": known.compacted,
        "personal": known.personal,
        "settings": dict(standing.settings),
        "differences": _differences(standing),
    }
    places = [{**part._asdict(), "records": part.end - part.begin} for part in standing.partitions]
    if as_json:
        sys.stdout.write(json.dumps({**told, "partitions": places}, ensure_ascii=False, indent=1) + "\n")
        return
    for label, value in told.items():
        if label not in ("settings", "differences"):
            print(f"{label:<13}{', '.join(value) if isinstance(value, list) else value}")
    for setting, value in told["settings"].items():
        print(f"{'':<13}{setting}={value}")
    for found in told["differences"]:
        is_now = f"{found['what']} is {found['found'] or 'missing'}, not {found['expected']}"
        print(f"{'differs':<13}{is_now}: {found['remedy']}")
    print_rows(places, PLACES)


def _standing(directory: Path) -> list[TopicStanding]:
    from mandegar.connecting import connection, use

    found = connection(directory)
    use(found)
    return asyncio.run(_read(found))


async def _read(found: Connection) -> list[TopicStanding]:
    from mandegar.services import service_main, service_names
    from shared.messaging.cluster import standing_of, topics_of
    from shared.settings import PlatformSettings

    settings = PlatformSettings.load()
    names = topics_of(service_main(name).SERVICE for name in service_names())
    return await standing_of(
        found.bootstrap_servers,
        names,
        partitions=settings.partitions,
        replication_factor=settings.replication_factor,
    )


def _state(standing: TopicStanding) -> str:
    if not standing.partitions:
        return "missing"
    return "differs" if standing.differences else "ok"


def _row(standing: TopicStanding) -> dict[str, Any]:
    from shared.contracts.registry import TOPICS

    known = TOPICS[standing.topic]
    row = {"topic": standing.topic, "state": _state(standing), "kept": known.kept, "personal": known.personal}
    if not standing.partitions:
        return row
    return row | {
        "partitions": len(standing.partitions),
        "replicas": min(len(part.replicas) for part in standing.partitions),
        "records": standing.records,
        "bytes": standing.bytes,
    }


def _differences(standing: TopicStanding) -> list[dict[str, str]]:
    """What an operator would have to change, with the remedy."""
    if not standing.partitions:
        missing = {"what": "topic", "found": "", "expected": "there", "remedy": "mandegar topics create"}
        return [{"topic": standing.topic, **missing}]
    remedies = {
        "partitions": _GROW,
        "replication.factor": "kafka-reassign-partitions.sh, or set MANDEGAR_REPLICATION_FACTOR={found}",
    }
    rows = []
    for one in standing.differences:
        remedy = remedies.get(one.setting, _ALTER).format(topic=standing.topic, **one._asdict())
        rows.append(
            {
                "topic": standing.topic,
                "what": one.setting,
                "found": one.found,
                "expected": one.expected,
                "remedy": remedy,
            }
        )
    return rows


def _readers(topic: str) -> list[str]:
    from mandegar.services import service_main, service_names

    mains = {name: service_main(name).SERVICE for name in service_names()}
    return [name for name, service in mains.items() if any(topic == one.topic for one in service.subscriptions)]


def register(cli: typer.Typer) -> None:
    """Called by mandegar.cli."""
    cli.add_typer(app, name="topics")
