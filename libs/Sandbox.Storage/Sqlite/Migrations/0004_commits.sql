-- The last commit of each sandbox.
CREATE TABLE commits (
    sandbox_id    TEXT    NOT NULL PRIMARY KEY,
    image_tag     TEXT    NOT NULL,
    phase         TEXT    NOT NULL, -- Running, Succeeded, Failed
    started_at    INTEGER NOT NULL,
    completed_at  INTEGER,
    exit_code     INTEGER,
    failed_stage  TEXT,
    error_code    TEXT,
    error_message TEXT
) STRICT;
