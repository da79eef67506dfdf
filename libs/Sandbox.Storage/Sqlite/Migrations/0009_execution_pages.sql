-- What executions are asked by, and the hosts that have their processes.
ALTER TABLE rollout_executions ADD COLUMN checkpoint TEXT GENERATED ALWAYS AS (json_extract(execution, '$.checkpoint')) VIRTUAL;
ALTER TABLE rollout_executions ADD COLUMN state TEXT GENERATED ALWAYS AS (json_extract(execution, '$.state')) VIRTUAL;

CREATE INDEX rollout_executions_newest ON rollout_executions (started_at DESC, id);

CREATE TABLE rollout_hosts (
    host TEXT NOT NULL PRIMARY KEY,
    seen_at INTEGER NOT NULL
) WITHOUT ROWID;
