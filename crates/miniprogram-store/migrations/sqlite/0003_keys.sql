-- The keys that seal the values of this store; none if it was never sealed. `proof` is a text that is sealed with the key.
-- It is NULL for a key that is known by its values alone, until somebody who has the key opens the store.
CREATE TABLE keys (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    key_id TEXT    NOT NULL UNIQUE,
    state  TEXT    NOT NULL, -- active: seals; replaced: opens what is left; retired: nothing is left
    proof  BLOB
) STRICT;

INSERT INTO keys (key_id, state)
SELECT DISTINCT lower(hex(substr(value, 2, 8))), 'active' FROM (
    SELECT ticket AS value FROM tickets
    UNION ALL SELECT access FROM tokens
    UNION ALL SELECT refresh FROM tokens
    UNION ALL SELECT previous_refresh FROM tokens
    UNION ALL SELECT effect FROM intents
    UNION ALL SELECT value FROM intents
    UNION ALL SELECT event FROM events
) WHERE substr(value, 1, 1) = x'01' AND length(value) >= 9;

-- Grows with every change of `keys`: each group of writes compares it.
ALTER TABLE store ADD COLUMN keys_generation INTEGER NOT NULL DEFAULT 0;
