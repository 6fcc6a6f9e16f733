-- Which store this is, how many groups of writes it has seen, and the session of the daemon that owns it.
CREATE TABLE store (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    identity TEXT    NOT NULL,
    commits  INTEGER NOT NULL,
    session  INTEGER NOT NULL,
    process  INTEGER NOT NULL
) STRICT;
INSERT INTO store (id, identity, commits, session, process)
SELECT 1, lower(hex(randomblob(16))), 0, fence, process FROM owner WHERE id = 1;
DROP TABLE owner;

-- The daemon's session that holds a lease or a claim; NULL for those of commands.
ALTER TABLE tokens ADD COLUMN lease_session INTEGER;
ALTER TABLE events ADD COLUMN claim_session INTEGER;
