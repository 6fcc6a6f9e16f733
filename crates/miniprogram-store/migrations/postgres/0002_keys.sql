-- The keys that seal the values of this store; none if it was never sealed. `proof` is a text that is sealed with the key.
-- It is NULL for a key that is known by its values alone, until somebody who has the key opens the store.
CREATE TABLE keys (
    id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id TEXT COLLATE "C" NOT NULL UNIQUE,
    state  TEXT COLLATE "C" NOT NULL, -- active: seals; replaced: opens what is left; retired: nothing is left
    proof  BYTEA
);

-- A store that is sealed takes no value in the open, and none that is sealed with a key that is not active. Whoever
-- changes `keys` locks the table first: it waits for every transaction that has asked here, and holds up the next ones.
-- The function has to stay volatile: it must see what was committed while it waited.
CREATE FUNCTION is_sealed_well(stored BYTEA) RETURNS BOOLEAN LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF stored IS NULL OR octet_length(stored) = 0 THEN
        RETURN TRUE;
    ELSIF get_byte(stored, 0) = 1 THEN
        RETURN EXISTS (
            SELECT FROM miniprogram.keys
            WHERE key_id = encode(substr(stored, 2, 8), 'hex') AND state = 'active'
        );
    ELSE
        RETURN get_byte(stored, 0) <> 0 OR NOT EXISTS (SELECT FROM miniprogram.keys);
    END IF;
END $$;

CREATE FUNCTION refuse_value() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'MPKEY', MESSAGE = COALESCE(
        (SELECT string_agg(key_id, ', ' ORDER BY id) FROM miniprogram.keys WHERE state = 'active'), '');
END $$;

-- What a row had before is not compared: a value is sealed again while others of its row wait for that.
CREATE FUNCTION verify_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ticket IS DISTINCT FROM OLD.ticket AND NOT miniprogram.is_sealed_well(NEW.ticket) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verify_sealed BEFORE INSERT OR UPDATE OF ticket ON tickets
    FOR EACH ROW EXECUTE FUNCTION verify_ticket();

CREATE FUNCTION verify_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.access IS DISTINCT FROM OLD.access AND NOT miniprogram.is_sealed_well(NEW.access) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    IF NEW.refresh IS DISTINCT FROM OLD.refresh AND NOT miniprogram.is_sealed_well(NEW.refresh) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    IF NEW.previous_refresh IS DISTINCT FROM OLD.previous_refresh AND NOT miniprogram.is_sealed_well(NEW.previous_refresh) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verify_sealed BEFORE INSERT OR UPDATE OF access, refresh, previous_refresh ON tokens
    FOR EACH ROW EXECUTE FUNCTION verify_token();

CREATE FUNCTION verify_intent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.effect IS DISTINCT FROM OLD.effect AND NOT miniprogram.is_sealed_well(NEW.effect) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    IF NEW.value IS DISTINCT FROM OLD.value AND NOT miniprogram.is_sealed_well(NEW.value) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verify_sealed BEFORE INSERT OR UPDATE OF effect, value ON intents
    FOR EACH ROW EXECUTE FUNCTION verify_intent();

CREATE FUNCTION verify_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event IS DISTINCT FROM OLD.event AND NOT miniprogram.is_sealed_well(NEW.event) THEN
        PERFORM miniprogram.refuse_value();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verify_sealed BEFORE INSERT OR UPDATE OF event ON events
    FOR EACH ROW EXECUTE FUNCTION verify_event();

-- After the triggers, which have waited for every write that was under way.
INSERT INTO keys (key_id, state)
SELECT DISTINCT encode(substr(stored, 2, 8), 'hex'), 'active' FROM (
    SELECT ticket AS stored FROM tickets
    UNION ALL SELECT access FROM tokens
    UNION ALL SELECT refresh FROM tokens
    UNION ALL SELECT previous_refresh FROM tokens
    UNION ALL SELECT effect FROM intents
    UNION ALL SELECT value FROM intents
    UNION ALL SELECT event FROM events
) AS sealed WHERE substr(stored, 1, 1) = '\x01' AND octet_length(stored) >= 9;
