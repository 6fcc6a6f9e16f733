-- What a group of writes does, with one call that is a transaction of its own.
--
-- Every function first locks the lanes that it changes, in the order of their keys, and then the events. What a lock
-- protects is read by a later statement, which sees what others have committed by then. A plan is kept for as long as
-- its connection, and must not be one for tables that were small when it was made: rows are found by an index alone.

-- Keeps new events, each identity once; copies tells how often it arrived, and told how often it was told until now.
-- The events of a lane get their ids while it is locked: in the order in which they are committed.
CREATE FUNCTION receive_events(
    vendors TEXT[], platforms TEXT[], apps TEXT[], identities TEXT[], kinds TEXT[], contents BYTEA[], times BIGINT[],
    bindings BIGINT[], copies BIGINT[]
) RETURNS TABLE (arrived TEXT, entry BIGINT, told BIGINT)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    -- An update that changes nothing is not made, but its row is locked.
    INSERT INTO lanes (vendor, platform, app, ready_at)
    SELECT new.vendor, new.platform, new.app, MIN(new.received_at)
    FROM UNNEST(vendors, platforms, apps, times) AS new (vendor, platform, app, received_at)
    GROUP BY new.vendor, new.platform, new.app
    ORDER BY new.vendor COLLATE "C", new.platform COLLATE "C", new.app COLLATE "C"
    ON CONFLICT (vendor, platform, app) DO UPDATE SET ready_at = lanes.ready_at WHERE FALSE;
    RETURN QUERY
    WITH kept AS (
        INSERT INTO events (vendor, platform, app, identity, kind, event, received_at, bound, due_at, deliveries)
        SELECT new.vendor, new.platform, new.app, new.identity, new.kind, new.event, new.received_at, new.bound,
               new.received_at, new.copies
        FROM UNNEST(vendors, platforms, apps, identities, kinds, contents, times, bindings, copies) WITH ORDINALITY
            AS new (vendor, platform, app, identity, kind, event, received_at, bound, copies, at)
        ORDER BY new.at
        ON CONFLICT (identity) DO UPDATE SET deliveries = events.deliveries + excluded.deliveries
        RETURNING id, vendor, platform, app, identity, received_at, deliveries, state
    ), heads AS (
        -- An event that was pending before has a lane with a head.
        UPDATE lanes SET head = first.id, ready_at = first.received_at
        FROM (
            SELECT DISTINCT ON (vendor, platform, app) vendor, platform, app, id, received_at FROM kept
            WHERE state = 'pending' ORDER BY vendor, platform, app, id
        ) AS first
        WHERE lanes.vendor = first.vendor AND lanes.platform = first.platform AND lanes.app = first.app
            AND lanes.head IS NULL
    )
    SELECT kept.identity, kept.id, kept.deliveries FROM kept;
END $$;

-- Claims the heads of the lanes that are due.
CREATE FUNCTION claim_events(claimer TEXT, present BIGINT, latest BIGINT, until BIGINT, most BIGINT)
RETURNS SETOF events
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    heads BIGINT[];
BEGIN
    WITH due AS MATERIALIZED (
        SELECT id FROM lanes WHERE head IS NOT NULL AND (ready_at <= present OR ready_at > latest)
        ORDER BY ready_at, id LIMIT most FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE lanes SET ready_at = until FROM due WHERE lanes.id = due.id RETURNING head
    )
    SELECT ARRAY_AGG(taken.head ORDER BY taken.head) INTO heads FROM taken;
    RETURN QUERY
    UPDATE events SET attempts = attempts + 1, claim_fence = claim_fence + 1, claim_owner = claimer,
        claim_until = until
    FROM UNNEST(heads) AS head (id) WHERE events.id = head.id RETURNING events.*;
END $$;

