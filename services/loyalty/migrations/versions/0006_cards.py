"""Cards, and tokens of bank cards.

Revision 0006, after 0005.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLES = {
    "card": """
        customer bigint NOT NULL,
        issued_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        shop smallint NOT NULL,
        kind smallint NOT NULL,
        state smallint NOT NULL,
        number text COLLATE "C" NOT NULL,
        replaced_by text COLLATE "C" NOT NULL,
        CONSTRAINT pk_card PRIMARY KEY (shop, number)
    """,
    "bank_card": """
        customer bigint NOT NULL,
        linked_at timestamptz NOT NULL,
        shop smallint NOT NULL,
        token bytea NOT NULL,
        CONSTRAINT pk_bank_card PRIMARY KEY (shop, token)
    """,
}
_INDEXES = (
    "CREATE INDEX ix_card_customer ON card (shop, customer)",
    "CREATE INDEX ix_bank_card_customer ON bank_card (shop, customer)",
)
_COMMENTS = {
    "card.customer": "the identity that it was issued to",
    "card.kind": "1 digital, 2 physical",
    "card.state": "1 active, 2 blocked, 3 replaced",
    "card.number": "16 digits, the last of which checks",
    "card.replaced_by": "empty: by none",
    "bank_card.customer": "the identity that it was linked to",
    "bank_card.token": "hash of the payment provider's token; never a number",
}


def upgrade() -> None:
    for name, columns in _TABLES.items():
        op.execute(f"CREATE TABLE {name} ({columns})")
    for statement in _INDEXES:
        op.execute(statement)
    for column, comment in _COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN {column} IS '{comment.replace(chr(39), chr(39) * 2)}'")


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.execute(f"DROP TABLE {name}")
