-- Images under names, as tenants register them (ROCK's EnvHub).
CREATE TABLE environments (
    tenant      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    image       TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    description TEXT    NOT NULL,
    tags        TEXT    NOT NULL, -- JSON strings
    extra_spec  TEXT,             -- a JSON object
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
