-- Models that are to be served. configuration: encrypted, and never changed; used_at is written without a version of its own.
CREATE TABLE models (
    tenant        text COLLATE "C" NOT NULL,
    name          text COLLATE "C" NOT NULL,
    version       bigint           NOT NULL,
    used_at       timestamptz      NOT NULL,
    configuration text             NOT NULL,
    model         json             NOT NULL,
    PRIMARY KEY (tenant, name)
);
