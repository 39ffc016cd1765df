-- What every entry of the log costs its writer. The entries of a unit of work mostly stand one after another, so the index leads to
-- the first of each stretch of them, instead of to each entry: `goes_on` is 1 where the entry before is of the same unit. It may be
-- NULL there, too (as in every entry from before): then the stretch is shorter. The hash does not cover it; `verify` compares.
-- And what a restore does besides its entry it does itself, without a trigger that is entered for every entry.
-- up
ALTER TABLE change_log ADD COLUMN goes_on INTEGER;
DROP INDEX change_log_unit;
CREATE INDEX change_log_begins ON change_log(unit) WHERE goes_on IS NULL;
-- Entries by their unit of work: from where each stretch begins to where the next one does.
CREATE VIEW unit_log (unit, seq, hlc, at, actor, event, tbl, key, before, after, count, text, hash) AS
SELECT b.unit, c.seq, c.hlc, c.at, c.actor, c.event, c.tbl, c.key, c.before, c.after, c.count, c.text, c.hash
FROM change_log b JOIN change_log c
  ON c.seq >= b.seq
 AND c.seq < coalesce((SELECT n.seq FROM change_log n WHERE n.seq > b.seq AND n.goes_on IS NULL ORDER BY n.seq LIMIT 1),
                      9223372036854775807)
WHERE b.goes_on IS NULL;
DROP TRIGGER sessions_restored;
-- down
CREATE TRIGGER sessions_restored AFTER INSERT ON change_log WHEN new.event = 'RESTORED' BEGIN
  DELETE FROM sessions;
  DELETE FROM login_failure;
END;
DROP VIEW unit_log;
DROP INDEX change_log_begins;
ALTER TABLE change_log DROP COLUMN goes_on;
CREATE INDEX change_log_unit ON change_log(unit, seq);
