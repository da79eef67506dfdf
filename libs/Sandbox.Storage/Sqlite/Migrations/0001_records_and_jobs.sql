-- Moments are microseconds since 1970-01-01 UTC.

CREATE TABLE sandboxes (
    id                    TEXT    NOT NULL PRIMARY KEY,
    version               INTEGER NOT NULL,
    state                 TEXT    NOT NULL,
    incarnation           TEXT    NOT NULL,
    user_id               TEXT    NOT NULL,
    experiment_id         TEXT    NOT NULL,
    namespace             TEXT    NOT NULL,
    cluster_name          TEXT    NOT NULL,
    image                 TEXT    NOT NULL,
    deployment            TEXT    NOT NULL,
    cpus                  REAL    NOT NULL,
    memory_bytes          INTEGER NOT NULL,
    disk_bytes            INTEGER,
    host_name             TEXT,
    host_ip               TEXT,
    created_at            INTEGER NOT NULL,
    started_at            INTEGER,
    stopped_at            INTEGER,
    archived_at           INTEGER,
    deleted_at            INTEGER,
    idle_deadline         INTEGER,
    passing_deadline      INTEGER,
    auto_transition_state TEXT,
    auto_transition_at    INTEGER,
    due_at                INTEGER,          -- the one deadline that counts in this state
    facts                 TEXT    NOT NULL, -- JSON: phases, reason, effective disk, snapshot of the live entry
    spec                  TEXT              -- JSON, written once
) STRICT;

-- The scan for due deadlines; what has none is not in it.
CREATE INDEX sandboxes_due ON sandboxes (due_at) WHERE due_at IS NOT NULL;

-- Lists: newest first. The first is what clients list (pending and running), the second everything but tombstones.
CREATE INDEX sandboxes_live ON sandboxes (created_at DESC, id) WHERE state IN ('pending', 'running');
CREATE INDEX sandboxes_live_user ON sandboxes (user_id, created_at DESC, id) WHERE state IN ('pending', 'running');
CREATE INDEX sandboxes_present ON sandboxes (created_at DESC, id) WHERE state <> 'deleted';

CREATE TABLE history (
    sandbox_id TEXT    NOT NULL,
    version    INTEGER NOT NULL, -- of the record after the change
    from_state TEXT    NOT NULL,
    to_state   TEXT    NOT NULL,
    event      TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (sandbox_id, version)
) STRICT, WITHOUT ROWID;

-- How many records there are of each kind that a list can ask for: a total reads a few rows however many records match.
CREATE TABLE totals (
    state         TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    experiment_id TEXT    NOT NULL,
    namespace     TEXT    NOT NULL,
    image         TEXT    NOT NULL,
    records       INTEGER NOT NULL,
    PRIMARY KEY (state, user_id, experiment_id, namespace, image)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER totals_insert AFTER INSERT ON sandboxes WHEN NEW.state <> 'deleted'
BEGIN
    INSERT INTO totals VALUES (NEW.state, NEW.user_id, NEW.experiment_id, NEW.namespace, NEW.image, 1)
        ON CONFLICT DO UPDATE SET records = records + 1;
END;

CREATE TRIGGER totals_leave AFTER UPDATE OF state ON sandboxes WHEN OLD.state <> NEW.state AND OLD.state <> 'deleted'
BEGIN
    UPDATE totals SET records = records - 1
        WHERE state = OLD.state AND user_id = OLD.user_id AND experiment_id = OLD.experiment_id
          AND namespace = OLD.namespace AND image = OLD.image;
    DELETE FROM totals
        WHERE state = OLD.state AND user_id = OLD.user_id AND experiment_id = OLD.experiment_id
          AND namespace = OLD.namespace AND image = OLD.image AND records = 0;
END;

CREATE TRIGGER totals_enter AFTER UPDATE OF state ON sandboxes WHEN OLD.state <> NEW.state AND NEW.state <> 'deleted'
BEGIN
    INSERT INTO totals VALUES (NEW.state, NEW.user_id, NEW.experiment_id, NEW.namespace, NEW.image, 1)
        ON CONFLICT DO UPDATE SET records = records + 1;
END;

CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT, -- age
    sandbox_id   TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    job          TEXT    NOT NULL,                  -- JSON
    attempt      INTEGER NOT NULL DEFAULT 0,
    node         TEXT,                              -- null: nobody holds it
    claimable_at INTEGER NOT NULL                   -- a delay or a lease ends then
) STRICT;

CREATE INDEX jobs_of_sandbox ON jobs (sandbox_id, id);
CREATE INDEX jobs_claimable ON jobs (claimable_at);
