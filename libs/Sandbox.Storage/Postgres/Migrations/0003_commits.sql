-- The last commit of each sandbox.
CREATE TABLE commits (
    sandbox_id    text COLLATE "C" NOT NULL PRIMARY KEY,
    image_tag     text             NOT NULL,
    phase         text COLLATE "C" NOT NULL, -- Running, Succeeded, Failed
    started_at    timestamptz      NOT NULL,
    completed_at  timestamptz,
    exit_code     bigint,
    failed_stage  text,
    error_code    text,
    error_message text
);
