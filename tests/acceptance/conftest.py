"""One running platform for this folder, as `mandegar up` starts it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest

from mandegar.connecting import connection
from tests.stack.processes import mandegar, processes_of


class Platform:
    """What a user does with it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.addresses = {row["name"]: row["address"] for row in self.json("status") if row.get("address")}

    def run(self, *arguments: str, code: int = 0) -> CompletedProcess[str]:
        """A command, and how it must end."""
        done = mandegar(*arguments, MANDEGAR_DIRECTORY=str(self.directory))
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def key(self, shop: str, *scopes: str) -> dict[str, str]:
        """Headers of a new key."""
        made = self.json("keys", "create", shop, *(part for scope in scopes for part in ("--scope", scope)))
        return {"Authorization": f"Bearer {made['key']}"}

    def ask(self, method: str, path: str, headers: dict[str, str], service: str = "gateway", **more: Any) -> Any:
        """One request, tried again while a new key is on its way to the service."""
        address = self.addresses[f"{service}-api"]
        base = address if address.startswith("http") else f"http://{address}"
        for _ in range(100):
            answer = httpx.request(method, base + path, headers=headers, timeout=20, **more)
            if answer.status_code != 401:
                break
            time.sleep(0.1)
        return answer

    def log(self, process: str) -> str:
        """What a process has written."""
        return (self.directory / "logs" / f"{process}.log").read_text()

    @property
    def bootstrap_servers(self) -> str:
        return connection(self.directory).bootstrap_servers


def until(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What it gives, once it is something; AssertionError when time is up."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.2)


@contextmanager
def a_platform(directory: Path) -> Iterator[Platform]:
    """Everything, with its inbox, until the block ends."""
    up = mandegar("up", "--detach", "--directory", str(directory))
    try:
        assert up.returncode == 0, up.stderr
        yield Platform(directory)
    finally:
        mandegar("down", "--directory", str(directory))
    assert processes_of(directory) == []


# Of the package: as idle as a platform is, all others would wait for its ten processes to the end.
@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with a_platform(tmp_path_factory.mktemp("platform")) as made:
        yield made
