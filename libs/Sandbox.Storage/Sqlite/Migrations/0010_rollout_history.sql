-- Deployments (whole rollouts, and what schedules began), schedules, and webhooks with the messages to them.
CREATE TABLE rollout_deployments (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    state TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    is_whole INTEGER NOT NULL,
    schedule TEXT,
    deployment TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX rollout_deployments_newest ON rollout_deployments (started_at DESC, id);
CREATE INDEX rollout_deployments_active ON rollout_deployments (started_at) WHERE is_active = 1;

CREATE TABLE rollout_schedules (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    name TEXT NOT NULL UNIQUE,
    next_at INTEGER,
    schedule TEXT NOT NULL
) WITHOUT ROWID;

-- told: the last entry of the audit log that was made into a message, where the webhook wants it. secret: encrypted.
CREATE TABLE rollout_webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    told INTEGER NOT NULL,
    secret TEXT NOT NULL,
    webhook TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE rollout_deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    webhook TEXT NOT NULL,
    number INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER,
    ended_at INTEGER,
    delivery TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX rollout_deliveries_due ON rollout_deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX rollout_deliveries_ended ON rollout_deliveries (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX rollout_deliveries_webhook ON rollout_deliveries (webhook, number DESC);
