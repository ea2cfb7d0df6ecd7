"""Versions of the programme, which are only ever added, and drafts beside them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


def add_tables(metadata: MetaData) -> None:
    """Describe the slice's tables in a MetaData that has a schema."""
    Table(
        "programme_version",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("number", SmallInteger, nullable=False, comment="from 1, as it was published"),
        Column("in_force_from", DateTime(timezone=True), nullable=False),
        Column("published_at", DateTime(timezone=True), nullable=False),
        Column("author", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("body", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "number", name="pk_programme_version"),
        CheckConstraint("number > 0", name="ck_programme_version_number"),
        info={"api": "SELECT, INSERT"},
    )
    Table(
        "programme_draft",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("number", Integer, nullable=False),
        Column("edition", Integer, nullable=False, comment="rises with each change"),
        Column("discarded", Boolean, nullable=False, server_default=text("false")),
        Column("based_on", SmallInteger, comment="the version it was made from or published as last"),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("author", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("body", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "number", name="pk_programme_draft"),
        info={"api": "SELECT, INSERT, UPDATE"},
    )
