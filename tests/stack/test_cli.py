"""The command line: what is expected to fail says so in a sentence, without a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mandegar import cli
from mandegar.connecting import Connection, NotConnected, connection, external_connection
from mandegar.stack.following import Follower
from mandegar.stack.supervisor import without_password
from tests.stack.processes import mandegar

SECRET = "b6c1f0a9d2e84735b6c1f0a9d2e84735"


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "message"),
    [
        (["status"], {}, 1, "nothing runs in .*start it with `mandegar up`"),
        (["shops", "list"], {}, 1, "Nothing runs in .*Start it with `mandegar up`"),
        (["run", "nonsense"], {"SERVERS": "away"}, 1, "There is no service 'nonsense'. There are: .*gateway"),
        (["run", "gateway", "--role", "boss"], {}, 2, "boss"),
        (["nonsense"], {}, 2, "No such command"),
        (["lag"], {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, 1, "DATABASE_URL is not"),
        (["keys", "list"], {"SERVERS": "away"}, 1, "a server did not answer"),
        (["prepare"], {"SERVERS": "away"}, 1, "did not answer|does not answer"),
    ],
)
def test_what_is_expected_to_fail_says_what_to_do(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], code: int, message: str
) -> None:
    if environment.pop("SERVERS", None):
        environment |= {
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "DATABASE_URL": "postgresql://nobody:knows@127.0.0.1:1/none",
            "MANDEGAR_SECRET_KEY": SECRET,
        }
    done = mandegar(*arguments, MANDEGAR_DIRECTORY=str(tmp_path), **environment)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(message, done.stderr, re.DOTALL), done.stderr


def test_down_where_nothing_runs_is_no_failure(tmp_path: Path) -> None:
    done = mandegar("down", "--directory", str(tmp_path))
    assert (done.returncode, done.stdout) == (0, f"nothing runs in {tmp_path}\n")


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("defect")

    monkeypatch.setattr(cli, "create_cli", lambda: broken)
    with pytest.raises(KeyError):
        cli.main()


def test_own_servers_need_a_secret_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("DATABASE_URL", "postgresql://database/x")
    monkeypatch.delenv("MANDEGAR_SECRET_KEY", raising=False)
    with pytest.raises(NotConnected, match="MANDEGAR_SECRET_KEY is not set"):
        external_connection()
    monkeypatch.setenv("MANDEGAR_SECRET_KEY", SECRET)
    assert connection(Path("/nowhere")) == Connection("kafka:9092", "postgresql://database/x", SECRET)


def test_a_password_is_not_shown() -> None:
    assert without_password("postgresql://postgres:p@ss@127.0.0.1:1/d") == "postgresql://postgres@127.0.0.1:1/d"
    assert without_password("postgresql://127.0.0.1/d") == "postgresql://127.0.0.1/d"


def test_followed_logs_are_whole_lines_with_the_name_of_their_process(tmp_path: Path) -> None:
    log = tmp_path / "metrics-worker.log"
    log.write_text("before\n")
    follower = Follower(tmp_path)
    with log.open("a") as file:
        file.write("first\nsec")
    assert follower.lines() == ["metrics-worker   | first"]
    with log.open("a") as file:
        file.write("ond\n")
    assert follower.lines() == ["metrics-worker   | second"]
    log.write_text("new\n")  # set aside and begun anew
    assert follower.lines() == ["metrics-worker   | new"]
