-- A driver asks for what is due far more often than apps change, so no question of it may read every app.
DROP INDEX rollout_apps_due;
CREATE INDEX rollout_apps_ready ON rollout_apps (rollout, vendor, priority, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX rollout_apps_next ON rollout_apps (rollout, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX rollout_apps_phases ON rollout_apps (rollout, wave, vendor, phase);
