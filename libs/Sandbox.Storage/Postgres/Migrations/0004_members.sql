-- Nodes as they told Health.Service. The head is not in here: it is the lease of that name.
CREATE TABLE members (
    node           text COLLATE "C" NOT NULL PRIMARY KEY,
    instance       text COLLATE "C" NOT NULL, -- of the process that may speak for it
    host           text             NOT NULL,
    head_port      integer          NOT NULL,
    client_port    integer          NOT NULL,
    dashboard_port integer          NOT NULL,
    version        text             NOT NULL,
    key_sha256     bytea,                     -- null: it proves the cluster's secret
    seen_at        timestamptz      NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

CREATE TABLE join_tokens (
    sha256     bytea       NOT NULL PRIMARY KEY,
    node       text COLLATE "C", -- null: any
    expires_at timestamptz NOT NULL,
    used_by    text        -- null: nobody yet
);
