"""Kafka's jars: what is half, changed or missing is told from what is whole, and fetched again."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from mandegar.stack import jars as jars_module
from mandegar.stack.errors import DamagedDownload, DiskFull, NoNetwork
from mandegar.stack.jars import Jar, default_cache, ensure_jars, known_jars

CONTENT = {"alpha-1.jar": b"a" * 1000, "beta-2.jar": b"b" * 2000}
JARS = [
    Jar(f"org.test:{name[:-6]}:{name[-5]}", len(content), hashlib.sha256(content).hexdigest())
    for name, content in CONTENT.items()
]


class Repository:
    """A stand-in for the network that writes what it has and counts what was asked."""

    def __init__(self, content: dict[str, bytes] | None = None) -> None:
        self.content = CONTENT if content is None else content
        self.asked: list[str] = []

    def fetch(self, jars: Sequence[Jar], directory: Path) -> None:
        for jar in jars:
            self.asked.append(jar.name)
            (directory / jar.name).write_bytes(self.content[jar.name])


def ensure(cache: Path, repository: Repository) -> Path:
    return ensure_jars(cache, jars=JARS, fetch=repository.fetch, say=lambda _: None)


def test_what_is_whole_is_fetched_once(tmp_path: Path) -> None:
    repository = Repository()
    first = ensure(tmp_path, repository)
    assert ensure(tmp_path, repository) == first
    assert repository.asked == list(CONTENT)
    assert {path.name: path.read_bytes() for path in first.glob("*.jar")} == CONTENT


@pytest.mark.parametrize("damaged", [b"a" * 400, b"a" * 999 + b"x", b""], ids=["half", "one byte", "empty"])
def test_a_damaged_file_is_fetched_again_and_only_that_one(tmp_path: Path, damaged: bytes) -> None:
    repository = Repository()
    directory = ensure(tmp_path, repository)
    (directory / "alpha-1.jar").write_bytes(damaged)
    repository.asked.clear()
    ensure(tmp_path, repository)
    assert repository.asked == ["alpha-1.jar"]
    assert (directory / "alpha-1.jar").read_bytes() == CONTENT["alpha-1.jar"]


def test_a_file_that_comes_damaged_is_told_and_never_put_in_place(tmp_path: Path) -> None:
    with pytest.raises(DamagedDownload, match=r"beta-2\.jar is damaged"):
        ensure(tmp_path, Repository({**CONTENT, "beta-2.jar": b"<html>blocked</html>"}))
    assert not list(tmp_path.rglob("*.jar"))


def test_without_network_the_message_says_what_to_do_and_nothing_is_left_behind(tmp_path: Path) -> None:
    def fail(jars: Sequence[Jar], directory: Path) -> None:
        (directory / jars[0].name).write_bytes(b"half")
        raise OSError("Name or service not known")

    with pytest.raises(NoNetwork, match="copy that directory from a machine that has it") as caught:
        ensure_jars(tmp_path, jars=JARS, fetch=fail, say=lambda _: None)
    assert "Name or service not known" in str(caught.value)
    assert not list(tmp_path.glob(".fetch-*"))


def test_too_little_room_is_told_before_the_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars_module, "FETCH_DISK_MB", 10**9)
    repository = Repository()
    with pytest.raises(DiskFull, match="needs at least 1000000000 MB"):
        ensure(tmp_path, repository)
    assert repository.asked == []


def test_two_that_start_at_once_fetch_once(tmp_path: Path) -> None:
    repository = Repository()
    threads = [threading.Thread(target=ensure, args=(tmp_path, repository)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(repository.asked) == sorted(CONTENT)


def test_the_list_of_jars_names_each_file_once_with_its_hash() -> None:
    jars = known_jars()
    assert len({jar.name for jar in jars}) == len(jars) > 40
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in jars)


@pytest.mark.parametrize("home", ["", "/proc/none"])
def test_without_a_home_to_write_to_the_jars_stay_with_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", home)
    assert default_cache(tmp_path / "cache") == tmp_path / "cache"
