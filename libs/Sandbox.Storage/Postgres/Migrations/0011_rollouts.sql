-- Rollouts: requests for approvals, executions of checkpoints with their output and records, the hosts that have their processes, and the
-- audit log. Documents are json, not jsonb: what a playbook told of a machine keeps its order.
CREATE TABLE rollout_approvals (
    id           uuid        NOT NULL PRIMARY KEY,
    version      bigint      NOT NULL,
    requested_at timestamptz NOT NULL,
    approval     json        NOT NULL
);

CREATE INDEX rollout_approvals_newest ON rollout_approvals (requested_at DESC, id);

CREATE TABLE rollout_executions (
    id         uuid        NOT NULL PRIMARY KEY,
    version    bigint      NOT NULL,
    started_at timestamptz NOT NULL,
    targets    text        NOT NULL,
    is_active  boolean     NOT NULL,
    execution  json        NOT NULL,
    checkpoint text        NOT NULL GENERATED ALWAYS AS (execution->>'checkpoint') STORED,
    state      text        NOT NULL GENERATED ALWAYS AS (execution->>'state') STORED
);

CREATE INDEX rollout_executions_newest ON rollout_executions (started_at DESC, id);
CREATE INDEX rollout_executions_active ON rollout_executions (id) WHERE is_active;

CREATE TABLE rollout_output (
    execution uuid   NOT NULL,
    number    bigint NOT NULL,
    text      text   NOT NULL,
    PRIMARY KEY (execution, number)
);

CREATE TABLE rollout_records (
    checkpoint text COLLATE "C" NOT NULL,
    node       text COLLATE "C" NOT NULL,
    record     json             NOT NULL,
    PRIMARY KEY (checkpoint, node)
);

CREATE TABLE rollout_hosts (
    host    text COLLATE "C" NOT NULL PRIMARY KEY,
    seen_at timestamptz      NOT NULL
);

CREATE TABLE rollout_audit (
    number   bigint      NOT NULL PRIMARY KEY,
    at       timestamptz NOT NULL,
    actor    text        NOT NULL,
    action   text        NOT NULL,
    subject  text        NOT NULL,
    detail   text        NOT NULL,
    previous text        NOT NULL,
    hash     text        NOT NULL
);