-- Gives claimed events back, at most one of a lane, and answers the places of those whose claim was still held. Where
-- there is a claimer, the lane's next event is claimed, if it is due.
CREATE FUNCTION give_back_events(
    vendors TEXT[], platforms TEXT[], apps TEXT[], entries BIGINT[], fences BIGINT[], states TEXT[], errors TEXT[],
    dues BIGINT[], finishes BIGINT[], uncounted BIGINT[], claimers TEXT[], presents BIGINT[], latests BIGINT[],
    untils BIGINT[]
) RETURNS TABLE (place BIGINT, next events)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    held BIGINT[];
BEGIN
    PERFORM lanes.id
    FROM UNNEST(vendors, platforms, apps) AS lane (vendor, platform, app)
    JOIN lanes ON lanes.vendor = lane.vendor AND lanes.platform = lane.platform AND lanes.app = lane.app
    ORDER BY lanes.vendor, lanes.platform, lanes.app FOR UPDATE OF lanes;
    WITH returned AS (
        UPDATE events SET state = claim.state, last_error = COALESCE(claim.error, events.last_error),
            due_at = COALESCE(claim.due_at, events.due_at), finished_at = claim.finished_at,
            attempts = events.attempts - claim.uncounted, claim_owner = NULL, claim_until = NULL
        FROM UNNEST(entries, fences, states, errors, dues, finishes, uncounted) WITH ORDINALITY
            AS claim (id, fence, state, error, due_at, finished_at, uncounted, place)
        WHERE events.id = claim.id AND events.claim_fence = claim.fence AND events.claim_until IS NOT NULL
        RETURNING claim.place
    )
    SELECT ARRAY_AGG(returned.place) INTO held FROM returned;
    RETURN QUERY
    WITH coming AS MATERIALIZED (
        SELECT lane.place, lane.claimer, lane.until, lanes.id AS lane, oldest.id AS event, oldest.due_at,
            lane.claimer IS NOT NULL AND (oldest.due_at <= lane.present OR oldest.due_at > lane.latest) AS claimed
        FROM UNNEST(vendors, platforms, apps, claimers, presents, latests, untils) WITH ORDINALITY
            AS lane (vendor, platform, app, claimer, present, latest, until, place)
        JOIN lanes ON lanes.vendor = lane.vendor AND lanes.platform = lane.platform AND lanes.app = lane.app
        LEFT JOIN LATERAL (
            SELECT id, due_at FROM events
            WHERE vendor = lanes.vendor AND platform = lanes.platform AND app = lanes.app AND state = 'pending'
            ORDER BY id LIMIT 1
        ) AS oldest ON TRUE
        WHERE lane.place = ANY (held)
    ), moved AS (
        UPDATE lanes SET head = coming.event,
            ready_at = COALESCE(CASE WHEN coming.claimed THEN coming.until ELSE coming.due_at END, lanes.ready_at)
        FROM coming WHERE lanes.id = coming.lane
    ), taken AS (
        UPDATE events SET attempts = attempts + 1, claim_fence = claim_fence + 1, claim_owner = coming.claimer,
            claim_until = coming.until
        FROM coming WHERE coming.claimed AND events.id = coming.event
        RETURNING coming.place, events AS next
    )
    SELECT back.place, taken.next FROM UNNEST(held) AS back (place) LEFT JOIN taken ON taken.place = back.place;
END $$;

-- Opens intents of apps that have no open one, under ids that were reserved. Answers the ids of those that were opened.
CREATE FUNCTION open_intents(
    ids BIGINT[], vendors TEXT[], platforms TEXT[], apps TEXT[], operations TEXT[], times BIGINT[], effects BYTEA[]
) RETURNS SETOF BIGINT
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    INSERT INTO intents (id, vendor, platform, app, operation, attempt, started_at, effect) OVERRIDING SYSTEM VALUE
    SELECT new.id, new.vendor, new.platform, new.app, new.operation, 1, new.started_at, new.effect
    FROM UNNEST(ids, vendors, platforms, apps, operations, times, effects)
        AS new (id, vendor, platform, app, operation, started_at, effect)
    ORDER BY new.vendor COLLATE "C", new.platform COLLATE "C", new.app COLLATE "C"
    ON CONFLICT DO NOTHING RETURNING id;
END $$;

-- Closes intents by their ids. Answers the ids of those that were open as they are described.
CREATE FUNCTION close_intents(
    ids BIGINT[], operations TEXT[], attempts BIGINT[], starts BIGINT[], outcomes TEXT[], evidences TEXT[],
    contents BYTEA[], times BIGINT[]
) RETURNS SETOF BIGINT
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    UPDATE intents SET outcome = settled.outcome, evidence = settled.evidence, value = settled.value,
        closed_at = settled.closed_at
    FROM (
        SELECT * FROM UNNEST(ids, operations, attempts, starts, outcomes, evidences, contents, times)
            AS given (id, operation, attempt, started_at, outcome, evidence, value, closed_at) ORDER BY given.id
    ) AS settled
    WHERE intents.id = settled.id AND intents.operation = settled.operation AND intents.attempt = settled.attempt
        AND intents.started_at = settled.started_at AND intents.closed_at IS NULL
    RETURNING intents.id;
END $$;
