"""Tables of segments: conditions as versioned data, and who belongs."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

_ID = Text(collation="C")
_NONE = text("0")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    segment = Table(
        "segment",
        metadata,
        Column("walked", BigInteger, comment="the last identity that a version in the making has come to"),
        Column("done", BigInteger, nullable=False, server_default=_NONE, comment="identities that it has come by"),
        Column("whole", BigInteger, nullable=False, server_default=_NONE, comment="of so many when it began"),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("version", Integer, nullable=False, server_default=_NONE, comment="that holds; 0: none is published"),
        Column("making", Integer, nullable=False, server_default=_NONE, comment="that everybody is judged by anew"),
        Column("made", Integer, nullable=False, server_default=_NONE, comment="that everybody was judged by last"),
        Column("shop", SmallInteger, nullable=False),
        Column("id", _ID, nullable=False),
        Column("title", Text, nullable=False),
        Column("draft", JSONB, nullable=False, comment="the condition as it would be published"),
        PrimaryKeyConstraint("shop", "id", name="pk_segment"),
        info={"api": "SELECT, INSERT", "api_changes": ("title", "draft", "changed_at", "version")},
    )
    Index("ix_segment_to_make", segment.c.changed_at, postgresql_where=text("made < version"))
    Table(
        "segment_version",
        metadata,
        Column("published_at", DateTime(timezone=True), nullable=False),
        Column("version", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("segment", _ID, nullable=False),
        Column("title", Text, nullable=False),
        Column("author", Text, nullable=False),
        Column("condition", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "segment", "version", name="pk_segment_version"),
        info={"api": "SELECT, INSERT"},
    )
    member = Table(
        "segment_member",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="whom the person is counted as"),
        Column("since", DateTime(timezone=True), nullable=False),
        Column("version", Integer, nullable=False, comment="by which they entered"),
        Column("shop", SmallInteger, nullable=False),
        Column("segment", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "segment", "customer", name="pk_segment_member"),
    )
    Index("ix_segment_member_customer", member.c.shop, member.c.customer)
