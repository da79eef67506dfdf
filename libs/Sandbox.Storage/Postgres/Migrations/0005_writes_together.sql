-- Many records are written by one statement: what follows from their changes is done once for all of them.
DROP TRIGGER totals_insert ON sandboxes;
DROP TRIGGER totals_update ON sandboxes;
DROP FUNCTION count_sandbox();

-- Always in the order of the key, so that two writers in one slot cannot wait for each other.
CREATE FUNCTION count_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO totals AS kept
        SELECT tenant, state, user_id, experiment_id, namespace, image, pg_backend_pid() % 32, count(*)
        FROM entered WHERE state <> 'deleted'
        GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (tenant, state, user_id, experiment_id, namespace, image, slot)
            DO UPDATE SET records = kept.records + excluded.records;
    RETURN NULL;
END $$;

CREATE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO totals AS kept
        SELECT tenant, state, user_id, experiment_id, namespace, image, pg_backend_pid() % 32, sum(more)
        FROM (
            SELECT tenant, state, user_id, experiment_id, namespace, image, -1 AS more FROM was
            UNION ALL
            SELECT tenant, state, user_id, experiment_id, namespace, image, 1 FROM now) change
        WHERE state <> 'deleted'
        GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(more) <> 0 ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (tenant, state, user_id, experiment_id, namespace, image, slot)
            DO UPDATE SET records = kept.records + excluded.records;
    -- A job about a container follows it: whoever becomes the host gets what waits.
    UPDATE jobs SET pinned = now.host_name FROM now JOIN was ON was.id = now.id
        WHERE was.host_name IS DISTINCT FROM now.host_name AND jobs.sandbox_id = now.id
            AND NOT is_start AND NOT is_anywhere AND pinned IS DISTINCT FROM now.host_name;
    RETURN NULL;
END $$;

CREATE TRIGGER sandboxes_entered AFTER INSERT ON sandboxes
    REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION count_entered();
CREATE TRIGGER sandboxes_changed AFTER UPDATE ON sandboxes
    REFERENCING OLD TABLE AS was NEW TABLE AS now FOR EACH STATEMENT EXECUTE FUNCTION count_changed();

DROP TRIGGER sandboxes_pin_jobs ON sandboxes;
DROP FUNCTION pin_jobs();
