-- The one clock of the store: leases, claims and delays are judged by it, never by a machine's own.
CREATE FUNCTION store_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';

CREATE TABLE sandboxes (
    id                    text COLLATE "C" NOT NULL PRIMARY KEY,
    version               bigint           NOT NULL,
    state                 text COLLATE "C" NOT NULL,
    incarnation           text             NOT NULL,
    tenant                text COLLATE "C" NOT NULL,
    user_id               text COLLATE "C" NOT NULL,
    experiment_id         text COLLATE "C" NOT NULL,
    namespace             text COLLATE "C" NOT NULL,
    cluster_name          text             NOT NULL,
    image                 text COLLATE "C" NOT NULL,
    deployment            text             NOT NULL,
    cpus                  double precision NOT NULL,
    memory_bytes          bigint           NOT NULL,
    disk_bytes            bigint,
    host_name             text COLLATE "C",
    host_ip               text COLLATE "C",
    created_at            timestamptz      NOT NULL,
    started_at            timestamptz,
    stopped_at            timestamptz,
    archived_at           timestamptz,
    deleted_at            timestamptz,
    idle_deadline         timestamptz,
    passing_deadline      timestamptz,
    auto_transition_state text,
    auto_transition_at    timestamptz,
    due_at                timestamptz,               -- the one deadline that counts in this state
    reason                text,
    effective_disk_bytes  bigint,
    phases                json             NOT NULL,
    history               json             NOT NULL, -- the last hundred changes of state, oldest first
    live_snapshot         text,
    archive               json,
    spec                  json                       -- written once
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1);

-- The scan for due deadlines; what has none is not in it.
CREATE INDEX sandboxes_due ON sandboxes (due_at) WHERE due_at IS NOT NULL;

-- Lists: newest first. The first ones are what clients list (pending and running), the next everything but tombstones.
CREATE INDEX sandboxes_live ON sandboxes (created_at DESC, id) WHERE state IN ('pending', 'running');
CREATE INDEX sandboxes_live_user ON sandboxes (user_id, created_at DESC, id) WHERE state IN ('pending', 'running');
CREATE INDEX sandboxes_live_tenant ON sandboxes (tenant, created_at DESC, id) WHERE state IN ('pending', 'running');
CREATE INDEX sandboxes_of_host ON sandboxes (host_name, created_at DESC, id) WHERE state <> 'deleted' AND host_name IS NOT NULL;
CREATE INDEX sandboxes_present ON sandboxes (created_at DESC, id) WHERE state <> 'deleted';
CREATE INDEX sandboxes_tombstones ON sandboxes (deleted_at) WHERE state = 'deleted';

