"""The ledger of points: accounts, entries that stay as they are, lots, holds, sums, signed roots; clocks of shops.

Revision 0002, after 0001.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ACCOUNT = """
CREATE TABLE account (
    customer bigint NOT NULL,
    pending bigint NOT NULL DEFAULT 0,
    active bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0,
    owed bigint NOT NULL DEFAULT 0,
    told bigint NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 0,
    armed integer NOT NULL DEFAULT 2147483647,
    shop smallint NOT NULL,
    head bytea NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (shop, customer),
    CONSTRAINT ck_account_balances CHECK (pending >= 0 AND active >= 0 AND held >= 0 AND owed >= 0)
) WITH (fillfactor = 70)
"""
_ENTRY = """
CREATE TABLE entry (
    customer bigint NOT NULL,
    at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    lot bigint NOT NULL,
    n integer NOT NULL,
    transaction integer NOT NULL,
    day integer NOT NULL,
    points integer NOT NULL,
    expires_day integer NOT NULL,
    shop smallint NOT NULL,
    kind smallint NOT NULL,
    debit smallint NOT NULL,
    credit smallint NOT NULL,
    cause text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT pk_entry PRIMARY KEY (shop, customer, n),
    CONSTRAINT ck_entry_points CHECK (points BETWEEN 1 AND 1000000000)
)
"""
_LOT = """
CREATE TABLE lot (
    customer bigint NOT NULL,
    lot bigint NOT NULL,
    at timestamptz NOT NULL,
    earned integer NOT NULL DEFAULT 0,
    pending integer NOT NULL DEFAULT 0,
    remaining integer NOT NULL DEFAULT 0,
    held integer NOT NULL DEFAULT 0,
    spent integer NOT NULL DEFAULT 0,
    repaid integer NOT NULL DEFAULT 0,
    expired integer NOT NULL DEFAULT 0,
    reversed integer NOT NULL DEFAULT 0,
    adjusted integer NOT NULL DEFAULT 0,
    owed integer NOT NULL DEFAULT 0,
    forgiven integer NOT NULL DEFAULT 0,
    starts_day integer NOT NULL,
    expires_day integer NOT NULL,
    version integer NOT NULL,
    shop smallint NOT NULL,
    noticed smallint NOT NULL,
    source_kind smallint NOT NULL,
    source text COLLATE "C" NOT NULL,
    line text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    CONSTRAINT pk_lot PRIMARY KEY (shop, customer, lot),
    CONSTRAINT ck_lot_sum CHECK (earned = pending + remaining + held + spent + repaid + expired + reversed +
        adjusted),
    CONSTRAINT ck_lot_taken CHECK (reversed + owed + forgiven <= earned),
    CONSTRAINT ck_lot_amounts CHECK (least(earned, pending, remaining, held, spent, repaid, expired, reversed,
        adjusted, owed, forgiven) >= 0)
) WITH (fillfactor = 90)
"""
_HOLD = """
CREATE TABLE hold (
    customer bigint NOT NULL,
    until timestamptz,
    points integer NOT NULL,
    shop smallint NOT NULL,
    state smallint NOT NULL,
    hold text COLLATE "C" NOT NULL,
    CONSTRAINT pk_hold PRIMARY KEY (shop, hold),
    CONSTRAINT ck_hold_points CHECK (points BETWEEN 1 AND 1000000000)
)
"""
_HOLD_LOT = """
CREATE TABLE hold_lot (
    customer bigint NOT NULL,
    lot bigint NOT NULL,
    points integer NOT NULL,
    restored integer NOT NULL,
    place smallint NOT NULL,
    shop smallint NOT NULL,
    hold text COLLATE "C" NOT NULL,
    CONSTRAINT pk_hold_lot PRIMARY KEY (shop, hold, customer, lot),
    CONSTRAINT ck_hold_lot_points CHECK (points > 0 AND restored BETWEEN 0 AND points)
)
"""
_CONTRA = """
CREATE TABLE contra (
    points bigint NOT NULL,
    day integer NOT NULL,
    shop smallint NOT NULL,
    shard smallint NOT NULL,
    bucket smallint NOT NULL,
    CONSTRAINT pk_contra PRIMARY KEY (shop, bucket, day, shard)
) WITH (fillfactor = 50)
"""
_LEDGER_ROOT = """
CREATE TABLE ledger_root (
    cut timestamptz NOT NULL,
    accounts bigint NOT NULL,
    reached bigint NOT NULL,
    n integer NOT NULL,
    shop smallint NOT NULL,
    digest bytea NOT NULL,
    signature bytea,
    CONSTRAINT pk_ledger_root PRIMARY KEY (shop, n)
)
"""
_SHOP_CLOCK = """
CREATE TABLE shop_clock (
    shop smallint NOT NULL,
    partition integer NOT NULL,
    until timestamptz NOT NULL,
    origin text NOT NULL,
    CONSTRAINT pk_shop_clock PRIMARY KEY (shop, partition)
)
"""
# Entries are added and stay as they are, for whoever owns the table, too.
_KEEP = """
CREATE FUNCTION keep_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'insufficient_privilege'; END
$$
"""
_TRIGGERS = (
    "CREATE TRIGGER entry_kept BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION keep_entries()",
    "CREATE TRIGGER entry_not_emptied BEFORE TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION keep_entries()",
)
_COMMENTS = (
    "COMMENT ON COLUMN shop_clock.partition IS 'of orders.v1'",
    "COMMENT ON COLUMN shop_clock.until IS 'all events that occurred before have come'",
    "COMMENT ON COLUMN shop_clock.origin IS 'of the event that said so'",
    "COMMENT ON COLUMN account.customer IS 'an identity; a person may have several'",
    "COMMENT ON COLUMN account.owed IS 'a debt'",
    "COMMENT ON COLUMN account.told IS 'events of postings'",
    "COMMENT ON COLUMN account.version IS 'how many entries there are'",
    "COMMENT ON COLUMN account.armed IS 'day of the timer, or an earlier one'",
    "COMMENT ON COLUMN account.head IS 'hash of the last entry'",
    "COMMENT ON COLUMN entry.n IS 'numbers the account''s entries from 1 on'",
    "COMMENT ON COLUMN entry.transaction IS 'number of its first entry'",
    "COMMENT ON COLUMN entry.day IS 'the shop''s day that its clock had come to'",
    "COMMENT ON COLUMN entry.expires_day IS 'of the lot, once this was posted'",
    "COMMENT ON COLUMN entry.debit IS 'the bucket that points leave'",
    "COMMENT ON COLUMN entry.credit IS 'the bucket that they arrive in'",
    "COMMENT ON COLUMN entry.cause IS 'id of the event that had it done'",
    "COMMENT ON COLUMN entry.source IS 'the hold or correction, where it is one'",
    "COMMENT ON COLUMN entry.hash IS 'covers this entry and the one before'",
    "COMMENT ON COLUMN lot.lot IS 'a hash of what it was earned for: earned once for it'",
    "COMMENT ON COLUMN lot.starts_day IS 'pending until it begins; 2147483647: until told'",
    "COMMENT ON COLUMN lot.expires_day IS 'spent on days before; 2147483647: never expires'",
    "COMMENT ON COLUMN lot.version IS 'of the programme'",
    "COMMENT ON COLUMN lot.noticed IS 'shortest lead at which its expiry was announced'",
    "COMMENT ON COLUMN hold.customer IS 'who asked'",
    "COMMENT ON COLUMN hold.until IS 'null: spent at once'",
    "COMMENT ON COLUMN hold_lot.customer IS 'whose lot it is: another identity of the person, too'",
    "COMMENT ON COLUMN hold_lot.place IS 'in which order they were taken'",
    "COMMENT ON COLUMN contra.shard IS 'of the writer; added when read'",
    "COMMENT ON COLUMN ledger_root.cut IS 'covers what was booked before'",
    "COMMENT ON COLUMN ledger_root.reached IS 'the last customer that was added; while it is made'",
    "COMMENT ON COLUMN ledger_root.signature IS 'null: it is being made'",
)
_UP = (
    _ACCOUNT,
    _ENTRY,
    _LOT,
    _HOLD,
    _HOLD_LOT,
    _CONTRA,
    _LEDGER_ROOT,
    _SHOP_CLOCK,
    "CREATE INDEX ix_hold_customer ON hold (shop, customer)",
    "CREATE INDEX ix_hold_lot_customer ON hold_lot (shop, customer)",
    _KEEP,
    *_TRIGGERS,
    *_COMMENTS,
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE account, entry, lot, hold, hold_lot, contra, ledger_root, shop_clock")
    op.execute("DROP FUNCTION keep_entries()")
