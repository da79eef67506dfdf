-- Which slots of its node a job takes (JobClass), so that a claim passes over those that are all held: 0 stop, 1 start, 2 archive.
ALTER TABLE jobs ADD COLUMN slot_class INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN slot_class INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET slot_class = 1 WHERE job GLOB '{"kind":"sandbox.start.*' OR job GLOB '{"kind":"sandbox.rest*';
UPDATE jobs SET slot_class = 2
    WHERE job GLOB '{"kind":"sandbox.archive.*' OR job GLOB '{"kind":"sandbox.discard.*' OR job GLOB '{"kind":"sandbox.commit.*';
UPDATE dead_letters SET slot_class = 1 WHERE job GLOB '{"kind":"sandbox.start.*' OR job GLOB '{"kind":"sandbox.rest*';
UPDATE dead_letters SET slot_class = 2
    WHERE job GLOB '{"kind":"sandbox.archive.*' OR job GLOB '{"kind":"sandbox.discard.*' OR job GLOB '{"kind":"sandbox.commit.*';
