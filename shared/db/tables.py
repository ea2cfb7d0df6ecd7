"""The runtime's own tables, which every service has in its schema. Made by `create_runtime_tables`."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

RUNTIME_TABLES = (
    "consumer_offset",
    "processed_event",
    "processed_month",
    "outbox",
    "outbox_key",
    "timer",
    "dead_letter",
    "shop",
    "api_key",
)

AUDIT_TABLES = ("audit_entry", "api_key_use")
"""Tables of the runtime that came later, with a revision of their own in each service."""


def service_metadata(service: str) -> MetaData:
    """A MetaData for a service's tables, in the schema of the service's name, with the runtime's tables in it."""
    metadata = MetaData(schema=service)
    add_runtime_tables(metadata)
    return metadata


def add_runtime_tables(metadata: MetaData) -> dict[str, Table]:
    """Describe the runtime's tables in a MetaData that has a schema. Gives them by name."""
    _messaging_tables(metadata)
    _outbox_tables(metadata)
    _reference_tables(metadata)
    _audit_tables(metadata)
    return {name: metadata.tables[f"{metadata.schema}.{name}"] for name in (*RUNTIME_TABLES, *AUDIT_TABLES)}


def add_answer_table(metadata: MetaData) -> None:
    """Describe the table of kept answers (`shared.db.answers`) in a MetaData that has a schema."""
    table = Table(
        "kept_answer",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("status", SmallInteger, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("actor", Text(collation="C"), nullable=False),
        Column("key", Text(collation="C"), nullable=False),
        Column("request", LargeBinary, nullable=False),
        Column("headers", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        PrimaryKeyConstraint("shop", "actor", "key", name="pk_kept_answer"),
        info={"api": "SELECT, INSERT, UPDATE, DELETE"},
    )
    Index("ix_kept_answer_at", table.c.shop, table.c.at)


def _messaging_tables(metadata: MetaData) -> None:
    Table(
        "consumer_offset",
        metadata,
        Column("grp", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("next", BigInteger, nullable=False),
        Column("epoch", BigInteger, nullable=False, server_default=text("0")),
        Column("cluster_id", Text, nullable=False),
        Column("topic_id", Text, nullable=False, server_default=text("''")),
        PrimaryKeyConstraint("grp", "topic", "partition", name="pk_consumer_offset"),
    )
    Table(
        "processed_event",
        metadata,
        Column("day", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("content", BigInteger, nullable=False),
        PrimaryKeyConstraint("day", "shop", "id", name="pk_processed_event"),
        postgresql_partition_by="RANGE (day)",
    )
    Table(
        "processed_month",
        metadata,
        Column("first", Integer, nullable=False, autoincrement=False),
        Column("taken_on", Integer, nullable=False, comment="the day on which ids of this month were last asked for"),
        PrimaryKeyConstraint("first", name="pk_processed_month"),
    )
    dead_letter = Table(
        "dead_letter",
        metadata,
        Column("id", Uuid, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("handler", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("detail", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("state", Text, nullable=False, server_default=text("'held'")),
        Column("attempt", Integer, nullable=False, server_default=text("0")),
        PrimaryKeyConstraint("id", name="pk_dead_letter"),
        CheckConstraint("state IN ('held', 'requested', 'replayed')", name="ck_dead_letter_state"),
    )
    Index(
        "ix_dead_letter_requested",
        dead_letter.c.topic,
        dead_letter.c.partition,
        postgresql_where=text("state = 'requested'"),
    )
    Index("ix_dead_letter_recorded_at", dead_letter.c.recorded_at)


def _outbox_tables(metadata: MetaData) -> None:
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True, cache=1), nullable=False),
        Column("shard", SmallInteger, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        PrimaryKeyConstraint("shard", "id", name="pk_outbox"),
    )
    Table(
        "outbox_key",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        PrimaryKeyConstraint("shop", "key", name="pk_outbox_key"),
    )
    timer = Table(
        "timer",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("identity", Text, nullable=False),
        Column("due", DateTime(timezone=True), nullable=False),
        Column("partition", Integer, nullable=False),
        PrimaryKeyConstraint("shop", "kind", "identity", name="pk_timer"),
    )
    Index("ix_timer_due", timer.c.partition, timer.c.due)


def _reference_tables(metadata: MetaData) -> None:
    Table(
        "shop",
        metadata,
        Column("number", SmallInteger, nullable=False),
        Column("slug", Text, nullable=False),
        Column("settings", JSONB, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("sequence", BigInteger, nullable=False, server_default=text("0")),
        PrimaryKeyConstraint("number", name="pk_shop"),
        UniqueConstraint("slug", name="uq_shop_slug"),
    )
    Table(
        "api_key",
        metadata,
        Column("key_id", Text, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("scopes", ARRAY(Text), nullable=False),
        Column("name", Text, nullable=False, server_default=text("''")),
        Column("expires_at", DateTime(timezone=True)),
        Column("revoked_at", DateTime(timezone=True)),
        Column("sequence", BigInteger, nullable=False, server_default=text("0")),
        PrimaryKeyConstraint("key_id", name="pk_api_key"),
        UniqueConstraint("sha256", name="uq_api_key_sha256"),
    )


def _audit_tables(metadata: MetaData) -> None:
    entry = Table(
        "audit_entry",
        metadata,
        Column("id", BigInteger, Identity(always=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
        Column("actor", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        PrimaryKeyConstraint("shop", "id", name="pk_audit_entry"),
        CheckConstraint("outcome IN ('done', 'refused', 'failed')", name="ck_audit_entry_outcome"),
        info={"api": "SELECT, INSERT"},
    )
    Index("ix_audit_entry_subject", entry.c.shop, entry.c.subject, entry.c.id)
    Index("ix_audit_entry_at", entry.c.at)
    Table(
        "api_key_use",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("key_id", Text, nullable=False),
        Column("used_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("shop", "key_id", name="pk_api_key_use"),
        info={"api": "SELECT, INSERT, UPDATE"},
    )
