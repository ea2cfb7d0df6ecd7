"""Settings that every process of the platform shares. Durations carry their unit last in the name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.settings.logins import LoginError, ProcessRole, login_url, operator_url

SECRET_LENGTH_MIN = 32
"""Characters of MANDEGAR_SECRET_KEY: 32 hexadecimal ones are 128 bits."""

_DEFAULT_SECRETS = ("changeme", "change-me", "change_me", "secret", "password", "default", "example", "mandegar")
_DISTINCT_CHARACTERS_MIN = 8


class SettingsError(ValueError):
    """A setting is missing or unusable. The message names each one and what to set, and never its value."""


def _named(name: str) -> AliasChoices:
    """The variable as the outside knows it, beside the MANDEGAR_ form that the prefix would give."""
    return AliasChoices(name, f"MANDEGAR_{name}")


class PlatformSettings(BaseSettings):
    """Read from the environment: MANDEGAR_<FIELD>, but the two addresses by the names that hosts usually give them."""

    model_config = SettingsConfigDict(
        env_prefix="MANDEGAR_",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # a secret that is refused must not stand in the error
        env_ignore_empty=False,
    )

    kafka_bootstrap_servers: str = Field(
        min_length=1,
        validation_alias=_named("KAFKA_BOOTSTRAP_SERVERS"),
        description="Kafka brokers, `host:port`, separated by commas.",
    )
    database_url: SecretStr = Field(
        validation_alias=_named("DATABASE_URL"),
        description="PostgreSQL 15 or later: `postgresql://user:password@host:port/database`. "
        "`<SERVICE>_DATABASE_URL` (such as `METRICS_DATABASE_URL`) overrides it for one service. Its user is the "
        "operator's, who migrates; workers and APIs have logins of their own (below) and need no user here.",
    )
    secret_key: SecretStr = Field(
        description="Encrypts what lies in the dead letters, and keys the fingerprints by which gateway recognises "
        f"customers: with another one, everybody is new. At least {SECRET_LENGTH_MIN} random characters, for example "
        "from `openssl rand -hex 32`; defaults, repeats and short ones are refused.",
    )
    partitions: int = Field(
        12, ge=1, le=1024, description="Partitions of each topic when it is created. The same number everywhere."
    )
    replication_factor: int = Field(1, ge=1, le=9, description="Copies of each topic; 3 on a cluster of three brokers.")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level written.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`json`, `console`, or `auto`: console on a terminal, else JSON lines."
    )

    http_host: str = Field("127.0.0.1", description="Address the APIs listen on; `0.0.0.0` inside a container.")
    http_port: int = Field(8000, ge=0, le=65535, description="Port the API listens on; 0 takes a free one.")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of `/metrics` of a worker that has no API; 0: none is served."
    )
    http_body_bytes_max: int = Field(
        1_048_576, ge=1024, le=104_857_600, description="A longer request body is refused with 413 before parsing."
    )
    http_request_seconds_max: float = Field(
        15.0, gt=0, le=300, description="A request that takes longer ends with 503 and `Retry-After`."
    )
    api_key_cache_seconds: float = Field(
        5.0, ge=0, le=60, description="How long an API key that was found may be trusted without asking again."
    )

    staff_jwks: str = Field(
        "",
        description="Public keys (JWKS) that staff tokens are signed by: a file, or an address with https (http on "
        "this machine only). Empty: staff tokens are refused. `mandegar staff keys` makes a pair.",
    )
    staff_issuer: str = Field(
        "", description="The `iss` that staff tokens must have; needed with MANDEGAR_STAFF_JWKS.", validate_default=True
    )
    staff_audience: str = Field("mandegar", min_length=1, description="The `aud` that staff tokens must have.")
    staff_shop_claim: str = Field("shop", min_length=1, description="The claim that names the shop, by its slug.")
    staff_role_claim: str = Field("role", min_length=1, description="The claim that names the role.")
    staff_leeway_seconds: float = Field(
        30.0, ge=0, le=300, description="How far the clock of who signs staff tokens may be off."
    )
    staff_jwks_seconds: float = Field(
        300.0,
        ge=10,
        le=86_400,
        description="How long fetched public keys are fresh; unknown ones are fetched at once.",
    )

    database_pool_size: int = Field(10, ge=1, le=200, description="Connections to PostgreSQL that a process may hold.")

    batch_events_max: int = Field(
        20_000, ge=1, le=200_000, description="Events in one transaction, at most, whatever the backlog."
    )
    batch_bytes_max: int = Field(
        33_554_432, ge=65_536, le=1_073_741_824, description="Bytes of events in one transaction, at most."
    )
    batch_target_ms: int = Field(300, ge=10, le=2000, description="How long a batch should take; its size follows.")
    batch_limit_ms: int = Field(
        2000, ge=100, le=60_000, description="A batch that takes longer is halved the next time."
    )
    lane_target_ms: int = Field(
        50,
        ge=5,
        le=2000,
        description="How long a batch of history should take; a live event may wait so long for one that is in hand.",
    )
    lane_share_percent: int = Field(
        20, ge=1, le=90, description="Share of a worker's time that history gets though live events wait all the time."
    )
    relay_poll_ms: int = Field(25, ge=1, le=2_000, description="How often the outbox is looked at when it is quiet.")
    watchdog_seconds: float = Field(
        30.0, gt=0, le=3600, description="A worker with a backlog and no progress for so long ends, to be restarted."
    )
    drain_seconds: float = Field(
        20.0, gt=0, le=600, description="After SIGTERM: time to finish the batch in hand before the process ends."
    )
    dead_letter_days: int = Field(
        30, ge=1, le=90, description="Days for which the encrypted body of a dead letter is kept."
    )
    audit_days: int = Field(
        400, ge=30, le=3660, description="Days for which entries of the audit log are kept. They cannot go earlier."
    )
    processed_ids_days: int = Field(
        92,
        ge=1,
        le=3660,
        description="Days for which ids of processed events are kept after the time of the event and after it, or a "
        "repeat of it, came; in whole months. Later repeats are known by their business key, such as the order's id.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment; no .env file is read unasked."""
        del settings_cls
        return init_settings, env_settings

    @field_validator("secret_key")
    @classmethod
    def _refuse_weak_secrets(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().strip()
        if len(text) < SECRET_LENGTH_MIN:
            raise ValueError(f"must have at least {SECRET_LENGTH_MIN} random characters")
        stem = text.lower()
        if len(set(stem)) < _DISTINCT_CHARACTERS_MIN or any(stem.startswith(word) for word in _DEFAULT_SECRETS):
            raise ValueError("must be random: this one is a default or repeats itself")
        return value

    @field_validator("staff_jwks")
    @classmethod
    def _require_safe_address(cls, value: str) -> str:
        if "://" in value:
            parts = urlsplit(value)
            local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
            if not (local or (parts.scheme == "https" and parts.hostname)):
                raise ValueError("must be a file, or begin with https:// (http:// on this machine only)")
        return value

    @field_validator("staff_issuer")
    @classmethod
    def _require_issuer(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("staff_jwks") and not value:
            raise ValueError("must be set with MANDEGAR_STAFF_JWKS")
        return value

    @field_validator("database_url")
    @classmethod
    def _require_postgresql(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must start with postgresql://")
        return value

    @classmethod
    def load(
        cls,
        service: str | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        role: ProcessRole | None = None,
        **values: Any,
    ) -> Self:
        """The settings of a process of `service`; its `role` decides which login of the database it has.

        `<SERVICE>_DATABASE_URL` goes before DATABASE_URL. `values` go before the environment. Raises SettingsError,
        whose message names every field that is missing or refused.
        """
        if service and "database_url" not in values:
            url = operator_url(service, environ)
            if role is not None:
                try:
                    url = login_url(service, role, environ=environ)
                except LoginError as error:
                    raise SettingsError(f"settings are not usable:\n  {error}") from None
            if url:
                values["database_url"] = url
        try:
            return cls(**values)
        except ValidationError as error:
            lines = [_explain(cls, detail) for detail in error.errors(include_url=False, include_input=False)]
            raise SettingsError("settings are not usable:\n" + "\n".join(lines)) from None


def variable_of(settings: type[BaseSettings], field: str) -> str:
    """The environment variable that sets the field."""
    alias = settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    if isinstance(alias, str):
        return alias
    return f"{settings.model_config.get('env_prefix', '')}{field}".upper()


def _explain(settings: type[BaseSettings], detail: ErrorDetails) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else "?"
    field = next((f for f in settings.model_fields if name in (f, variable_of(settings, f))), None)
    if field is None:
        return f"  {name}: {detail['msg']}"
    reason = "is not set" if detail["type"] == "missing" else detail["msg"].removeprefix("Value error, ")
    return f"  {variable_of(settings, field)} {reason}. {settings.model_fields[field].description}"
