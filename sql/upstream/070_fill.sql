-- A table that came later: newer edges have sent its records before this schema knew it, and the log has them. They are merged as if they
-- arrived now (060_merge.sql). Called by init, in the transaction that makes the table, by its owner.
CREATE OR REPLACE FUNCTION outpost.fill_from_log(of_tbl text, kinds jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  e record;
  n bigint := 0;
BEGIN
  FOR e IN SELECT l.organization_id, l.origin, l.key, l.before, l.after, coalesce(l.stamp, l.hlc) AS stamp FROM outpost.change_log l
    WHERE l.tbl = of_tbl AND l.key IS NOT NULL AND l.after IS NOT NULL AND l.event LIKE 'RECORD\_%' AND l.unit NOT LIKE 'hq:%'
    ORDER BY l.organization_id, l.key, coalesce(l.stamp, l.hlc), l.origin, l.seq
  LOOP
    PERFORM outpost.merge_row(e.organization_id, of_tbl, e.origin, e.key, e.before, e.after, jsonb_build_object('', e.stamp), kinds);
    n := n + 1;
  END LOOP;
  RETURN n;
END $$;
REVOKE ALL ON FUNCTION outpost.fill_from_log(text, jsonb) FROM PUBLIC;
