"""`mandegar generate` and `mandegar replay` as commands: what they write, and what they say when they cannot."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mandegar.cli import create_cli
from mandegar.connecting import NotConnected
from mandegar.failures import CommandFailed
from mandegar.replaying import Progress
from tests.input.recording import write_csv

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def _no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_generate_writes_three_files_and_names_the_commands_that_add_its_shops(tmp_path: Path) -> None:
    out = tmp_path / "s.jsonl"
    arguments = ["generate", "--customers", "30", "--days", "90", "--seed", "5", "--out", str(out)]
    first = RUNNER.invoke(create_cli(), arguments)
    assert first.exit_code == 0, first.output
    content = out.read_bytes()
    assert content.count(b"\n") > 50
    assert (tmp_path / "s.truth.jsonl").stat().st_size > 0
    assert "mandegar shops add tehran-books" in first.output
    assert "--zone Asia/Tehran --currency IRR --phone-region IR" in first.output
    RUNNER.invoke(create_cli(), arguments)
    assert out.read_bytes() == content


def test_replay_without_a_running_platform_says_how_to_start_one(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "o.csv", "order_id,date,amount")
    result = RUNNER.invoke(create_cli(), ["replay", str(path), "--directory", str(tmp_path)])
    assert isinstance(result.exception, NotConnected)
    assert "mandegar up" in str(result.exception)


def test_replay_with_a_map_that_is_none_shows_how_to_write_one(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "o.csv", "order_id,date,amount")
    result = RUNNER.invoke(create_cli(), ["replay", str(path), "--map", "nonsense", "--directory", str(tmp_path)])
    assert isinstance(result.exception, CommandFailed)
    assert "--map FIELD=HEADING" in str(result.exception)


def test_progress_off_a_terminal_is_a_plain_line_every_two_seconds_and_one_at_the_end() -> None:
    output, now = StringIO(), [0.0]
    progress = Progress("replaying x", 1000, stream=output, monotonic=lambda: now[0])
    for line in range(100, 1001, 100):
        now[0] += 0.5
        progress.update(line, line - 1, 1)
    progress.finish(999, 1)
    assert output.getvalue().splitlines() == [
        "replaying x: 40 % 399 events (200/s), 1 bad rows",
        "replaying x: 80 % 799 events (200/s), 1 bad rows",
        "replaying x: done, 999 events (200/s), 1 bad rows",
    ]


def test_progress_says_nothing_when_json_is_asked_for() -> None:
    output = StringIO()
    progress = Progress("replaying x", 10, silent=True, stream=output)
    progress.update(10, 10, 0)
    progress.finish(10, 0)
    assert output.getvalue() == ""


def test_an_interrupted_replay_says_that_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mandegar.connecting.connection", interrupted)
    path = write_csv(tmp_path / "o.csv", "order_id,date,amount")
    result = RUNNER.invoke(create_cli(), ["replay", str(path), "--directory", str(tmp_path)])
    assert result.exit_code == 130
    assert "the same command goes on" in result.stderr
