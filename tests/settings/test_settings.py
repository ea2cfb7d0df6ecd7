"""Settings: refused where unsafe, explained where missing, documented always."""

from __future__ import annotations

import pytest
from pydantic import Field

from mandegar import documents
from shared.settings import PlatformSettings, SettingsError, settings_page, settings_table

GOOD = "0123456789abcdef0123456789abcdef"
ENVIRONMENT = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "DATABASE_URL": "postgresql://a:pw@127.0.0.1/all",
    "MANDEGAR_SECRET_KEY": GOOD,
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("METRICS_DATABASE_URL", raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "   ",
        "short",
        "x" * 64,
        "abab" * 10,
        "changeme" * 8,
        "SECRET-0123456789abcdef0123456789",
        "password12345678901234567890abcdef",
    ],
)
def test_an_empty_short_or_default_secret_is_refused_and_not_told(secret: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MANDEGAR_SECRET_KEY", secret)
    with pytest.raises(SettingsError, match="MANDEGAR_SECRET_KEY") as refused:
        PlatformSettings.load()
    assert len(secret.strip()) < 6 or secret not in str(refused.value)


def test_a_missing_setting_is_named_with_what_it_is_for(environment: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        environment.delenv(name)
    with pytest.raises(SettingsError) as refused:
        PlatformSettings.load()
    assert all(f"{name} is not set" in str(refused.value) for name in ENVIRONMENT)


def test_a_service_may_have_a_database_of_its_own(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("METRICS_DATABASE_URL", "postgresql://b@127.0.0.1/metrics")
    assert PlatformSettings.load("metrics").database_url.get_secret_value().endswith("/metrics")
    assert PlatformSettings.load("gateway").database_url.get_secret_value().endswith("/all")


def test_secrets_do_not_show(environment: pytest.MonkeyPatch) -> None:
    loaded = PlatformSettings.load()
    assert GOOD not in repr(loaded) and "pw" not in repr(loaded)
    environment.setenv("DATABASE_URL", "mysql://a:pw@127.0.0.1/all")
    with pytest.raises(SettingsError, match="postgresql://") as refused:
        PlatformSettings.load()
    assert "pw@" not in str(refused.value)


def test_a_limit_is_told_by_the_name_of_its_variable(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MANDEGAR_PARTITIONS", "0")
    with pytest.raises(SettingsError, match=r"MANDEGAR_PARTITIONS .*greater than or equal to 1"):
        PlatformSettings.load()


def test_every_setting_is_described_and_stands_in_the_table() -> None:
    table = settings_table(PlatformSettings)
    for name, field in PlatformSettings.model_fields.items():
        assert field.description, name
    assert table.count("\n") == len(PlatformSettings.model_fields) + 2
    assert "| `MANDEGAR_SECRET_KEY` | secret text | required |" in table


class OwnSettings(PlatformSettings):
    own_limit: int = Field(3, ge=1, description="A limit of its own.")


def test_a_service_adds_its_own_settings_to_the_page() -> None:
    page = settings_page([("own", OwnSettings), ("plain", PlatformSettings)])
    assert page.count("`MANDEGAR_PARTITIONS`") == 1
    assert "## own" in page and "| `MANDEGAR_OWN_LIMIT` | integer ≥ 1 | `3` | A limit of its own. |" in page
    assert "## plain" not in page


def test_the_committed_page_is_that_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert documents.main(["--check"]) == 0, capsys.readouterr().err
