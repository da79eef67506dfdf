-- A node lives as long as it holds the lease of its name.
CREATE TABLE nodes (
    name         TEXT    NOT NULL PRIMARY KEY,
    epoch        INTEGER NOT NULL, -- of its lease
    facts        TEXT    NOT NULL, -- JSON
    load         TEXT    NOT NULL, -- JSON
    heartbeat_at INTEGER NOT NULL,
    draining     INTEGER NOT NULL DEFAULT 0,
    has_left     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE tenants (
    name               TEXT    NOT NULL PRIMARY KEY,
    sandboxes          INTEGER,                    -- bounds; null: none
    cpus               REAL,
    memory_bytes       INTEGER,
    creates_per_minute INTEGER,
    minute             INTEGER NOT NULL DEFAULT 0, -- since 1970, the last one with accepted creates
    creates            INTEGER NOT NULL DEFAULT 0  -- in it
) STRICT, WITHOUT ROWID;

INSERT INTO tenants (name) VALUES ('default');

CREATE TABLE api_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    note       TEXT    NOT NULL,
    sha256     BLOB    NOT NULL UNIQUE,
    is_admin   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
