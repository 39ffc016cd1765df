-- How the edges of an organization are: for people at headquarters, and for whoever watches the database.

CREATE OR REPLACE VIEW outpost.edge_status WITH (security_invoker = true) AS
SELECT e.organization_id, e.edge_id, e.name, e.version, e.enrolled_at, e.last_seen_at, e.revoked_at, o.origin, o.epoch, l.lane, l.sequence,
       l.head_seq, l.moved_at, (SELECT max(b.received_at) FROM outpost.batch b WHERE b.organization_id = l.organization_id
                                AND b.origin = l.origin AND b.lane = l.lane AND b.sequence = l.sequence) AS received_at
FROM outpost.edge e
JOIN outpost.origin o ON o.organization_id = e.organization_id AND o.edge_id = e.edge_id
LEFT JOIN outpost.lane l ON l.organization_id = o.organization_id AND l.origin = o.origin;

GRANT SELECT ON outpost.edge_status TO outpost_hq;

-- After a dump was restored into another cluster, whose transactions have numbers of their own: rows bear numbers that are still to come
-- there, and no edge would ever be sent them. For whoever restored it (a superuser: row-level security binds all others). Says how
-- many rows it numbered anew.
CREATE OR REPLACE FUNCTION outpost.restored() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  t     name;
  n     bigint;
  total bigint := 0;
BEGIN
  PERFORM set_config('session_replication_role', 'replica', true); -- nobody changed anything: no trigger stamps it
  FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'sync_xid' AND NOT a.attisdropped
           WHERE c.relnamespace = 'outpost'::regnamespace AND c.relkind IN ('r', 'p') LOOP
    EXECUTE format('UPDATE outpost.%I SET sync_xid = pg_current_xact_id() WHERE sync_xid >= pg_snapshot_xmax(pg_current_snapshot())', t);
    GET DIAGNOSTICS n = ROW_COUNT;
    total := total + n;
  END LOOP;
  PERFORM set_config('session_replication_role', 'origin', true);
  RETURN total;
END $$;
REVOKE ALL ON FUNCTION outpost.restored() FROM PUBLIC;
