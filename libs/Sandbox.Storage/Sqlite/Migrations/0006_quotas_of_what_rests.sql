-- What of a sandbox counts for its tenant's quotas. Null in older rows: the limit is cpus then.
ALTER TABLE sandboxes ADD COLUMN limit_cpus REAL;
ALTER TABLE sandboxes ADD COLUMN gpus INTEGER;

UPDATE sandboxes SET
    limit_cpus = json_extract(spec, '$.limit_cpus'),
    gpus = CAST(json_extract(spec, '$.num_gpus') + 0.999999 AS INTEGER)
    WHERE state <> 'deleted' AND spec IS NOT NULL
        AND (json_extract(spec, '$.limit_cpus') IS NOT NULL OR json_extract(spec, '$.num_gpus') IS NOT NULL);

CREATE INDEX sandboxes_of_tenant ON sandboxes (tenant) WHERE state <> 'deleted';

ALTER TABLE tenants ADD COLUMN total_sandboxes INTEGER; -- bounds; null: none
ALTER TABLE tenants ADD COLUMN gpus INTEGER;
ALTER TABLE tenants ADD COLUMN disk_bytes INTEGER;
