-- Records that people at headquarters write with plain SQL. An edge writes the columns sync_at, sync_origin and sync_stamps itself; who
-- does not is a person, and his changes are stamped here, so that they meet those of the edges field by field:
--
--   sync_at      stamp of the row's last change: milliseconds << 16 and a counter, as the log's hlc; never goes back
--   sync_origin  who made it: an origin, NULL: headquarters
--   sync_stamps  the stamp of every field, {"": [stamp, origin], "name": [stamp, origin]}, as src/replicate/merge.h says; NULL:
--                the whole row was written at once. Deletion is the field deleted_at
--   sync_xid     the transaction that wrote the row: edges ask for what was committed after their last look
--
-- Arguments of the triggers: what a value may be, "name" for one that is required, "name=a|b" for choices.

-- A zero character, which JSON may hold and a text of PostgreSQL may not, as U+2400: with one in it no member of a document can be asked.
CREATE OR REPLACE FUNCTION outpost.no_zero(doc json) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN position('\u0000' IN doc::text) = 0 THEN doc
              ELSE regexp_replace(doc::text, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\u2400', 'g')::json END
$$;

CREATE OR REPLACE FUNCTION outpost.check_by_hand(r json, VARIADIC wanted text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
  w text;
  field text;
BEGIN
  FOREACH w IN ARRAY coalesce(wanted, '{}') LOOP
    field := split_part(w, '=', 1);
    IF position('=' IN w) = 0 AND r->>field IS NULL THEN
      RAISE EXCEPTION '% is required', field USING ERRCODE = 'not_null_violation';
    ELSIF position('=' IN w) > 0 AND NOT r->>field = ANY (string_to_array(split_part(w, '=', 2), '|')) THEN
      RAISE EXCEPTION '% must be one of %, not "%"', field, split_part(w, '=', 2), r->>field USING ERRCODE = 'check_violation';
    END IF;
  END LOOP;
END $$;

-- Fields of a row that have a stamp.
CREATE OR REPLACE FUNCTION outpost.stamped_fields(r json) RETURNS TABLE (name text, value text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT key, value::text FROM json_each(r)
  WHERE key <> ALL ('{organization_id,id,version,created_at,created_by,updated_at,updated_by,deleted_by,sync_at,sync_origin,sync_stamps,sync_xid}'::text[])
$$;

CREATE OR REPLACE FUNCTION outpost.stamp_now() RETURNS bigint
LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $$
  SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint << 16
$$;

CREATE OR REPLACE FUNCTION outpost.refuse_zero(doc json) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
BEGIN
  IF doc::text IS DISTINCT FROM outpost.no_zero(doc)::text THEN
    RAISE EXCEPTION 'a zero character (\u0000) is in the record: no device can take it' USING ERRCODE = 'check_violation';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION outpost.added_by_hand() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF new.organization_id IS NULL THEN
    SELECT m.organization_id INTO new.organization_id FROM outpost.member m WHERE m.role_name = session_user
      AND (SELECT count(*) FROM outpost.member n WHERE n.role_name = session_user) = 1;
  END IF;
  PERFORM outpost.refuse_zero(to_json(new));
  PERFORM outpost.check_by_hand(to_json(new), VARIADIC TG_ARGV);
  new.sync_at := outpost.stamp_now();
  new.sync_origin := NULL;
  new.sync_stamps := NULL;
  new.sync_xid := pg_current_xact_id();
  RETURN new;
END $$;

CREATE OR REPLACE FUNCTION outpost.changed_by_hand() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  marks   jsonb := outpost.stamps_of(old.sync_at, old.sync_origin, old.sync_stamps::jsonb);
  changed text[];
BEGIN
  IF new.organization_id <> old.organization_id OR new.id <> old.id THEN
    RAISE EXCEPTION 'the id of a record stays as it is';
  END IF;
  -- What came with one before this was looked at may be mended.
  IF to_json(old)::text = outpost.no_zero(to_json(old))::text THEN PERFORM outpost.refuse_zero(to_json(new)); END IF;
  PERFORM outpost.check_by_hand(outpost.no_zero(to_json(new)), VARIADIC TG_ARGV);
  SELECT array_agg(n.name) INTO changed
  FROM outpost.stamped_fields(outpost.no_zero(to_json(new))) n JOIN outpost.stamped_fields(outpost.no_zero(to_json(old))) o ON o.name = n.name
  WHERE n.value IS DISTINCT FROM o.value;
  IF old.sync_origin IS NOT NULL THEN marks := marks || '{"*": true}'; END IF;
  new.sync_at := greatest(outpost.stamp_now(), (outpost.stamps_latest(marks)->>0)::bigint + 1, old.sync_at + 1);
  new.sync_origin := NULL;
  new.sync_stamps := outpost.stamps_add(marks, changed || '{updated_at}'::text[], jsonb_build_object('', new.sync_at), 0);
  new.sync_xid := pg_current_xact_id();
  IF new.version = old.version THEN new.version := old.version + 1; END IF;
  IF new.updated_at IS NOT DISTINCT FROM old.updated_at THEN new.updated_at := clock_timestamp(); END IF;
  IF new.updated_by IS NOT DISTINCT FROM old.updated_by THEN new.updated_by := session_user; END IF;
  IF new.deleted_at IS NULL THEN new.deleted_by := NULL;
  ELSIF old.deleted_at IS NULL AND new.deleted_by IS NULL THEN new.deleted_by := session_user; END IF;
  RETURN new;
END $$;

CREATE OR REPLACE FUNCTION outpost.never_removed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'records are never removed: UPDATE outpost.% SET deleted_at = now() instead', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- A column that came later takes over what newer edges sent of it, before this schema knew it.
CREATE OR REPLACE FUNCTION outpost.take_over(tbl name, col name, kind text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  r record;
  taken bigint := 0;
BEGIN
  FOR r IN EXECUTE format('SELECT ctid AS at, extra->>%L AS value FROM outpost.%I WHERE extra->%L IS NOT NULL', col, tbl, col) LOOP
    BEGIN
      EXECUTE format('UPDATE outpost.%I SET %I = CAST($1 AS %s), extra = (SELECT json_object_agg(key, value) FROM json_each(extra) WHERE key <> %L) '
                     'WHERE ctid = $2', tbl, col, kind, col) USING r.value, r.at;
      taken := taken + 1;
    EXCEPTION WHEN data_exception THEN
      NULL; -- no value of this kind: it stays where it is
    END;
  END LOOP;
  RETURN taken;
END $$;
REVOKE ALL ON FUNCTION outpost.take_over(name, name, text) FROM PUBLIC;
