-- Tables of the runtime, second version. Frozen: a later change is a new file and a new migration in each service.

-- When ids of a month of event days were last asked for (see shared.db.partitions). Days are ordinals of Python's date.
CREATE TABLE processed_month (
    first int NOT NULL,
    taken_on int NOT NULL,
    CONSTRAINT pk_processed_month PRIMARY KEY (first)
) WITH (fillfactor = 50);

COMMENT ON COLUMN processed_month.taken_on IS 'the day on which ids of this month were last asked for';

-- Of months that are there nothing is known: as if asked for today. 719163 is the ordinal of 1970-01-01.
INSERT INTO processed_month (first, taken_on)
SELECT CASE WHEN suffix = 'early' THEN 0 ELSE to_date(suffix, 'YYYY_MM') - date '1970-01-01' + 719163 END,
       current_date - date '1970-01-01' + 719163
FROM (
    SELECT replace(c.relname, 'processed_event_', '') AS suffix
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'processed_event'::regclass
) AS months;
