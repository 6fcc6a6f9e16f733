-- Times are milliseconds since the Unix epoch. BLOB columns hold values in the sealed form (src/keys.rs).
PRAGMA application_id = 1297109844; -- "MPST"

CREATE TABLE owner (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    fence   INTEGER NOT NULL,
    process INTEGER NOT NULL
) STRICT;
INSERT INTO owner (id, fence, process) VALUES (1, 0, 0);

CREATE TABLE tickets (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    vendor      TEXT    NOT NULL,
    platform    TEXT    NOT NULL,
    ticket      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    UNIQUE (vendor, platform)
) STRICT;

-- app is '' where the scope has none.
CREATE TABLE tokens (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    vendor           TEXT    NOT NULL,
    platform         TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    app              TEXT    NOT NULL,
    access           BLOB,
    issued_at        INTEGER,
    expires_at       INTEGER,
    refused          INTEGER NOT NULL DEFAULT 0,
    refresh          BLOB,
    previous_refresh BLOB,
    generation       INTEGER NOT NULL DEFAULT 0,
    state            TEXT    NOT NULL DEFAULT 'active',
    granted_at       INTEGER,
    original_id      TEXT,
    lease_owner      TEXT,
    lease_fence      INTEGER NOT NULL DEFAULT 0,
    lease_until      INTEGER,
    lease_revoked    INTEGER NOT NULL DEFAULT 0,
    updated_at       INTEGER NOT NULL,
    UNIQUE (vendor, platform, kind, app)
) STRICT;
CREATE UNIQUE INDEX tokens_original_id ON tokens (vendor, platform, original_id) WHERE original_id IS NOT NULL;

CREATE TABLE intents (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    vendor     TEXT    NOT NULL,
    platform   TEXT    NOT NULL,
    app        TEXT    NOT NULL,
    operation  TEXT    NOT NULL,
    attempt    INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    effect     BLOB,
    outcome    TEXT,
    evidence   TEXT,
    value      BLOB,
    closed_at  INTEGER
) STRICT;
CREATE UNIQUE INDEX intents_open ON intents (vendor, platform, app) WHERE closed_at IS NULL;

-- app is '' for events of the platform itself.
CREATE TABLE events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    vendor      TEXT    NOT NULL,
    platform    TEXT    NOT NULL,
    app         TEXT    NOT NULL,
    identity    TEXT    NOT NULL UNIQUE,
    kind        TEXT    NOT NULL,
    event       BLOB    NOT NULL,
    received_at INTEGER NOT NULL,
    deliveries  INTEGER NOT NULL DEFAULT 1,
    state       TEXT    NOT NULL DEFAULT 'pending',
    bound       INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,
    last_error  TEXT,
    finished_at INTEGER,
    claim_owner TEXT,
    claim_fence INTEGER NOT NULL DEFAULT 0,
    claim_until INTEGER
) STRICT;
CREATE INDEX events_pending ON events (vendor, platform, app, id) WHERE state = 'pending';
CREATE INDEX events_done ON events (finished_at) WHERE state = 'done';
CREATE INDEX events_dead ON events (id) WHERE state = 'dead';

-- One row per platform and app: the event that is next (head), and when it is due or its claim runs out (ready_at).
CREATE TABLE lanes (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    vendor   TEXT    NOT NULL,
    platform TEXT    NOT NULL,
    app      TEXT    NOT NULL,
    head     INTEGER,
    ready_at INTEGER NOT NULL,
    UNIQUE (vendor, platform, app)
) STRICT;
CREATE INDEX lanes_ready ON lanes (ready_at) WHERE head IS NOT NULL;