-- How many records there are of each kind that a list can ask for. A kind has one row for each slot, and a connection counts
-- in its own: writers of one kind do not wait for each other. A single row may be negative; their sum is the number.
CREATE TABLE totals (
    tenant        text COLLATE "C" NOT NULL,
    state         text COLLATE "C" NOT NULL,
    user_id       text COLLATE "C" NOT NULL,
    experiment_id text COLLATE "C" NOT NULL,
    namespace     text COLLATE "C" NOT NULL,
    image         text COLLATE "C" NOT NULL,
    slot          integer          NOT NULL,
    records       bigint           NOT NULL,
    PRIMARY KEY (tenant, state, user_id, experiment_id, namespace, image, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

CREATE FUNCTION count_sandbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state <> 'deleted' AND NEW.state <> 'deleted' THEN
        -- Always in the order of the key, so that two writers in one slot cannot wait for each other.
        INSERT INTO totals AS kept
            SELECT * FROM (VALUES
                (OLD.tenant, OLD.state, OLD.user_id, OLD.experiment_id, OLD.namespace, OLD.image, pg_backend_pid() % 32, -1),
                (NEW.tenant, NEW.state, NEW.user_id, NEW.experiment_id, NEW.namespace, NEW.image, pg_backend_pid() % 32, 1)) change
            ORDER BY 1, 2
            ON CONFLICT (tenant, state, user_id, experiment_id, namespace, image, slot)
                DO UPDATE SET records = kept.records + excluded.records;
    ELSIF TG_OP = 'UPDATE' AND OLD.state <> 'deleted' THEN
        INSERT INTO totals AS kept
            VALUES (OLD.tenant, OLD.state, OLD.user_id, OLD.experiment_id, OLD.namespace, OLD.image, pg_backend_pid() % 32, -1)
            ON CONFLICT (tenant, state, user_id, experiment_id, namespace, image, slot)
                DO UPDATE SET records = kept.records + excluded.records;
    ELSIF NEW.state <> 'deleted' THEN
        INSERT INTO totals AS kept
            VALUES (NEW.tenant, NEW.state, NEW.user_id, NEW.experiment_id, NEW.namespace, NEW.image, pg_backend_pid() % 32, 1)
            ON CONFLICT (tenant, state, user_id, experiment_id, namespace, image, slot)
                DO UPDATE SET records = kept.records + excluded.records;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER totals_insert AFTER INSERT ON sandboxes FOR EACH ROW EXECUTE FUNCTION count_sandbox();
CREATE TRIGGER totals_update AFTER UPDATE OF state ON sandboxes FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION count_sandbox();

CREATE TABLE jobs (
    id           bigint           NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, -- age
    sandbox_id   text COLLATE "C" NOT NULL,
    version      bigint           NOT NULL,
    job          text             NOT NULL,           -- JSON
    tenant       text COLLATE "C" NOT NULL,
    is_start     boolean          NOT NULL,           -- for any node that it fits
    is_anywhere  boolean          NOT NULL,           -- for any node at all
    pinned       text COLLATE "C",                    -- neither: the node that has the container; null: nobody has it
    cpus         double precision NOT NULL,           -- what it takes of a node
    memory_bytes bigint           NOT NULL,
    disk_bytes   bigint           NOT NULL,
    gpus         double precision NOT NULL,
    labels       jsonb            NOT NULL,           -- what the node must have
    image        text             NOT NULL,
    attempt      integer          NOT NULL DEFAULT 0,
    node         text COLLATE "C",                    -- null: nobody holds it
    claimable_at timestamptz      NOT NULL,           -- a delay or a lease ends then
    created_at   timestamptz      NOT NULL
) WITH (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_threshold = -1,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX jobs_of_sandbox ON jobs (sandbox_id, id);
CREATE INDEX jobs_starts ON jobs (tenant, id) WHERE node IS NULL AND is_start;
CREATE INDEX jobs_of_node ON jobs (pinned, id) WHERE node IS NULL AND NOT is_start;
CREATE INDEX jobs_held ON jobs (claimable_at) WHERE node IS NOT NULL;
CREATE INDEX jobs_delayed ON jobs (claimable_at) WHERE node IS NULL AND attempt > 0;

-- A job about a container follows it: whoever becomes the host gets what waits.
CREATE FUNCTION pin_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE jobs SET pinned = NEW.host_name WHERE sandbox_id = NEW.id AND NOT is_start AND NOT is_anywhere AND pinned IS DISTINCT FROM NEW.host_name;
    RETURN NULL;
END $$;

CREATE TRIGGER sandboxes_pin_jobs AFTER UPDATE OF host_name ON sandboxes FOR EACH ROW
    WHEN (OLD.host_name IS DISTINCT FROM NEW.host_name) EXECUTE FUNCTION pin_jobs();

-- Jobs that were given up, with the reason.
CREATE TABLE dead_letters (
    id           bigint           NOT NULL PRIMARY KEY, -- of the job
    sandbox_id   text COLLATE "C" NOT NULL,
    version      bigint           NOT NULL,
    job          text             NOT NULL,             -- without secrets
    tenant       text COLLATE "C" NOT NULL,
    is_start     boolean          NOT NULL,
    is_anywhere  boolean          NOT NULL,
    cpus         double precision NOT NULL,
    memory_bytes bigint           NOT NULL,
    disk_bytes   bigint           NOT NULL,
    gpus         double precision NOT NULL,
    labels       jsonb            NOT NULL,
    image        text             NOT NULL,
    attempts     integer          NOT NULL,
    reason       text             NOT NULL,
    at           timestamptz      NOT NULL
);

CREATE INDEX dead_letters_newest ON dead_letters (at DESC, id DESC);

CREATE TABLE leases (
    name       text COLLATE "C" NOT NULL PRIMARY KEY,
    holder     text             NOT NULL, -- who took it last
    epoch      bigint           NOT NULL,
    expires_at timestamptz      NOT NULL,
    released   boolean          NOT NULL DEFAULT false,
    -- Makes the epoch a key: taking a lease then waits for writes that hold its row FOR KEY SHARE, a renewal does not.
    UNIQUE (name, epoch)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
