-- Models that are to be served. configuration: encrypted, and never changed; used_at is written without a version of its own.
CREATE TABLE models (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    configuration TEXT NOT NULL,
    model TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;
