-- What of a sandbox counts for its tenant's quotas. Null in older rows: the limit is cpus then.
ALTER TABLE sandboxes ADD COLUMN limit_cpus double precision, ADD COLUMN gpus bigint;

UPDATE sandboxes SET
    limit_cpus = (spec->>'limit_cpus')::double precision,
    gpus = ceil((spec->>'num_gpus')::double precision)
    WHERE state <> 'deleted' AND (spec->>'limit_cpus' IS NOT NULL OR spec->>'num_gpus' IS NOT NULL);

ALTER TABLE tenants ADD COLUMN total_sandboxes integer, ADD COLUMN gpus integer, ADD COLUMN disk_bytes bigint;

ALTER TABLE tenants ADD COLUMN is_bounded boolean NOT NULL GENERATED ALWAYS AS (
    sandboxes IS NOT NULL OR cpus IS NOT NULL OR memory_bytes IS NOT NULL OR creates_per_minute IS NOT NULL
    OR total_sandboxes IS NOT NULL OR gpus IS NOT NULL OR disk_bytes IS NOT NULL) STORED;

-- What a tenant uses is read from the records. What rests is in an index of its own, so that a sandbox that is deleted when it stops never
-- enters it.
DROP INDEX sandboxes_live_tenant;
CREATE INDEX sandboxes_live_tenant ON sandboxes (tenant, created_at DESC, id)
    INCLUDE (cpus, limit_cpus, memory_bytes, gpus, disk_bytes) WHERE state IN ('pending', 'running');
CREATE INDEX sandboxes_resting_tenant ON sandboxes (tenant) WHERE state IN ('stopped', 'archiving', 'archived');

-- As the function of four parameters, which processes of the version before go on to call. One more sandbox, or one that comes back: then
-- more_disk is what it needs beyond what is counted of it while it rests. Null: it has no disk limit.
CREATE FUNCTION quota_refusal(
    of_tenant text, more_cpus double precision, more_memory bigint, more_gpus bigint, more_disk bigint, is_create boolean,
    OUT what text, OUT bound text, OUT wait interval, OUT is_bounded boolean) LANGUAGE plpgsql AS $$
DECLARE
    quota tenants;
    live_sandboxes bigint := 0;
    live_cpus double precision := 0;
    live_memory numeric := 0;
    live_gpus numeric := 0;
    live_disk numeric := 0;
    resting_sandboxes bigint := 0;
    resting_disk numeric := 0;
    this_minute timestamptz;
BEGIN
    SELECT * INTO quota FROM tenants t WHERE t.name = of_tenant AND t.is_bounded FOR NO KEY UPDATE;
    is_bounded := FOUND;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF quota.sandboxes IS NOT NULL OR quota.cpus IS NOT NULL OR quota.memory_bytes IS NOT NULL OR quota.gpus IS NOT NULL
        OR quota.total_sandboxes IS NOT NULL OR quota.disk_bytes IS NOT NULL THEN
        SELECT count(*), coalesce(sum(coalesce(s.limit_cpus, s.cpus)), 0), coalesce(sum(s.memory_bytes), 0), coalesce(sum(s.gpus), 0),
            coalesce(sum(s.disk_bytes), 0)
            INTO live_sandboxes, live_cpus, live_memory, live_gpus, live_disk
            FROM sandboxes s WHERE s.tenant = of_tenant AND s.state IN ('pending', 'running');
    END IF;
    IF quota.total_sandboxes IS NOT NULL OR quota.disk_bytes IS NOT NULL THEN
        SELECT count(*),
            coalesce(sum(CASE WHEN s.state = 'archived' THEN (s.archive->>'bytes')::bigint ELSE s.disk_bytes END), 0)
            INTO resting_sandboxes, resting_disk
            FROM sandboxes s WHERE s.tenant = of_tenant AND s.state IN ('stopped', 'archiving', 'archived');
    END IF;
    IF live_sandboxes + 1 > quota.sandboxes THEN
        what := 'sandboxes';
        bound := quota.sandboxes::text;
    ELSIF is_create AND live_sandboxes + resting_sandboxes + 1 > quota.total_sandboxes THEN
        what := 'total sandboxes';
        bound := quota.total_sandboxes::text;
    -- Sums of fractions are a hair beside the number that people mean.
    ELSIF live_cpus + more_cpus > quota.cpus + 1e-6 THEN
        what := 'cpus';
        bound := quota.cpus::text;
    ELSIF live_memory + more_memory > quota.memory_bytes THEN
        what := 'memory';
        bound := quota.memory_bytes || ' bytes';
    ELSIF live_gpus + more_gpus > quota.gpus THEN
        what := 'gpus';
        bound := quota.gpus::text;
    ELSIF quota.disk_bytes IS NOT NULL AND more_disk IS NULL THEN
        what := 'disk';
        bound := quota.disk_bytes || ' bytes, and the sandbox has no disk limit';
    ELSIF more_disk > 0 AND live_disk + resting_disk + more_disk > quota.disk_bytes THEN
        what := 'disk';
        bound := quota.disk_bytes || ' bytes';
    END IF;
    IF what IS NOT NULL THEN
        RETURN;
    END IF;
    this_minute := date_trunc('minute', store_now());
    IF is_create AND (CASE WHEN quota.minute = this_minute THEN quota.creates ELSE 0 END) >= quota.creates_per_minute THEN
        what := 'creates per minute';
        bound := quota.creates_per_minute::text;
        wait := this_minute + interval '1 minute' - store_now();
    END IF;
END $$;

-- Forgets the totals of kinds of which nothing is left: their names are chosen by callers. What another writer holds at the moment is
-- left out, and only rows are removed that together are nothing, so that every sum stays what it is.
CREATE FUNCTION purge_totals(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    kind record;
    sum_of bigint;
    free integer[];
    gone integer := 0;
BEGIN
    FOR kind IN
        SELECT tenant, state, user_id, experiment_id, namespace, image FROM totals
        GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(records) = 0 LIMIT most
    LOOP
        SELECT sum(records), array_agg(slot) INTO sum_of, free FROM (
            SELECT t.records, t.slot FROM totals t
            WHERE (t.tenant, t.state, t.user_id, t.experiment_id, t.namespace, t.image)
                = (kind.tenant, kind.state, kind.user_id, kind.experiment_id, kind.namespace, kind.image)
            FOR UPDATE SKIP LOCKED) held;
        IF sum_of = 0 THEN
            DELETE FROM totals t
            WHERE (t.tenant, t.state, t.user_id, t.experiment_id, t.namespace, t.image)
                = (kind.tenant, kind.state, kind.user_id, kind.experiment_id, kind.namespace, kind.image) AND t.slot = ANY (free);
            gone := gone + 1;
        END IF;
    END LOOP;
    RETURN gone;
END $$;
