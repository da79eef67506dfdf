-- Which slots of its node a job takes (JobClass), so that a claim passes over those that are all held: 0 stop, 1 start, 2 archive.
ALTER TABLE jobs ADD COLUMN slot_class smallint NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN slot_class smallint NOT NULL DEFAULT 0;
UPDATE jobs SET slot_class = CASE WHEN job ~ '^\{"kind":"sandbox\.(start|restart|restore)\.' THEN 1 ELSE 2 END
    WHERE job ~ '^\{"kind":"sandbox\.(start|restart|restore|archive|discard|commit)\.';
UPDATE dead_letters SET slot_class = CASE WHEN job ~ '^\{"kind":"sandbox\.(start|restart|restore)\.' THEN 1 ELSE 2 END
    WHERE job ~ '^\{"kind":"sandbox\.(start|restart|restore|archive|discard|commit)\.';
