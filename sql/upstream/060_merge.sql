-- Merging: what becomes of an edit of an edge that meets edits of others. src/replicate/merge.h is the story, and says
-- what stamps look like; src/replicate/merge.c is the same for an edge.
--
-- Callers set sync_at of a row with every write, so the trigger of HQ's own people knows that it was none of them.

-- Stamps of a row, whole: {"": [stamp, origin], "field": [stamp, origin], ...}.
CREATE OR REPLACE FUNCTION outpost.stamps_of(at bigint, origin integer, stamps jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(stamps, jsonb_build_object('', jsonb_build_array(coalesce(at, 0), coalesce(origin, 0))))
$$;

-- With the stamps of an edit ({"": stamp, "field": stamp}) of some fields by one origin. For the fast way, too: a row that
-- nobody else has written needs nothing more.
CREATE OR REPLACE FUNCTION outpost.stamps_add(whole jsonb, fields text[], stamps jsonb, who integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT whole || coalesce(jsonb_object_agg(f, jsonb_build_array(coalesce(stamps->f, stamps->''), who)), '{}')
  FROM unnest(fields) f
$$;

-- A record as an edge's log has it, in the types of its table here: {"field": value} of the members that it has.
-- Its own times are microseconds there.
CREATE OR REPLACE FUNCTION outpost.edge_times(doc json) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT json_object_agg(key, CASE
    WHEN key IN ('created_at', 'updated_at', 'deleted_at') AND json_typeof(value) = 'number'
    THEN to_json(timestamptz 'epoch' + (value #>> '{}')::bigint * interval '1 microsecond')
    ELSE value END)
  FROM json_each(doc)
$$;

CREATE OR REPLACE FUNCTION outpost.edge_typed(tbl text, doc json) RETURNS jsonb
LANGUAGE plpgsql STABLE SET timezone = 'UTC' AS $$
DECLARE
  typed jsonb;
BEGIN
  IF doc IS NULL THEN RETURN NULL; END IF;
  EXECUTE format('SELECT to_jsonb(json_populate_record(NULL::outpost.%I, $1))', tbl) INTO typed USING doc;
  RETURN (SELECT jsonb_object_agg(key, CASE WHEN typed ? key THEN typed->key ELSE value::jsonb END) FROM json_each(doc));
END
$$;

-- Members of a document that the table has a column for, of those that it has not.
CREATE OR REPLACE FUNCTION outpost.members(tbl text, doc json, known boolean) RETURNS text[]
LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(key), '{}') FROM json_each(doc) WHERE known = EXISTS (
    SELECT FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = format('outpost.%I', tbl)::regclass AND a.attname = key AND a.attnum > 0 AND NOT a.attisdropped)
$$;

CREATE OR REPLACE FUNCTION outpost.only(doc json, names text[]) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT json_object_agg(key, value) FROM json_each(doc) WHERE key = ANY (names)
$$;

CREATE OR REPLACE FUNCTION outpost.conflict_add(organization uuid, tbl text, key text, field text, base jsonb,
  lost jsonb, lost_by jsonb, won jsonb, won_by jsonb) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO outpost.conflict (organization_id, conflict_id, tbl, key, field, base, lost, lost_stamp, lost_origin, won,
                                won_stamp, won_origin)
  VALUES (organization, left(encode(sha256(convert_to(concat_ws('|', tbl, key, field, lost_by->>0, lost_by->>1), 'UTF8')), 'hex'), 32)::uuid, tbl, key, field,
          base, lost, (lost_by->>0)::bigint, (lost_by->>1)::integer, won, (won_by->>0)::bigint, (won_by->>1)::integer)
  ON CONFLICT (organization_id, conflict_id) DO UPDATE
  SET base = excluded.base, lost = excluded.lost, state = 'open', sync_xid = pg_current_xact_id()
  WHERE conflict.state = 'settled'
$$;

-- The latest of a row's stamps: [stamp, origin].
CREATE OR REPLACE FUNCTION outpost.stamps_latest(marks jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT value FROM jsonb_each(marks) WHERE key <> '*'
  ORDER BY (value->>0)::bigint DESC, (value->>1)::integer DESC LIMIT 1
$$;

-- A record that is not here yet comes whole. Of an edit (before is given) that is one that every edge was shipped with:
-- what it did not touch is older than anything. false: it is here.
CREATE OR REPLACE FUNCTION outpost.merge_insert(organization uuid, of_tbl text, who integer, doc json, changed text[],
  created boolean, stamps jsonb, latest bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  known text[] := outpost.members(of_tbl, doc, true);
  marks jsonb;
  added bigint;
BEGIN
  IF NOT created THEN
    marks := outpost.stamps_add('{"": [0, 0]}', changed || '{updated_at}'::text[], stamps || jsonb_build_object('updated_at', latest), who);
  ELSIF stamps <> jsonb_build_object('', stamps->'') THEN
    stamps := stamps || jsonb_build_object('updated_at', latest);
    marks := outpost.stamps_add('{}', ARRAY (SELECT jsonb_object_keys(stamps)), stamps, who);
  END IF;
  EXECUTE format('INSERT INTO outpost.%1$I (organization_id, %2$s, extra, sync_origin, sync_at, sync_stamps, sync_xid) '
                 'SELECT $2, %3$s, $3, $4, $5, $6, pg_current_xact_id() FROM json_populate_record(NULL::outpost.%1$I, $1) p '
                 'ON CONFLICT (organization_id, id) DO NOTHING', of_tbl,
                 (SELECT string_agg(quote_ident(c), ', ') FROM unnest(known) c),
                 (SELECT string_agg('p.' || quote_ident(c), ', ') FROM unnest(known) c))
    USING doc, organization, outpost.only(doc, outpost.members(of_tbl, doc, false)), who, latest, marks;
  GET DIAGNOSTICS added = ROW_COUNT;
  RETURN added > 0;
END
$$;

-- What was lost of this field and is so no longer: its author went on, somebody built upon it, or somebody says the same.
CREATE OR REPLACE FUNCTION outpost.conflict_settle(organization uuid, of_tbl text, record text, f text, who integer,
  stamp bigint, under jsonb, mine jsonb) RETURNS void
LANGUAGE sql AS $$
  UPDATE outpost.conflict c SET state = 'settled', sync_xid = pg_current_xact_id()
  WHERE c.organization_id = organization AND c.tbl = of_tbl AND c.key = record AND c.field = f AND c.state = 'open'
    AND c.lost_stamp <= stamp AND (c.lost_origin = who OR c.lost = under OR c.lost = mine)
$$;

-- One edit of a record. old: before, new: after, in the types of the table (edge_typed); old NULL: it was created.
-- stamps: {"": stamp, "field": stamp}, of a field that it does not name as "". kinds: {"field": "delta"} of the table.
CREATE OR REPLACE FUNCTION outpost.merge_row(organization uuid, of_tbl text, who integer, record text, before json,
  after json, stamps jsonb, kinds jsonb) RETURNS void
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
  doc     json := outpost.edge_times(after);
  new     jsonb := outpost.edge_typed(of_tbl, doc);
  old     jsonb := outpost.edge_typed(of_tbl, outpost.edge_times(before));
  created boolean := before IS NULL;
  latest  bigint := (SELECT max(value::bigint) FROM jsonb_each_text(stamps));
  names   text[] := ARRAY (SELECT e.key FROM jsonb_each(new) e
                           WHERE e.key NOT IN ('id', 'created_at', 'created_by', 'updated_at', 'updated_by', 'deleted_by')
                             AND e.value <> coalesce(old->e.key, 'null'));
  cur     jsonb;
  marks   jsonb;
  won     text[] := '{}';
  sets    text := '';
  gone    boolean;
  f       text;
  mine    jsonb;
  under   jsonb;
  there   jsonb;
  mark    jsonb;
  was     jsonb;
  differs boolean;
  seen    boolean;
BEGIN
  IF NOT stamps ? '' THEN stamps := stamps || jsonb_build_object('', latest); END IF;
  IF outpost.merge_insert(organization, of_tbl, who, doc, names, created, stamps, latest) THEN RETURN; END IF;
  EXECUTE format('SELECT to_jsonb(t) || coalesce(t.extra::jsonb, ''{}'') FROM outpost.%I t '
                 'WHERE t.organization_id = $1 AND t.id = $2 FOR UPDATE', of_tbl) INTO STRICT cur USING organization, record;
  marks := outpost.stamps_of((cur->>'sync_at')::bigint, (cur->>'sync_origin')::integer, nullif(cur->'sync_stamps', 'null'));
  IF (cur->>'sync_origin')::integer IS DISTINCT FROM who THEN marks := marks || '{"*": true}'; END IF;

  FOREACH f IN ARRAY names LOOP
    mine := new->f;
    under := coalesce(old->f, 'null');
    there := coalesce(cur->f, 'null');
    mark := jsonb_build_array(coalesce(stamps->f, stamps->''), who);
    was := coalesce(marks->f, marks->'');
    IF f = 'version' OR kinds->>f = 'delta' THEN
      sets := sets || format(', %1$I = coalesce(t.%1$I, 0) + %2$s', f,
                             coalesce((mine #>> '{}')::numeric, 0) - coalesce((under #>> '{}')::numeric, 0));
      IF f <> 'version' THEN marks := jsonb_set(marks, ARRAY[f], greatest(mark, was)); END IF;
      CONTINUE;
    END IF;
    PERFORM outpost.conflict_settle(organization, of_tbl, record, f, who, (mark->>0)::bigint,
                                    CASE WHEN NOT created THEN under END, mine);
    differs := CASE f WHEN 'deleted_at' THEN (mine = 'null') <> (there = 'null') ELSE mine <> there END;
    seen := (was->>1)::integer = who OR NOT created
            AND CASE f WHEN 'deleted_at' THEN (under = 'null') = (there = 'null') ELSE under = there END;
    IF (was->>1)::integer = who OR mark > was THEN
      IF differs AND NOT seen THEN
        PERFORM outpost.conflict_add(organization, of_tbl, record, f, under, there, was, mine, mark);
      END IF;
      won := won || f;
      marks := jsonb_set(marks, ARRAY[f], mark);
    ELSIF differs THEN
      PERFORM outpost.conflict_add(organization, of_tbl, record, f, under, mine, mark, there, was);
    END IF;
  END LOOP;

  -- Deleted here and changed there, neither knowing of the other: the deletion stands, the changes stay beneath it, and
  -- those who made them are told.
  gone := coalesce(CASE WHEN 'deleted_at' = ANY (won) THEN new ELSE cur END -> 'deleted_at', 'null') <> 'null';
  was := coalesce(marks->'deleted_at', marks->'');
  IF gone AND 'deleted_at' = ANY (names) THEN
    FOR f, under IN SELECT e.key, e.value FROM jsonb_each(old) e WHERE e.key <> ALL (won) AND cur ? e.key
        AND e.key NOT IN ('id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by', 'deleted_at', 'deleted_by')
        AND kinds->>e.key IS DISTINCT FROM 'delta' AND e.value <> cur->e.key LOOP
      mark := coalesce(marks->f, marks->'');
      CONTINUE WHEN (mark->>1)::integer = who;
      PERFORM outpost.conflict_add(organization, of_tbl, record, f, under, cur->f, mark, NULL, was);
    END LOOP;
  ELSIF gone AND (was->>1)::integer <> who AND coalesce(old->'deleted_at', 'null') = 'null' THEN
    FOREACH f IN ARRAY won LOOP
      PERFORM outpost.conflict_add(organization, of_tbl, record, f, coalesce(old->f, 'null'), new->f, marks->f, NULL, was);
    END LOOP;
  ELSIF 'deleted_at' = ANY (won) THEN
    UPDATE outpost.conflict c SET state = 'settled', sync_xid = pg_current_xact_id()
    WHERE c.organization_id = organization AND c.tbl = of_tbl AND c.key = record AND c.state = 'open'
      AND coalesce(marks->c.field, marks->'') = jsonb_build_array(c.lost_stamp, c.lost_origin);
  END IF;

  IF 'deleted_at' = ANY (won) THEN won := won || 'deleted_by'::text; END IF;
  mark := jsonb_build_array(latest, who);
  IF mark >= coalesce(marks->'updated_at', marks->'') THEN
    won := won || '{updated_at,updated_by}';
    marks := jsonb_set(marks, '{updated_at}', mark);
  END IF;
  SELECT sets || coalesce(string_agg(format(', %1$I = p.%1$I', c), ''), '') INTO sets
  FROM unnest(outpost.members(of_tbl, doc, true)) c WHERE c = ANY (won);
  EXECUTE format('UPDATE outpost.%1$I t SET sync_at = greatest($4, t.sync_at + 1), sync_origin = $5, sync_stamps = $6, '
                 'sync_xid = pg_current_xact_id(), extra = (coalesce(t.extra::jsonb, ''{}'') || $7)::json %2$s '
                 'FROM json_populate_record(NULL::outpost.%1$I, $1) p WHERE t.organization_id = $2 AND t.id = $3',
                 of_tbl, sets)
    USING doc, organization, record, latest, nullif((outpost.stamps_latest(marks)->>1)::integer, 0), marks,
          coalesce(outpost.only(doc, ARRAY (SELECT unnest(outpost.members(of_tbl, doc, false)) INTERSECT SELECT unnest(won)))::jsonb, '{}');
END
$$;

-- Many, in the order of their ids, so that two who merge do not wait for each other.
CREATE OR REPLACE FUNCTION outpost.merge_rows(organization uuid, of_tbl text, who integer, records text[], befores json[],
  afters json[], stamps jsonb[], kinds jsonb DEFAULT '{}') RETURNS void
LANGUAGE sql AS $$
  SELECT outpost.merge_row(organization, of_tbl, who, e.id, e.before, e.after, e.stamps, kinds)
  FROM (SELECT * FROM unnest(records, befores, afters, stamps) WITH ORDINALITY AS u(id, before, after, stamps, n)
        ORDER BY id, n) e
$$;
