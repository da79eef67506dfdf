-- Deployments (whole rollouts, and what schedules began), schedules, and webhooks with the messages to them.
CREATE TABLE rollout_deployments (
    id         uuid        NOT NULL PRIMARY KEY,
    version    bigint      NOT NULL,
    started_at timestamptz NOT NULL,
    started_by text        NOT NULL,
    state      text        NOT NULL,
    is_active  boolean     NOT NULL,
    is_whole   boolean     NOT NULL,
    schedule   uuid,
    deployment json        NOT NULL
);

CREATE INDEX rollout_deployments_newest ON rollout_deployments (started_at DESC, id);
CREATE INDEX rollout_deployments_active ON rollout_deployments (started_at) WHERE is_active;

CREATE TABLE rollout_schedules (
    id       uuid             NOT NULL PRIMARY KEY,
    version  bigint           NOT NULL,
    name     text COLLATE "C" NOT NULL UNIQUE,
    next_at  timestamptz,
    schedule json             NOT NULL
);

CREATE INDEX rollout_schedules_due ON rollout_schedules (next_at) WHERE next_at IS NOT NULL;

-- told: the last entry of the audit log that was made into a message, where the webhook wants it. secret: encrypted.
CREATE TABLE rollout_webhooks (
    id         uuid        NOT NULL PRIMARY KEY,
    created_at timestamptz NOT NULL,
    told       bigint      NOT NULL,
    secret     text        NOT NULL,
    webhook    json        NOT NULL
);

CREATE INDEX rollout_webhooks_oldest ON rollout_webhooks (created_at, id);

CREATE TABLE rollout_deliveries (
    id       text COLLATE "C" NOT NULL PRIMARY KEY,
    webhook  uuid             NOT NULL,
    number   bigint           NOT NULL,
    attempts integer          NOT NULL,
    next_at  timestamptz,
    ended_at timestamptz,
    delivery json             NOT NULL
);

CREATE INDEX rollout_deliveries_due ON rollout_deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX rollout_deliveries_ended ON rollout_deliveries (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX rollout_deliveries_webhook ON rollout_deliveries (webhook, number DESC);
