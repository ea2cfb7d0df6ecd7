"""Which login of the database a process gets, from what its environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandegar.connecting import Connection
from shared.settings import LoginError, PlatformSettings, SettingsError, login_url, logins_of
from shared.settings.logins import password_of, user_of, without_login

OPERATOR = "postgresql://boss:p%40ss%2Fword@db.example:5433/all?sslmode=require"


def test_the_usual_logins_have_names_of_their_service_and_passwords_that_say_nothing_of_each_other() -> None:
    logins = [*logins_of("metrics", OPERATOR, {}), *logins_of("gateway", OPERATOR, {})]
    assert [user_of(login) for login in logins] == [
        *("mandegar_metrics_worker", "mandegar_metrics_api", "mandegar_gateway_worker", "mandegar_gateway_api"),
    ]
    passwords = {password_of(login) for login in logins}
    assert len(passwords) == 4
    assert all(len(password) == 48 and "p@ss" not in password for password in passwords)
    assert {without_login(login) for login in logins} == {"postgresql://db.example:5433/all?sslmode=require"}
    assert logins_of("metrics", OPERATOR, {}) != logins_of("metrics", OPERATOR.replace("p%40", "q%40"), {})


def test_a_password_that_is_set_goes_before_a_derived_one_and_needs_no_operator() -> None:
    environ = {"DATABASE_URL": "postgresql://db.example/all", "MANDEGAR_DATABASE_API_PASSWORD": "a long: p@ssword"}
    url = login_url("metrics", "api", environ=environ)
    assert (user_of(url), password_of(url)) == ("mandegar_metrics_api", "a long: p@ssword")
    assert login_url("metrics", "api", environ={"DATABASE_URL": url}) == url  # taken as it is
    with pytest.raises(LoginError, match="MANDEGAR_DATABASE_WORKER_PASSWORD, or METRICS_WORKER_DATABASE_URL"):
        login_url("metrics", "worker", environ=environ)
    with pytest.raises(LoginError, match="at least 12 characters"):
        login_url("metrics", "api", environ={**environ, "MANDEGAR_DATABASE_API_PASSWORD": "short"})


def test_an_address_of_its_own_goes_before_everything() -> None:
    own = "postgresql://asker:secret@db.example/all"
    environ = {"METRICS_API_DATABASE_URL": own, "METRICS_DATABASE_URL": OPERATOR, "DATABASE_URL": OPERATOR}
    assert login_url("metrics", "api", environ=environ) == own
    assert user_of(login_url("metrics", "worker", environ=environ)) == "mandegar_metrics_worker"
    with pytest.raises(LoginError, match="neither METRICS_API_DATABASE_URL nor DATABASE_URL is set"):
        login_url("metrics", "api", environ={})


def test_settings_of_a_role_hold_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", OPERATOR)
    values = {"kafka_bootstrap_servers": "k:1", "secret_key": "0123456789abcdef0123456789abcdef"}
    for role in ("worker", "api"):
        settings = PlatformSettings.load("metrics", role=role, **values)  # type: ignore[arg-type]  # one of two texts
        assert user_of(settings.database_url.get_secret_value()) == f"mandegar_metrics_{role}"
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/all")
    with pytest.raises(SettingsError, match="MANDEGAR_DATABASE_API_PASSWORD"):
        PlatformSettings.load("metrics", role="api", **values)


def test_a_process_of_one_role_is_told_no_other_login(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = {
        "DATABASE_URL": OPERATOR,
        "GATEWAY_DATABASE_URL": OPERATOR,
        "METRICS_WORKER_DATABASE_URL": "postgresql://w:secret@db.example/all",
        "MANDEGAR_DATABASE_WORKER_PASSWORD": "the workers' secret",
    }
    for name, value in hidden.items():
        monkeypatch.setenv(name, value)
    environment = Connection("k:1", OPERATOR, "s").environment_of("metrics", "api")
    told = {name: value for name, value in environment.items() if value}
    assert set(told) == {
        *("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "MANDEGAR_SECRET_KEY", "METRICS_API_DATABASE_URL")
    }
    assert told["DATABASE_URL"] == without_login(OPERATOR)
    assert set(hidden) <= set(environment)  # emptied, since the process inherits the rest
    assert login_url("metrics", "api", environ=told) == told["METRICS_API_DATABASE_URL"]
    with pytest.raises(LoginError):
        login_url("metrics", "worker", environ=told)


def test_the_compose_file_gives_each_process_its_own_password_only() -> None:
    from ruamel.yaml import YAML

    compose = YAML(typ="safe").load((Path(__file__).parents[2] / "docker-compose.yml").read_text())
    for name, service in compose["services"].items():
        given = {key for key in service.get("environment", {}) if key.startswith("MANDEGAR_DATABASE_")}
        if name.endswith(("-worker", "-api")):
            role = name.rpartition("-")[2]
            assert given == {f"MANDEGAR_DATABASE_{role.upper()}_PASSWORD"}, name
            assert "@" not in service["environment"]["DATABASE_URL"], name
