"""What is deployed without us looking: the compose file and the image are checked as far as a file can be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mandegar.services import roles_of, service_names

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(COMPOSE.read_text()))


def test_the_compose_file_follows_the_schema() -> None:
    checked = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE],
        check=False,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_dockerfile_has_no_findings() -> None:
    checked = subprocess.run([BIN / "hadolint", DOCKERFILE], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_the_image_does_not_run_as_root_and_installs_hashed_requirements() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    final = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM")) :]
    users = [line.split()[1] for line in final if line.startswith("USER")]
    assert users
    assert users[-1] not in ("root", "0")
    assert any("--require-hashes" in line and "requirements/app.txt" in line for line in lines)


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    """`${NAME:?…}` refuses to start without it; `${NAME:-…}` or a literal would start with a known secret."""
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            secret = any(word in variable for word in ("PASSWORD", "SECRET", "DATABASE_URL"))
            is_address = variable == "DATABASE_URL" and "@" not in value
            assert not secret or is_address or ":?" in str(value), f"{variable} of {name}"
    assert ":-" not in COMPOSE.read_text()


def test_every_worker_and_api_of_this_installation_is_in_the_compose_file(compose: dict[str, Any]) -> None:
    commands = [tuple(service.get("command", ())) for service in compose["services"].values()]
    for service in service_names():
        for role in roles_of(service):
            assert ("run", service, "--role", role) in commands


def test_the_versions_are_those_of_the_embedded_servers(compose: dict[str, Any]) -> None:
    from mandegar.stack.jars import KAFKA_VERSION
    from mandegar.stack.postgres import POSTGRES_VERSION

    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert compose["services"]["postgres"]["image"] == f"postgres:{POSTGRES_VERSION}"


def test_nothing_but_apis_is_reachable_from_outside_and_those_on_this_machine_only(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published
    for name, ports in published.items():
        assert name.endswith("-api")
        assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_servers_and_apis_tell_whether_they_are_well(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name in ("kafka", "postgres") or name.endswith("-api"):
            assert "healthcheck" in service, name
