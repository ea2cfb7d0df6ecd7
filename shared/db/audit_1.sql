-- Who read personal data and who wrote what, and when keys were last used. Frozen: a later change is a new file.

CREATE TABLE audit_entry (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    shop smallint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    request_id text NOT NULL,
    outcome text NOT NULL,
    CONSTRAINT pk_audit_entry PRIMARY KEY (shop, id),
    CONSTRAINT ck_audit_entry_outcome CHECK (outcome IN ('done', 'refused', 'failed'))
);

CREATE INDEX ix_audit_entry_subject ON audit_entry (shop, subject, id);
CREATE INDEX ix_audit_entry_at ON audit_entry (at);

-- Entries are added, and go when they are old; 30 days is the least that the setting allows.
-- (Statements end with a semicolon at the end of a line, so the body of the function stands on one.)
CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF TG_OP = 'DELETE' THEN IF OLD.at < now() - interval '30 days' THEN RETURN OLD; END IF; END IF; RAISE EXCEPTION
    'the audit log is append-only' USING ERRCODE = 'insufficient_privilege'; END
$$;

CREATE TRIGGER audit_entry_kept BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION keep_audit();
CREATE TRIGGER audit_entry_not_emptied BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();

CREATE TABLE api_key_use (
    shop smallint NOT NULL,
    key_id text NOT NULL,
    used_at timestamptz NOT NULL,
    CONSTRAINT pk_api_key_use PRIMARY KEY (shop, key_id)
) WITH (fillfactor = 70);
