ALTER TABLE sandboxes ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';

CREATE INDEX sandboxes_live_tenant ON sandboxes (tenant, created_at DESC, id) WHERE state IN ('pending', 'running');

-- The totals know the tenant.
DROP TRIGGER totals_insert;
DROP TRIGGER totals_leave;
DROP TRIGGER totals_enter;
DROP TABLE totals;

CREATE TABLE totals (
    tenant        TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    experiment_id TEXT    NOT NULL,
    namespace     TEXT    NOT NULL,
    image         TEXT    NOT NULL,
    records       INTEGER NOT NULL,
    PRIMARY KEY (tenant, state, user_id, experiment_id, namespace, image)
) STRICT, WITHOUT ROWID;

INSERT INTO totals
    SELECT tenant, state, user_id, experiment_id, namespace, image, count(*) FROM sandboxes WHERE state <> 'deleted'
    GROUP BY tenant, state, user_id, experiment_id, namespace, image;

CREATE TRIGGER totals_insert AFTER INSERT ON sandboxes WHEN NEW.state <> 'deleted'
BEGIN
    INSERT INTO totals VALUES (NEW.tenant, NEW.state, NEW.user_id, NEW.experiment_id, NEW.namespace, NEW.image, 1)
        ON CONFLICT DO UPDATE SET records = records + 1;
END;

CREATE TRIGGER totals_leave AFTER UPDATE OF state ON sandboxes WHEN OLD.state <> NEW.state AND OLD.state <> 'deleted'
BEGIN
    UPDATE totals SET records = records - 1
        WHERE tenant = OLD.tenant AND state = OLD.state AND user_id = OLD.user_id AND experiment_id = OLD.experiment_id
          AND namespace = OLD.namespace AND image = OLD.image;
    DELETE FROM totals
        WHERE tenant = OLD.tenant AND state = OLD.state AND user_id = OLD.user_id AND experiment_id = OLD.experiment_id
          AND namespace = OLD.namespace AND image = OLD.image AND records = 0;
END;

CREATE TRIGGER totals_enter AFTER UPDATE OF state ON sandboxes WHEN OLD.state <> NEW.state AND NEW.state <> 'deleted'
BEGIN
    INSERT INTO totals VALUES (NEW.tenant, NEW.state, NEW.user_id, NEW.experiment_id, NEW.namespace, NEW.image, 1)
        ON CONFLICT DO UPDATE SET records = records + 1;
END;

ALTER TABLE jobs ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET created_at = claimable_at;

CREATE INDEX sandboxes_tombstones ON sandboxes (deleted_at) WHERE state = 'deleted';

CREATE TABLE leases (
    name       TEXT    NOT NULL PRIMARY KEY,
    holder     TEXT    NOT NULL, -- who took it last
    epoch      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    released   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
