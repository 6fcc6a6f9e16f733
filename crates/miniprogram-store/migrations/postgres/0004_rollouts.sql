-- A rollout: its plan, which never changes, and what is decided about the rollout as a whole.
CREATE TABLE rollouts (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL UNIQUE,
    plan_hash     TEXT COLLATE "C" NOT NULL,
    plan          BYTEA NOT NULL,
    control       BYTEA NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1,
    apps          BIGINT NOT NULL,
    complete      BIGINT NOT NULL DEFAULT 0, -- 1 once every app has its row
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    ended_at      BIGINT,
    lease_owner   TEXT COLLATE "C",
    lease_fence   BIGINT NOT NULL DEFAULT 0,
    lease_until   BIGINT
);

-- An app of a rollout: what it waits for, and until when. due_at is NULL while it waits for somebody else.
CREATE TABLE rollout_apps (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rollout  BIGINT NOT NULL,
    vendor   TEXT COLLATE "C" NOT NULL,
    app      TEXT COLLATE "C" NOT NULL,
    wave     BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    phase    TEXT COLLATE "C" NOT NULL,
    state    BYTEA NOT NULL,
    version  BIGINT NOT NULL DEFAULT 1,
    due_at   BIGINT,
    ended    BIGINT NOT NULL DEFAULT 0,
    UNIQUE (rollout, vendor, app)
);
CREATE INDEX rollout_apps_due ON rollout_apps (rollout, vendor, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX rollout_apps_active ON rollout_apps (vendor, app) WHERE ended = 0;

-- The evidence, which is only added to. app is '' for what concerns the rollout as a whole; seq is the number of the
-- entry among those of its app.
CREATE TABLE rollout_ledger (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rollout BIGINT NOT NULL,
    vendor  TEXT COLLATE "C" NOT NULL,
    app     TEXT COLLATE "C" NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    entry   BYTEA NOT NULL,
    UNIQUE (rollout, vendor, app, seq)
);

-- What other processes want of a rollout or of one of its apps, until the driver has acted on it.
CREATE TABLE rollout_signals (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rollout BIGINT NOT NULL,
    vendor  TEXT COLLATE "C" NOT NULL,
    app     TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    signal  BYTEA NOT NULL
);
CREATE INDEX rollout_signals_waiting ON rollout_signals (rollout, id);

CREATE FUNCTION verify_rollout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.plan IS DISTINCT FROM OLD.plan AND NOT miniprogram.is_sealed_well(NEW.plan) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    IF NEW.control IS DISTINCT FROM OLD.control AND NOT miniprogram.is_sealed_well(NEW.control) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verify_sealed BEFORE INSERT OR UPDATE OF plan, control ON rollouts
    FOR EACH ROW EXECUTE FUNCTION verify_rollout();

CREATE FUNCTION verify_rollout_app() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IS DISTINCT FROM OLD.state AND NOT miniprogram.is_sealed_well(NEW.state) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verify_sealed BEFORE INSERT OR UPDATE OF state ON rollout_apps
    FOR EACH ROW EXECUTE FUNCTION verify_rollout_app();

CREATE FUNCTION verify_rollout_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.entry IS DISTINCT FROM OLD.entry AND NOT miniprogram.is_sealed_well(NEW.entry) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verify_sealed BEFORE INSERT OR UPDATE OF entry ON rollout_ledger
    FOR EACH ROW EXECUTE FUNCTION verify_rollout_entry();

CREATE FUNCTION verify_rollout_signal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.signal IS DISTINCT FROM OLD.signal AND NOT miniprogram.is_sealed_well(NEW.signal) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verify_sealed BEFORE INSERT OR UPDATE OF signal ON rollout_signals
    FOR EACH ROW EXECUTE FUNCTION verify_rollout_signal();
