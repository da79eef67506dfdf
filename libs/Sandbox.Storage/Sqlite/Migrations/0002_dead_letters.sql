-- Jobs that were given up, with the reason.
CREATE TABLE dead_letters (
    id         INTEGER NOT NULL PRIMARY KEY, -- of the job
    sandbox_id TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    job        TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
