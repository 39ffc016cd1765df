-- Of two records with one key one gave way to the other, at the place that made it (src/replicate/same_key.h). What named it elsewhere is to name the
-- other, too: src/replicate/gave_way.h. What was chosen is an entry of that place's log, before that of the deletion.
CREATE INDEX IF NOT EXISTS change_log_gave_way ON outpost.change_log (organization_id, (after->>'record'))
WHERE tbl = 'sync_conflicts' AND after->>'field' = 'id' AND after->>'state' = 'kept';

-- The record that has its place now, through others that gave way in turn; NULL: it did not give way, or none of them is left.
CREATE OR REPLACE FUNCTION outpost.gave_way(organization uuid, of_tbl text, record text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  heir text := record;
  there boolean;
BEGIN
  FOR step IN 1 .. 50 LOOP
    heir := (SELECT l.after->'won'->>'id' FROM outpost.change_log l WHERE l.organization_id = organization
             AND l.tbl = 'sync_conflicts' AND l.after->>'field' = 'id' AND l.after->>'state' = 'kept' AND l.after->>'record' = heir
             ORDER BY coalesce(l.stamp, l.hlc) DESC, l.origin DESC, l.seq DESC LIMIT 1);
    IF heir IS NULL THEN RETURN NULL; END IF;
    EXECUTE format('SELECT t.deleted_at IS NULL FROM outpost.%I t WHERE t.organization_id = $1 AND t.id = $2', of_tbl)
      INTO there USING organization, heir;
    IF there THEN RETURN heir; END IF;
  END LOOP;
  RETURN NULL;
END
$$;
