"""Rewards that were granted end, and are announced, in the day's turn of their customers: one timer for each customer.

Revision 0009, after 0008.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A customer as timers name them: 13 digits of base 32.
_NAME = """(
    SELECT string_agg(substr('0123456789abcdefghijklmnopqrstuv', ((r.customer >> (60 - 5 * n)) & 31)::int + 1, 1), ''
        ORDER BY n)
    FROM generate_series(0, 12) AS n
)"""
# Day 0 has been: the turn looks at them, and finds out the day itself.
_UP = (
    "ALTER TABLE redemption ADD COLUMN due_day integer",
    "COMMENT ON COLUMN redemption.due_day IS 'of the shop, that has word of its end, or its end; null: none'",
    "UPDATE redemption SET due_day = 0 WHERE state = 2 AND ends_at IS NOT NULL",
    "CREATE INDEX ix_redemption_due ON redemption (shop, due_day) WHERE due_day IS NOT NULL",
    f"""
INSERT INTO timer AS t (shop, kind, identity, due, partition)
SELECT w.shop, 'points', w.name, w.due, w.partition
FROM (
    SELECT DISTINCT ON (r.shop, r.customer) r.shop, {_NAME} AS name, o.due, o.partition
    FROM timer o JOIN redemption r ON r.shop = o.shop AND r.id = o.identity
    WHERE o.kind = 'reward_expiry' ORDER BY r.shop, r.customer, o.due
) AS w
ON CONFLICT (shop, kind, identity) DO UPDATE SET due = excluded.due WHERE t.due > excluded.due
""",  # noqa: S608 - text of our own
    "DELETE FROM timer WHERE kind = 'reward_expiry'",
)
_DOWN = (
    """
INSERT INTO timer (shop, kind, identity, due, partition)
SELECT r.shop, 'reward_expiry', r.id, now(),
    CASE s.settings ->> 'clock' WHEN 'stream' THEN -(r.shop * 4096) - 1 ELSE 0 END
FROM redemption r JOIN shop s ON s.number = r.shop WHERE r.due_day IS NOT NULL
""",
    "ALTER TABLE redemption DROP COLUMN due_day",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWN:
        op.execute(statement)
