-- What to look at in headquarters' database: psql -f watch.sql, or each as a panel. For a superuser, or a login in pg_monitor that
-- belongs to outpost_hq; the former sees all organizations, the latter its own ones.

-- Edges that have not been heard of for a day, and how far each lane is.
SELECT name, version, lane, sequence, head_seq, moved_at, now() - coalesce(last_seen_at, enrolled_at) AS silent
FROM outpost.edge_status WHERE revoked_at IS NULL AND coalesce(last_seen_at, enrolled_at) < now() - interval '1 day' ORDER BY silent DESC;

-- What came in: batches, rows and bytes of each day.
SELECT date_trunc('day', received_at) AS day, lane, count(*) AS batches, sum(row_count) AS rows, pg_size_pretty(sum(byte_count)) AS bytes
FROM outpost.batch WHERE received_at > now() - interval '14 days' GROUP BY 1, 2 ORDER BY 1 DESC, 2;

-- Somebody has to decide.
SELECT tbl, field, count(*) AS open, min(at) AS since FROM outpost.conflict WHERE state = 'open' GROUP BY 1, 2 ORDER BY 3 DESC;

-- Tables: size, rows, what vacuum has to do.
SELECT c.relname, pg_size_pretty(pg_total_relation_size(c.oid)) AS size, s.n_live_tup AS rows, s.n_dead_tup AS dead, s.last_autovacuum, s.last_autoanalyze
FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.relnamespace = 'outpost'::regnamespace ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 20;

-- Who is connected, and what waits. A transaction that stays open for long keeps vacuum from its work, but skips nothing that edges fetch.
SELECT usename, state, count(*) AS connections, max(now() - xact_start) AS longest_transaction, count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting
FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1, 2 ORDER BY 4 DESC NULLS LAST;

-- The database: share read from memory, rows written, transactions taken back, deadlocks.
SELECT round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 1) AS hit_percent, tup_inserted, tup_updated, xact_commit, xact_rollback, deadlocks, temp_bytes
FROM pg_stat_database WHERE datname = current_database();

-- Is the write-ahead log archived?
SELECT archived_count, last_archived_time, failed_count, last_failed_time FROM pg_stat_archiver;

-- Logs that are not whole, batches that are not as they were signed: no row is good. This one reads much.
SELECT g.slug, o.origin, c.problem FROM outpost.origin o JOIN outpost.organizations g USING (organization_id)
CROSS JOIN LATERAL (SELECT problem FROM outpost.check_chain(o.organization_id, o.origin)
                    UNION ALL SELECT problem FROM outpost.check_batches(o.organization_id, o.origin)) c;
