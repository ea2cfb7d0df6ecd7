"""Beside the embedded servers e-mail ends in the inbox; where a server for it is named, it goes there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from mandegar.connecting import Connection
from mandegar.services import roles_of, service_names
from mandegar.stack.supervisor import Supervisor


def environments(directory: Path) -> dict[str, Mapping[str, str]]:
    """Of all processes that would be started, by name."""
    roles = [(name, role) for name in service_names() for role in roles_of(name)]
    supervisor = Supervisor(directory, roles=roles, prepare=None, say=lambda _: None, with_inbox=True)
    found = Connection("127.0.0.1:1", "postgresql://somebody:secret-of-nobody@127.0.0.1:1/postgres", "0" * 64)
    return {child.name: child.environment for child in supervisor._make_children(found)}


def test_campaigns_hands_letters_to_the_inbox_and_links_lead_to_its_own_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MANDEGAR_SMTP_HOST", raising=False)
    found = environments(tmp_path)
    worker, api = found["campaigns-worker"], found["campaigns-api"]
    assert "inbox" in found
    assert worker["MANDEGAR_SMTP_HOST"] == "127.0.0.1" and worker["MANDEGAR_SMTP_TLS"] == "none"
    assert worker["MANDEGAR_PUBLIC_URL"] == f"http://127.0.0.1:{api['MANDEGAR_HTTP_PORT']}"
    assert worker["MANDEGAR_SMTP_PORT"] not in {one.get("MANDEGAR_HTTP_PORT") for one in found.values()}
    again = environments(tmp_path)
    assert again == found, "ports are those of the last time"


def test_a_server_that_is_named_is_used_and_there_is_no_inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANDEGAR_SMTP_HOST", "mail.example.com")
    found = environments(tmp_path)
    assert "inbox" not in found
    assert not [name for one in found.values() for name in one if name.startswith("MANDEGAR_SMTP")]
