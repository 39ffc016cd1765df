-- What the controls did and how the tenant's file stands: see src/export/governance.h. Nothing here reads rows one
-- by one: figures are sums over runs, and what is settled is counted in an index.

-- name: governance_controls
-- A row for every control that there is or that judged something, and of these for every version that judged.
-- Runs that share their rules share their controls, so that only what failed is read run by run.
WITH active AS (
  SELECT id, dataset, coalesce(rule_set, -id) AS rules, rows_read, started_at FROM run
  WHERE state = 'done' AND id NOT IN (SELECT run FROM run_undone)
    AND (?1 IS NULL OR dataset = ?1) AND started_at >= ?2 AND started_at < ?3),
alike AS (
  SELECT a.dataset, max(a.id) AS run, count(*) AS runs, sum(a.rows_read) AS records, min(a.started_at) AS first,
         max(a.started_at) AS last
  FROM active a JOIN (SELECT run, count(*) AS n FROM run_control GROUP BY run) k ON k.run = a.id
  GROUP BY a.dataset, a.rules, k.n),
caught AS (
  SELECT a.dataset, c.control, c.version, sum(c.failed) AS failed, max(a.started_at) AS at
  FROM run_control c JOIN active a ON a.id = c.run WHERE c.failed > 0 GROUP BY 1, 2, 3),
judged AS (
  SELECT s.dataset, c.control, c.version, max(c.position) AS position, max(c.stage) AS stage, max(c.kind) AS kind,
         max(c.field) AS field, max(c.category) AS category, sum(s.runs) AS runs, sum(s.records) AS records,
         coalesce(max(x.failed), 0) AS failed, min(s.first) AS first, max(s.last) AS last, max(x.at) AS caught
  FROM alike s JOIN run_control c ON c.run = s.run
  LEFT JOIN caught x ON x.dataset = s.dataset AND x.control = c.control AND x.version = c.version
  GROUP BY s.dataset, c.control, c.version),
named AS (
  SELECT dataset, name FROM rule WHERE deleted_at IS NULL AND (?1 IS NULL OR dataset = ?1)
  UNION SELECT dataset, control FROM judged)
SELECT n.dataset, n.name, coalesce(u.stage, j.stage), coalesce(u.kind, j.kind),
       CASE WHEN u.id IS NULL THEN j.field ELSE u.field END, coalesce(u.category, j.category),
       u.version, coalesce(u.active, 0), j.version, j.runs, j.records, j.failed, j.first, j.last, j.caught,
       (SELECT owner FROM steward s WHERE s.subject = 'rule ' || n.name AND s.deleted_at IS NULL)
FROM named n LEFT JOIN rule u ON u.dataset = n.dataset AND u.name = n.name AND u.deleted_at IS NULL
LEFT JOIN judged j ON j.dataset = n.dataset AND j.control = n.name
ORDER BY n.dataset, CASE coalesce(u.stage, j.stage) WHEN 'schema' THEN 1 WHEN 'business' THEN 2 WHEN 'quality' THEN 3
                    ELSE 4 END, coalesce(u.position, 100000 + j.position), n.name, j.version;

-- name: governance_rule_changes
-- Of rules and of the lists that they look at, newest first.
SELECT seq, at, actor, event, tbl, coalesce(after ->> 'name', before ->> 'name', after ->> 'list', before ->> 'list'), text
FROM change_log WHERE tbl IN ('rule', 'reference_item') AND at >= ?1 AND at < ?2 ORDER BY seq DESC LIMIT ?3;

-- name: governance_runs
SELECT coalesce(sum(state = 'done' AND u.run IS NULL), 0), coalesce(sum(state = 'failed'), 0),
       coalesce(sum(u.run IS NOT NULL), 0), coalesce(sum(state = 'interrupted'), 0), coalesce(sum(state = 'running'), 0),
       coalesce(sum(CASE WHEN state = 'done' AND u.run IS NULL THEN rows_read END), 0),
       coalesce(sum(CASE WHEN state = 'done' AND u.run IS NULL THEN rows_rejected END), 0)
FROM run r LEFT JOIN run_undone u ON u.run = r.id
WHERE (?1 IS NULL OR r.dataset = ?1) AND r.started_at >= ?2 AND r.started_at < ?3;

-- name: governance_audits
SELECT coalesce(sum(ok), 0), coalesce(sum(NOT ok), 0)
FROM (SELECT min(c.ok) AND count(*) = 5 AS ok FROM run_check c JOIN run r ON r.id = c.run
      WHERE (?1 IS NULL OR r.dataset = ?1) AND r.started_at >= ?2 AND r.started_at < ?3 GROUP BY c.run);

-- name: governance_ages
-- How long exceptions were open, in microseconds, and how many of them: 1 corrected, 2 accepted, 3 open until now (?4).
-- A row of a repaired file that was rejected again is no exception of its own: the one that it speaks of is still open.
WITH active AS (
  SELECT id, ended_at, rows_rejected FROM run
  WHERE state = 'done' AND kind <> 'correction' AND id NOT IN (SELECT run FROM run_undone)
    AND (?1 IS NULL OR dataset = ?1) AND started_at >= ?2 AND started_at < ?3),
corrected AS (
  SELECT id >> 32 AS run, solved_run, count(*) AS n FROM reject WHERE solved_run IS NOT NULL GROUP BY 1, 2),
accepted AS (
  SELECT exception >> 32 AS run, updated_at FROM review v
  WHERE deleted_at IS NULL AND decision = 'accepted'
    AND NOT EXISTS (SELECT 1 FROM reject x WHERE x.id = v.exception AND x.solved_run IS NOT NULL)),
settled AS (
  SELECT run, sum(n) AS n FROM (SELECT run, n FROM corrected UNION ALL SELECT run, 1 FROM accepted) GROUP BY run)
SELECT 1 AS what, max(s.ended_at - a.ended_at, 0) AS age, c.n
FROM corrected c JOIN active a ON a.id = c.run JOIN run s ON s.id = c.solved_run
UNION ALL
SELECT 2, max(v.updated_at - a.ended_at, 0), 1 FROM accepted v JOIN active a ON a.id = v.run
UNION ALL
SELECT 3, max(?4 - a.ended_at, 0), a.rows_rejected - coalesce(d.n, 0)
FROM active a LEFT JOIN settled d ON d.run = a.id WHERE a.rows_rejected > 0
ORDER BY 2;

-- name: governance_log
SELECT (SELECT at FROM change_log ORDER BY seq LIMIT 1), (SELECT at FROM change_log ORDER BY seq DESC LIMIT 1),
       (SELECT max(at) FROM unit_log
        WHERE unit = (SELECT uuid FROM run WHERE id = (SELECT max(run) FROM run_check)) AND event = 'RUN_AUDITED');
