-- Times are milliseconds since the Unix epoch. BYTEA columns hold values in the sealed form (src/keys.rs).
CREATE TABLE tickets (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor      TEXT COLLATE "C" NOT NULL,
    platform    TEXT COLLATE "C" NOT NULL,
    ticket      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    UNIQUE (vendor, platform)
);

-- app is '' where the scope has none.
CREATE TABLE tokens (
    id               BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor           TEXT COLLATE "C" NOT NULL,
    platform         TEXT COLLATE "C" NOT NULL,
    kind             TEXT COLLATE "C" NOT NULL,
    app              TEXT COLLATE "C" NOT NULL,
    access           BYTEA,
    issued_at        BIGINT,
    expires_at       BIGINT,
    refused          BIGINT NOT NULL DEFAULT 0,
    refresh          BYTEA,
    previous_refresh BYTEA,
    generation       BIGINT NOT NULL DEFAULT 0,
    state            TEXT COLLATE "C" NOT NULL DEFAULT 'active',
    granted_at       BIGINT,
    original_id      TEXT COLLATE "C",
    lease_owner      TEXT COLLATE "C",
    lease_fence      BIGINT NOT NULL DEFAULT 0,
    lease_until      BIGINT,
    lease_revoked    BIGINT NOT NULL DEFAULT 0,
    updated_at       BIGINT NOT NULL,
    UNIQUE (vendor, platform, kind, app)
);
CREATE UNIQUE INDEX tokens_original_id ON tokens (vendor, platform, original_id) WHERE original_id IS NOT NULL;

CREATE TABLE intents (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor     TEXT COLLATE "C" NOT NULL,
    platform   TEXT COLLATE "C" NOT NULL,
    app        TEXT COLLATE "C" NOT NULL,
    operation  TEXT COLLATE "C" NOT NULL,
    attempt    BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    effect     BYTEA,
    outcome    TEXT COLLATE "C",
    evidence   TEXT COLLATE "C",
    value      BYTEA,
    closed_at  BIGINT
);
CREATE UNIQUE INDEX intents_open ON intents (vendor, platform, app) WHERE closed_at IS NULL;

-- app is '' for events of the platform itself.
CREATE TABLE events (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor      TEXT COLLATE "C" NOT NULL,
    platform    TEXT COLLATE "C" NOT NULL,
    app         TEXT COLLATE "C" NOT NULL,
    identity    TEXT COLLATE "C" NOT NULL UNIQUE,
    kind        TEXT COLLATE "C" NOT NULL,
    event       BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    deliveries  BIGINT NOT NULL DEFAULT 1,
    state       TEXT COLLATE "C" NOT NULL DEFAULT 'pending',
    bound       BIGINT NOT NULL,
    attempts    BIGINT NOT NULL DEFAULT 0,
    due_at      BIGINT NOT NULL,
    last_error  TEXT COLLATE "C",
    finished_at BIGINT,
    claim_owner TEXT COLLATE "C",
    claim_fence BIGINT NOT NULL DEFAULT 0,
    claim_until BIGINT
);
CREATE INDEX events_pending ON events (vendor, platform, app, id) WHERE state = 'pending';
CREATE INDEX events_done ON events (finished_at) WHERE state = 'done';
CREATE INDEX events_dead ON events (id) WHERE state = 'dead';

-- One row per platform and app: the event that is next (head), and when it is due or its claim runs out (ready_at).
CREATE TABLE lanes (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor   TEXT COLLATE "C" NOT NULL,
    platform TEXT COLLATE "C" NOT NULL,
    app      TEXT COLLATE "C" NOT NULL,
    head     BIGINT,
    ready_at BIGINT NOT NULL,
    UNIQUE (vendor, platform, app)
);
CREATE INDEX lanes_ready ON lanes (ready_at) WHERE head IS NOT NULL;
