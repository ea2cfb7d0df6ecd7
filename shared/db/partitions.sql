-- Partitions of processed ids, made and dropped on demand by workers, whose role owns nothing. Both functions run as
-- the owner of the schema, with a search path of their own, and touch partitions of this one table only.

CREATE OR REPLACE FUNCTION add_processed_partition(name text, first int, past int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = "{schema}", pg_temp AS $$
BEGIN
    IF name !~ '^processed_event_[a-z0-9_]{1,20}$' OR first >= past THEN
        RAISE EXCEPTION 'not a partition of processed ids: %', name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Made apart and then attached: ATTACH does not stop those who read and write the other partitions.
    EXECUTE format('CREATE TABLE %I (LIKE processed_event INCLUDING ALL)', name);
    -- Without a policy: who is bound by policies reaches rows through the parent or not at all.
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE processed_event ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, first, past);
END
$$;

CREATE OR REPLACE FUNCTION drop_processed_partition(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = "{schema}", pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'processed_event'::regclass AND c.relname = name AND c.relnamespace = '"{schema}"'::regnamespace
    ) THEN
        EXECUTE format('DROP TABLE %I', name);
    END IF;
END
$$;
