-- Rollouts: requests for consents, runs of checkpoints with their output and records, and the audit log.
CREATE TABLE rollout_approvals (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    approval TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE rollout_executions (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    targets TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    execution TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX rollout_executions_active ON rollout_executions (targets) WHERE is_active = 1;

CREATE TABLE rollout_output (
    execution TEXT NOT NULL,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (execution, number)
) WITHOUT ROWID;

CREATE TABLE rollout_records (
    checkpoint TEXT NOT NULL,
    node TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (checkpoint, node)
) WITHOUT ROWID;

CREATE TABLE rollout_audit (
    number INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
