-- A rollout: its plan, which never changes, and what is decided about the rollout as a whole.
CREATE TABLE rollouts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL UNIQUE,
    plan_hash     TEXT    NOT NULL,
    plan          BLOB    NOT NULL,
    control       BLOB    NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    apps          INTEGER NOT NULL,
    complete      INTEGER NOT NULL DEFAULT 0, -- 1 once every app has its row
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    lease_owner   TEXT,
    lease_fence   INTEGER NOT NULL DEFAULT 0,
    lease_until   INTEGER,
    lease_session INTEGER
) STRICT;

-- An app of a rollout: what it waits for, and until when. due_at is NULL while it waits for somebody else.
CREATE TABLE rollout_apps (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    rollout  INTEGER NOT NULL,
    vendor   TEXT    NOT NULL,
    app      TEXT    NOT NULL,
    wave     INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    phase    TEXT    NOT NULL,
    state    BLOB    NOT NULL,
    version  INTEGER NOT NULL DEFAULT 1,
    due_at   INTEGER,
    ended    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (rollout, vendor, app)
) STRICT;
CREATE INDEX rollout_apps_due ON rollout_apps (rollout, vendor, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX rollout_apps_active ON rollout_apps (vendor, app) WHERE ended = 0;

-- The evidence, which is only added to. app is '' for what concerns the rollout as a whole; seq is the number of the
-- entry among those of its app.
CREATE TABLE rollout_ledger (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    rollout INTEGER NOT NULL,
    vendor  TEXT    NOT NULL,
    app     TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    entry   BLOB    NOT NULL,
    UNIQUE (rollout, vendor, app, seq)
) STRICT;

-- What other processes want of a rollout or of one of its apps, until the driver has acted on it.
CREATE TABLE rollout_signals (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    rollout INTEGER NOT NULL,
    vendor  TEXT    NOT NULL,
    app     TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    signal  BLOB    NOT NULL
) STRICT;
CREATE INDEX rollout_signals_waiting ON rollout_signals (rollout, id);
