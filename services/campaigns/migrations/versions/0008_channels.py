"""Text messages, push, webhooks, tasks of staff, and tests of templates.

Revision 0008, after 0007.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UP = (
    """
    ALTER TABLE message
        ADD COLUMN segments integer,
        ADD COLUMN test boolean NOT NULL DEFAULT false,
        ADD COLUMN test_to text,
        ADD COLUMN reference text COLLATE "C"
    """,
    "CREATE INDEX ix_message_reference ON message (reference) WHERE reference IS NOT NULL",
    "CREATE INDEX ix_message_campaign ON message (shop, campaign, ended_at)",
    "COMMENT ON COLUMN message.segments IS 'of a text message: how many are paid for'",
    "COMMENT ON COLUMN message.test IS 'counts nowhere'",
    "COMMENT ON COLUMN message.test_to IS 'whom of the staff a test goes to; null once it has ended'",
    "COMMENT ON COLUMN message.reference IS 'by which the provider names it'",
    """
    CREATE TABLE browser (
        customer bigint NOT NULL,
        added_at timestamptz NOT NULL,
        shop smallint NOT NULL,
        id bytea NOT NULL,
        endpoint text NOT NULL,
        key bytea NOT NULL,
        auth bytea NOT NULL,
        CONSTRAINT pk_browser PRIMARY KEY (shop, id)
    )
    """,
    "CREATE INDEX ix_browser_customer ON browser (shop, customer)",
    "COMMENT ON COLUMN browser.customer IS 'the identity that registered it'",
    "COMMENT ON COLUMN browser.id IS 'SHA-256 of the address'",
    "COMMENT ON COLUMN browser.endpoint IS 'of the push service, for this browser alone'",
    """
    CREATE TABLE webhook_endpoint (
        set_at timestamptz NOT NULL,
        rotated_at timestamptz,
        previous_until timestamptz,
        gone_at timestamptz,
        shop smallint NOT NULL,
        url text NOT NULL,
        secret bytea NOT NULL,
        previous_secret bytea,
        CONSTRAINT pk_webhook_endpoint PRIMARY KEY (shop)
    )
    """,
    "COMMENT ON COLUMN webhook_endpoint.previous_until IS 'until then it is signed with both secrets'",
    "COMMENT ON COLUMN webhook_endpoint.gone_at IS 'it answered that it wants no more; nothing is sent'",
    "COMMENT ON COLUMN webhook_endpoint.secret IS 'encrypted, bound to the shop'",
    "COMMENT ON COLUMN webhook_endpoint.previous_secret IS 'likewise'",
    """
    CREATE TABLE task (
        customer bigint NOT NULL,
        due timestamptz NOT NULL,
        opened_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        shop smallint NOT NULL,
        state smallint NOT NULL,
        id text COLLATE "C" NOT NULL,
        campaign text NOT NULL,
        step text NOT NULL,
        occasion text NOT NULL,
        locale text NOT NULL,
        via text NOT NULL,
        owner text COLLATE "C" NOT NULL,
        title text NOT NULL,
        note text NOT NULL,
        outcome text NOT NULL DEFAULT '',
        free_text text NOT NULL DEFAULT '',
        CONSTRAINT pk_task PRIMARY KEY (shop, id)
    )
    """,
    "CREATE INDEX ix_task_due ON task (shop, state, due, id)",
    "CREATE INDEX ix_task_customer ON task (shop, customer)",
    "COMMENT ON COLUMN task.customer IS 'the identity that it is about'",
    "COMMENT ON COLUMN task.state IS 'as tasks.domain.State'",
    "COMMENT ON COLUMN task.id IS 'of the message that it was planned as'",
    "COMMENT ON COLUMN task.via IS 'phone, post or empty'",
    "COMMENT ON COLUMN task.owner IS 'empty: nobody'",
    "COMMENT ON COLUMN task.title IS 'emptied by an erasure, as the note and what staff wrote'",
    "COMMENT ON COLUMN task.free_text IS 'what staff wrote'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE browser, webhook_endpoint, task")
    op.execute("ALTER TABLE message DROP COLUMN segments, DROP COLUMN test, DROP COLUMN test_to, DROP COLUMN reference")
    op.execute("DROP INDEX ix_message_campaign")
