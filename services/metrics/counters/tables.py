"""The counter table, and what each generation of counters was built with."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

_BUILDING = "counted beside the live one, to take its place"


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    Table(
        "counter",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("generation", SmallInteger, nullable=False),
        Column("basis", SmallInteger, nullable=False, comment="0 restated, 1 booked"),
        Column("measure", SmallInteger, nullable=False),
        Column("param", Integer, nullable=False, comment="window, days or cohort month, as the measure says"),
        Column("gap", Integer, nullable=False),
        Column("day", Integer, nullable=False),
        Column("currency", Text(collation="C"), nullable=False),
        Column("shard", SmallInteger, nullable=False, comment="writers of different partitions differ; readers add up"),
        Column("value", BigInteger, nullable=False),
        PrimaryKeyConstraint(
            "shop", "generation", "basis", "measure", "param", "currency", "day", "gap", "shard", name="pk_counter"
        ),
        # What is folded stays for ever, in a partition of its own (counter_folded): each step of folding would look
        # through all of it for what is not (counter_open). An index of that would be written with each new counter.
        postgresql_partition_by="LIST (shard)",
    )
    # Settings at the time when a generation's counters began. Counters follow these and not the shop's newest
    # settings, until a generation with the newer ones is built: a window added today has no counters of yesterday.
    Table(
        "generation",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("number", SmallInteger, nullable=False),
        Column("live", Boolean, nullable=False),
        Column("zone", Text, nullable=False),
        Column("calendar", Text, nullable=False),
        Column("windows", ARRAY(Integer), nullable=False),
        Column("loyal_over", Integer, nullable=False),
        Column("periods", ARRAY(Integer), nullable=False, server_default=text("'{30}'")),
        Column("closing_days", Integer, nullable=False, server_default=text("3")),
        Column("lifecycle", JSONB, nullable=False, server_default=text("'{}'"), comment="settings of stages"),
        Column("building", Boolean, nullable=False, server_default=text("false"), comment=_BUILDING),
        PrimaryKeyConstraint("shop", "number", name="pk_generation"),
    )
