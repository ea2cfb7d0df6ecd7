"""What is deployed without us looking: the compose file and the image are checked as far as a file can be."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from ruamel.yaml import YAML

import services.gateway.main  # noqa: F401 - whose metrics the alerts ask for
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


def test_each_alert_asks_for_a_metric_that_there_is_and_names_a_chapter_of_a_runbook() -> None:
    rules = YAML(typ="safe").load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    names = {name for metric in REGISTRY.collect() for name in (metric.name, f"{metric.name}_total")}
    assert len({alert["alert"] for alert in alerts}) == len(alerts) > 0
    for alert in alerts:
        assert set(re.findall(r"mandegar_\w+", alert["expr"])) <= names, alert["alert"]
        page, _, chapter = alert["annotations"]["runbook_url"].partition("#")
        headings = re.findall(r"^## (.+)$", (ROOT / page).read_text(), re.MULTILINE)
        assert chapter in {heading.lower().replace(" ", "-") for heading in headings}, alert["alert"]
        assert alert["annotations"]["summary"] and alert["labels"]["severity"] in ("warning", "critical")
