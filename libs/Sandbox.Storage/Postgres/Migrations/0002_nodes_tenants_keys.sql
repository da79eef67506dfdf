-- A node lives as long as it holds the lease of its name.
CREATE TABLE nodes (
    name         text COLLATE "C" NOT NULL PRIMARY KEY,
    epoch        bigint           NOT NULL, -- of its lease
    facts        json             NOT NULL,
    load         json             NOT NULL,
    heartbeat_at timestamptz      NOT NULL,
    draining     boolean          NOT NULL DEFAULT false,
    has_left     boolean          NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

CREATE TABLE tenants (
    name               text COLLATE "C" NOT NULL PRIMARY KEY,
    sandboxes          integer,          -- bounds; null: none
    cpus               double precision,
    memory_bytes       bigint,
    creates_per_minute integer,
    minute             timestamptz NOT NULL DEFAULT '-infinity', -- the last one with accepted creates
    creates            integer     NOT NULL DEFAULT 0            -- in it
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

INSERT INTO tenants (name) VALUES ('default');

CREATE TABLE api_keys (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant     text COLLATE "C" NOT NULL REFERENCES tenants,
    note       text             NOT NULL,
    sha256     bytea            NOT NULL UNIQUE,
    is_admin   boolean          NOT NULL,
    created_at timestamptz      NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);

-- What a tenant uses is read from the records, without touching them.
DROP INDEX sandboxes_live_tenant;
CREATE INDEX sandboxes_live_tenant ON sandboxes (tenant, created_at DESC, id) INCLUDE (cpus, memory_bytes)
    WHERE state IN ('pending', 'running');

-- Which quota of the tenant one more sandbox would exceed; nulls: none. What is used is not kept anywhere but counted in the
-- records, so it cannot differ from them. The row of a tenant with a quota stays locked until the commit, so that its
-- sandboxes come one after the other; a tenant without one has no lock and no count. Each query in here sees what was
-- committed before it began: the count comes after the lock.
CREATE FUNCTION quota_refusal(
    of_tenant text, more_cpus double precision, more_memory bigint, is_create boolean,
    OUT what text, OUT bound text, OUT wait interval) LANGUAGE plpgsql AS $$
DECLARE
    quota tenants;
    used  record;
    this_minute timestamptz;
BEGIN
    SELECT * INTO quota FROM tenants t WHERE t.name = of_tenant
        AND (t.sandboxes IS NOT NULL OR t.cpus IS NOT NULL OR t.memory_bytes IS NOT NULL OR t.creates_per_minute IS NOT NULL)
        FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF quota.sandboxes IS NOT NULL OR quota.cpus IS NOT NULL OR quota.memory_bytes IS NOT NULL THEN
        SELECT count(*) AS sandboxes, coalesce(sum(s.cpus), 0) AS cpus, coalesce(sum(s.memory_bytes), 0) AS memory_bytes INTO used
            FROM sandboxes s WHERE s.tenant = of_tenant AND s.state IN ('pending', 'running');
        IF used.sandboxes + 1 > quota.sandboxes THEN
            what := 'sandboxes';
            bound := quota.sandboxes::text;
            RETURN;
        END IF;
        -- Sums of fractions are a hair beside the number that people mean.
        IF used.cpus + more_cpus > quota.cpus + 1e-6 THEN
            what := 'cpus';
            bound := quota.cpus::text;
            RETURN;
        END IF;
        IF used.memory_bytes + more_memory > quota.memory_bytes THEN
            what := 'memory';
            bound := quota.memory_bytes || ' bytes';
            RETURN;
        END IF;
    END IF;
    this_minute := date_trunc('minute', store_now());
    IF is_create AND (CASE WHEN quota.minute = this_minute THEN quota.creates ELSE 0 END) >= quota.creates_per_minute THEN
        what := 'creates per minute';
        bound := quota.creates_per_minute::text;
        wait := this_minute + interval '1 minute' - store_now();
    END IF;
END $$;

-- Counts an accepted create, where there is a quota of them.
CREATE FUNCTION count_create(of_tenant text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tenants t SET
        creates = CASE WHEN t.minute = date_trunc('minute', store_now()) THEN t.creates + 1 ELSE 1 END,
        minute = date_trunc('minute', store_now())
        WHERE t.name = of_tenant AND t.creates_per_minute IS NOT NULL;
    RETURN FOUND;
END $$;
