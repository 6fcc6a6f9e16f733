-- A driver that was killed before it stored the result of an effect finds the effect by its subject.
CREATE INDEX intents_closed ON intents (vendor, platform, app, closed_at) WHERE closed_at IS NOT NULL;
