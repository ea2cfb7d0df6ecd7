-- Tables of the runtime, first version. Frozen: a later change is a new file and a new migration in each service.

CREATE TABLE consumer_offset (
    grp text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    next bigint NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    cluster_id text NOT NULL,
    topic_id text NOT NULL DEFAULT '',
    CONSTRAINT pk_consumer_offset PRIMARY KEY (grp, topic, partition)
) WITH (fillfactor = 50);

-- A month of event days is one partition, made when its first event comes (see shared.db.partitions).
CREATE TABLE processed_event (
    day int NOT NULL,
    shop smallint NOT NULL,
    id uuid NOT NULL,
    content bigint NOT NULL,
    CONSTRAINT pk_processed_event PRIMARY KEY (day, shop, id)
) PARTITION BY RANGE (day);

-- The identity is uncached: its order within one key is the order in which writers held that key.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) NOT NULL,
    shard smallint NOT NULL,
    topic text NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_outbox PRIMARY KEY (shard, id)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0.0, autovacuum_vacuum_insert_threshold = 50000,
        autovacuum_vacuum_cost_delay = 0);

CREATE TABLE outbox_key (
    shop smallint NOT NULL,
    key bytea NOT NULL,
    sequence bigint NOT NULL,
    CONSTRAINT pk_outbox_key PRIMARY KEY (shop, key)
) WITH (fillfactor = 80);

CREATE TABLE timer (
    shop smallint NOT NULL,
    kind text NOT NULL,
    identity text NOT NULL,
    due timestamptz NOT NULL,
    partition int NOT NULL,
    CONSTRAINT pk_timer PRIMARY KEY (shop, kind, identity)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0.0, autovacuum_vacuum_insert_threshold = 50000,
        autovacuum_vacuum_cost_delay = 0);

CREATE INDEX ix_timer_due ON timer (partition, due);

CREATE TABLE dead_letter (
    id uuid NOT NULL,
    shop smallint NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    handler text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    body bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'held',
    attempt int NOT NULL DEFAULT 0,
    CONSTRAINT pk_dead_letter PRIMARY KEY (id),
    CONSTRAINT ck_dead_letter_state CHECK (state IN ('held', 'requested', 'replayed'))
);

CREATE INDEX ix_dead_letter_requested ON dead_letter (topic, partition) WHERE state = 'requested';
CREATE INDEX ix_dead_letter_recorded_at ON dead_letter (recorded_at);

CREATE TABLE shop (
    number smallint NOT NULL,
    slug text NOT NULL,
    settings jsonb NOT NULL,
    version bigint NOT NULL,
    sequence bigint NOT NULL DEFAULT 0,
    CONSTRAINT pk_shop PRIMARY KEY (number),
    CONSTRAINT uq_shop_slug UNIQUE (slug)
);

CREATE TABLE api_key (
    key_id text NOT NULL,
    shop smallint NOT NULL,
    sha256 text NOT NULL,
    scopes text[] NOT NULL,
    name text NOT NULL DEFAULT '',
    expires_at timestamptz,
    revoked_at timestamptz,
    sequence bigint NOT NULL DEFAULT 0,
    CONSTRAINT pk_api_key PRIMARY KEY (key_id),
    CONSTRAINT uq_api_key_sha256 UNIQUE (sha256)
);
