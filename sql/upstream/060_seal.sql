-- What is in a batch can be computed again here, and headquarters receipts it.
--
-- src/replicate/merkle.h and receipt.h say how rows become leaves, leaves a root, and a batch a hash; these functions are
-- the same in SQL. They run with the rights of who calls them, so everybody checks what he may read. The one exception is
-- the schema outpost_seal: the key of the receipts, and two functions that use it and look at no other table.

ALTER TABLE outpost.batch ADD COLUMN IF NOT EXISTS sections text;

-- `<bytes>:<text>` of each, NULL as `-`.
CREATE OR REPLACE FUNCTION outpost.seal_text(VARIADIC parts text[]) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT convert_to(string_agg(coalesce(octet_length(part) || ':' || part, '-'), '' ORDER BY n), 'UTF8')
  FROM unnest(parts) WITH ORDINALITY AS u(part, n)
$$;

CREATE OR REPLACE FUNCTION outpost.merkle_root(leaves bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  level bytea[] := ARRAY(SELECT substr(leaves, i * 32 + 1, 32) FROM generate_series(0, length(leaves) / 32 - 1) AS i);
  above bytea[];
BEGIN
  IF cardinality(level) = 0 THEN RETURN sha256(''); END IF;
  WHILE cardinality(level) > 1 LOOP
    above := '{}';
    FOR i IN 1 .. cardinality(level) BY 2 LOOP
      above := above || CASE WHEN i = cardinality(level) THEN level[i]
                             ELSE sha256('\x01'::bytea || level[i] || level[i + 1]) END;
    END LOOP;
    level := above;
  END LOOP;
  RETURN level[1];
END
$$;

CREATE OR REPLACE FUNCTION outpost.batch_hash(b outpost.batch) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT sha256(outpost.seal_text('outpost-batch-1', b.organization_id::text, b.origin::text, b.lane, b.sequence::text,
    encode(b.previous, 'hex'), b.position_from::text, b.position_to::text, b.first_seq::text, b.last_seq::text,
    b.row_count::text, b.byte_count::text, b.sections, encode(b.root, 'hex'),
    (extract(epoch FROM b.made_at) * 1000000)::bigint::text))
$$;

-- ---- rows ----

-- The SQL expression of one row's text, for columns "a,b,c" of a table of this schema.
CREATE OR REPLACE FUNCTION outpost.row_expression(tbl text, columns text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT string_agg(format('coalesce(octet_length(%1$s) || '':'' || %1$s, ''-'')', CASE a.atttypid
    WHEN 'timestamptz'::regtype THEN format('(to_char(%I AT TIME ZONE ''UTC'', ''YYYY-MM-DD HH24:MI:SS.US'') || ''+00'')', c)
    WHEN 'date'::regtype THEN format('to_char(%I, ''YYYY-MM-DD'')', c)
    WHEN 'bytea'::regtype THEN format('(''\x'' || encode(%I, ''hex''))', c)
    WHEN 'boolean'::regtype THEN format('CASE WHEN %1$I THEN ''t'' WHEN NOT %1$I THEN ''f'' END', c)
    ELSE format('%I::text', c) END), ' || ' ORDER BY n)
  FROM string_to_table(columns, ',') WITH ORDINALITY AS s(c, n)
  JOIN pg_attribute AS a ON a.attrelid = format('outpost.%I', tbl)::regclass AND a.attname = c AND NOT a.attisdropped
$$;

-- keys "a,b" and ["1","2"] as '(a, b) >= (1, 2)'.
CREATE OR REPLACE FUNCTION outpost.key_condition(tbl text, keys text, op text, bound json) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT format('(%s) %s (%s)', string_agg(quote_ident(k) || CASE a.atttypid WHEN 'text'::regtype THEN ' COLLATE "C"' ELSE '' END, ', ' ORDER BY n), op,
    string_agg(format('%L::%s', bound ->> (n - 1)::int, format_type(a.atttypid, NULL)), ', ' ORDER BY n))
  FROM string_to_table(keys, ',') WITH ORDINALITY AS s(k, n)
  JOIN pg_attribute AS a ON a.attrelid = format('outpost.%I', tbl)::regclass AND a.attname = k AND NOT a.attisdropped
$$;

-- One row for each leaf of what cannot change: as it was signed, and as the stored rows give it now (NULL: there are fewer).
CREATE OR REPLACE FUNCTION outpost.batch_leaves(organization uuid, of_origin int, of_lane text, of_sequence bigint)
RETURNS TABLE (place int, tbl text, signed bytea, stored bytea, rows_signed bigint, rows_stored bigint, from_key text, to_key text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  b outpost.batch;
  section json;
  at int := 0;
  keys text;
  here text;
BEGIN
  SELECT * INTO b FROM outpost.batch AS x
  WHERE x.organization_id = organization AND x.origin = of_origin AND x.lane = of_lane AND x.sequence = of_sequence;
  FOR section IN SELECT value FROM json_array_elements(b.sections::json) LOOP
    keys := section ->> 'keys';
    IF keys IS NOT NULL THEN
      here := section ->> 'table';
      RETURN QUERY EXECUTE format(
        'WITH r AS (SELECT row_number() OVER (ORDER BY %1$s) - 1 AS n, %2$s AS t, concat_ws('', '', %1$s) AS k
           FROM outpost.%3$I WHERE organization_id = $1 AND origin = $2 AND %4$s AND %5$s),
         now AS (SELECT (n / 256)::int AS block, count(*) AS rows, min(n) AS a, max(n) AS z,
             sha256(''\x00''::bytea || convert_to(%6$L || chr(31) || string_agg(t, '''' ORDER BY n), ''UTF8'')) AS leaf
           FROM r GROUP BY 1)
         SELECT $3 + g, %6$L::text, substr($4, ($3 + g) * 32 + 1, 32), leaf, least(256, $5 - g * 256::bigint), coalesce(rows, 0),
           ra.k, rz.k
         FROM generate_series(0, greatest($6, (SELECT coalesce(max(block) + 1, 0) FROM now)) - 1) AS g
         LEFT JOIN now ON block = g LEFT JOIN r AS ra ON ra.n = a LEFT JOIN r AS rz ON rz.n = z ORDER BY g',
        (SELECT string_agg(quote_ident(k), ', ') FROM string_to_table(keys, ',') AS k),
        outpost.row_expression(here, section ->> 'columns'), here,
        outpost.key_condition(here, keys, '>=', section -> 'first'), outpost.key_condition(here, keys, '<=', section -> 'last'), here)
      USING organization, of_origin, at, b.leaves, (section ->> 'rows')::bigint, (section ->> 'leaves')::int;
    END IF;
    at := at + (section ->> 'leaves')::int;
  END LOOP;
END
$$;

-- ---- the change log ----

CREATE OR REPLACE FUNCTION outpost.digest_int(v bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT substr(int8send(v), 8, 1) || substr(int8send(v), 7, 1) || substr(int8send(v), 6, 1) || substr(int8send(v), 5, 1)
      || substr(int8send(v), 4, 1) || substr(int8send(v), 3, 1) || substr(int8send(v), 2, 1) || substr(int8send(v), 1, 1)
$$;

CREATE OR REPLACE FUNCTION outpost.digest_text(t text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT outpost.digest_int(coalesce(octet_length(t), -1)::bigint) || convert_to(coalesce(t, ''), 'UTF8')
$$;

-- The same of a text that had zero bytes, which stand here as U+2400 (src/replicate/batch.h).
CREATE OR REPLACE FUNCTION outpost.digest_zeros(t text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT outpost.digest_int(coalesce(length(b), -1)::bigint) || coalesce(b, '')
  FROM (SELECT string_agg(convert_to(part, 'UTF8'), '\x00'::bytea ORDER BY n) AS b
        FROM string_to_table(t, U&'\2400') WITH ORDINALITY AS s(part, n)) x
$$;

-- An entry's hash, as the edge's own log has it (src/store/change.h).
CREATE OR REPLACE FUNCTION outpost.entry_hash(previous bytea, e outpost.change_log) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT sha256(previous || outpost.digest_int(e.seq) || outpost.digest_int(e.hlc)
    || outpost.digest_int((extract(epoch FROM e.at) * 1000000)::bigint)
    || outpost.digest_text(e.actor) || outpost.digest_text(e.unit) || outpost.digest_text(e.event) || outpost.digest_text(e.tbl)
    || outpost.digest_text(e.key) || outpost.digest_text(e.before::text) || outpost.digest_text(e.after::text)
    || outpost.digest_int(e.count) || outpost.digest_text(e.text))
$$;

-- The same, taking every U+2400 for a zero byte.
CREATE OR REPLACE FUNCTION outpost.entry_hash_zeros(previous bytea, e outpost.change_log) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT sha256(previous || outpost.digest_int(e.seq) || outpost.digest_int(e.hlc)
    || outpost.digest_int((extract(epoch FROM e.at) * 1000000)::bigint)
    || outpost.digest_zeros(e.actor) || outpost.digest_zeros(e.unit) || outpost.digest_zeros(e.event) || outpost.digest_zeros(e.tbl)
    || outpost.digest_zeros(e.key) || outpost.digest_text(e.before::text) || outpost.digest_text(e.after::text)
    || outpost.digest_int(e.count) || outpost.digest_zeros(e.text))
$$;

-- The first entry of an origin's log that is missing, was changed, or was cut off at the end. No row: it is whole.
CREATE OR REPLACE FUNCTION outpost.check_chain(organization uuid, of_origin int) RETURNS TABLE (seq bigint, problem text)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  WITH origin AS (
    SELECT coalesce(fork_seq, 0) AS fork_seq, coalesce(fork_hash, decode(repeat('00', 32), 'hex')) AS fork_hash
    FROM outpost.origin AS o WHERE o.organization_id = organization AND o.origin = of_origin
  ), walked AS (
    SELECT e.seq, e.hash, coalesce(lag(e.seq) OVER w, o.fork_seq) + 1 AS expected,
      coalesce(lag(e.hash) OVER w, o.fork_hash) AS previous, outpost.entry_hash(coalesce(lag(e.hash) OVER w, o.fork_hash), e) AS computed
    FROM outpost.change_log AS e, origin AS o WHERE e.organization_id = organization AND e.origin = of_origin
    WINDOW w AS (ORDER BY e.seq)
  ), last AS (
    SELECT coalesce(max(w.seq), (SELECT fork_seq FROM origin)) AS seq FROM walked AS w
  ), found AS (
    SELECT w.expected AS seq, format('entry %s is missing; entry %s stands in its place', w.expected, w.seq) AS problem
    FROM walked AS w WHERE w.seq <> w.expected
    UNION ALL
    SELECT w.seq, format('entry %s was changed: it is not what its hash was made of', w.seq)
    FROM walked AS w WHERE w.seq = w.expected AND w.computed IS DISTINCT FROM w.hash AND w.hash IS DISTINCT FROM
      (SELECT outpost.entry_hash_zeros(w.previous, x) FROM outpost.change_log AS x
       WHERE x.organization_id = organization AND x.origin = of_origin AND x.seq = w.seq)
    UNION ALL
    SELECT last.seq + 1, format('the log ends with entry %s, and headquarters had received up to %s', last.seq, b.last_seq)
    FROM last, (SELECT max(x.last_seq) AS last_seq FROM outpost.batch AS x
                WHERE x.organization_id = organization AND x.origin = of_origin AND x.lane = 'log') AS b
    WHERE b.last_seq > last.seq
  )
  SELECT f.seq, f.problem FROM found AS f ORDER BY f.seq LIMIT 1
$$;

-- ---- receipts ----

CREATE TABLE IF NOT EXISTS outpost_seal.key (id int PRIMARY KEY CHECK (id = 1), inner_pad bytea NOT NULL, outer_pad bytea NOT NULL);
REVOKE ALL ON SCHEMA outpost_seal FROM PUBLIC;
REVOKE ALL ON outpost_seal.key FROM PUBLIC;

-- RFC 2104: the two pads are kept, the key itself is not. 244 random bits.
DO $$
DECLARE
  secret bytea := sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));
  inner_pad bytea := decode(repeat('36', 64), 'hex');
  outer_pad bytea := decode(repeat('5c', 64), 'hex');
BEGIN
  FOR i IN 0 .. 31 LOOP
    inner_pad := set_byte(inner_pad, i, get_byte(inner_pad, i) # get_byte(secret, i));
    outer_pad := set_byte(outer_pad, i, get_byte(outer_pad, i) # get_byte(secret, i));
  END LOOP;
  INSERT INTO outpost_seal.key VALUES (1, inner_pad, outer_pad) ON CONFLICT DO NOTHING;
END
$$;

CREATE OR REPLACE FUNCTION outpost_seal.hmac(message bytea) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(k.outer_pad || sha256(k.inner_pad || message)) FROM outpost_seal.key AS k
$$;
REVOKE ALL ON FUNCTION outpost_seal.hmac(bytea) FROM PUBLIC;

CREATE OR REPLACE FUNCTION outpost_seal.receipt_text(b outpost.batch) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT outpost.seal_text(b.organization_id::text, b.origin::text, b.lane, b.sequence::text, encode(b.hash, 'hex'),
    (extract(epoch FROM b.received_at) * 1000000)::bigint::text)
$$;

-- Nobody but this trigger makes a receipt; it looks at no table but the key's. A batch whose hash is not that of what it
-- says is refused at the door.
CREATE OR REPLACE FUNCTION outpost_seal.give_receipt() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.root IS DISTINCT FROM outpost.merkle_root(NEW.leaves) OR NEW.hash IS DISTINCT FROM outpost.batch_hash(NEW) THEN
    RAISE EXCEPTION 'batch % of lane % has another hash than what it says', NEW.sequence, NEW.lane USING ERRCODE = 'check_violation';
  END IF;
  NEW.received_at := clock_timestamp();
  NEW.receipt := outpost_seal.hmac(outpost_seal.receipt_text(NEW));
  RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION outpost_seal.give_receipt() FROM PUBLIC;
CREATE OR REPLACE TRIGGER give_receipt BEFORE INSERT ON outpost.batch FOR EACH ROW EXECUTE FUNCTION outpost_seal.give_receipt();

-- Says only yes or no.
CREATE OR REPLACE FUNCTION outpost_seal.receipt_holds(b outpost.batch) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT b.receipt = outpost_seal.hmac(outpost_seal.receipt_text(b))
$$;

-- The first batch of each lane of an origin that does not hold, and why. No row: all do.
CREATE OR REPLACE FUNCTION outpost.check_batches(organization uuid, of_origin int, with_rows boolean DEFAULT true)
RETURNS TABLE (lane text, sequence bigint, problem text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  b outpost.batch;
  before outpost.batch;
  head outpost.lane;
  leaf record;
BEGIN
  FOR head IN SELECT * FROM outpost.lane AS l WHERE l.organization_id = organization AND l.origin = of_origin ORDER BY l.lane LOOP
    before := NULL;
    lane := head.lane;
    problem := NULL;
    FOR b IN SELECT * FROM outpost.batch AS x
             WHERE x.organization_id = organization AND x.origin = of_origin AND x.lane = head.lane ORDER BY x.sequence LOOP
      sequence := coalesce(before.sequence, 0) + 1;
      IF b.sequence <> sequence THEN
        problem := format('batch %s of lane %s is missing', sequence, lane);
      ELSIF b.previous IS DISTINCT FROM coalesce(before.hash, decode(repeat('00', 32), 'hex')) THEN
        problem := format('batch %s of lane %s does not follow the one before it', sequence, lane);
      ELSIF b.root IS DISTINCT FROM outpost.merkle_root(b.leaves) OR b.hash IS DISTINCT FROM outpost.batch_hash(b) THEN
        problem := format('batch %s of lane %s was changed', sequence, lane);
      ELSIF NOT coalesce(outpost_seal.receipt_holds(b), false) THEN
        problem := format('the receipt of batch %s of lane %s was not given by headquarters', sequence, lane);
      ELSIF with_rows THEN
        SELECT * INTO leaf FROM outpost.batch_leaves(organization, of_origin, b.lane, b.sequence) AS x
        WHERE x.signed IS DISTINCT FROM x.stored ORDER BY x.place LIMIT 1;
        IF FOUND THEN
          problem := format('batch %s of lane %s: block %s, of %s%s, is not what was signed: it held %s rows, and holds %s', sequence, lane,
            leaf.place + 1, leaf.tbl, coalesce(format(', %s to %s', leaf.from_key, leaf.to_key), ''), leaf.rows_signed, leaf.rows_stored);
        END IF;
      END IF;
      EXIT WHEN problem IS NOT NULL;
      before := b;
    END LOOP;
    IF problem IS NULL AND (coalesce(before.sequence, 0) <> head.sequence OR (head.sequence > 0 AND before.hash IS DISTINCT FROM head.batch_hash)) THEN
      sequence := coalesce(before.sequence, 0) + 1;
      problem := format('lane %s ends with batch %s, and had %s', lane, coalesce(before.sequence, 0), head.sequence);
    END IF;
    IF problem IS NOT NULL THEN RETURN NEXT; END IF;
  END LOOP;
END
$$;

-- A run that an edge fetched back, after an older copy of its file was put in its place, stands there under another number; the
-- first one ceases to count (src/replicate/recover.h).
GRANT UPDATE (counts, message) ON outpost.run TO outpost_edge;

-- ---- both sides compared ----

-- keys "a,b" as 'a, b COLLATE "C"': an edge sorts texts by their bytes.
CREATE OR REPLACE FUNCTION outpost.sorted_by(tbl text, keys text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT string_agg(quote_ident(k) || CASE a.atttypid WHEN 'text'::regtype THEN ' COLLATE "C"' ELSE '' END, ', ' ORDER BY n)
  FROM string_to_table(keys, ',') WITH ORDINALITY AS s(k, n)
  JOIN pg_attribute AS a ON a.attrelid = format('outpost.%I', tbl)::regclass AND a.attname = k AND NOT a.attisdropped
$$;

-- How many rows lie behind `after` and up to `upto`, and their digest, for each of the ranges [{"after":[..],"upto":[..]}, ...];
-- either may be null: from the beginning, to the end.
CREATE OR REPLACE FUNCTION outpost.range_digests(organization uuid, tbl text, columns text, keys text, ranges json, condition text DEFAULT 'true')
RETURNS TABLE (place int, row_count bigint, digest bytea)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  part json;
  hidden text := outpost.row_expression(tbl, columns);
  sorted text := outpost.sorted_by(tbl, keys);
BEGIN
  place := 0;
  FOR part IN SELECT value FROM json_array_elements(ranges) LOOP
    EXECUTE format('SELECT count(*), sha256(convert_to(coalesce(string_agg(%1$s, '''' ORDER BY %2$s), ''''), ''UTF8''))
      FROM outpost.%3$I WHERE organization_id = $1 AND (%4$s) AND %5$s AND %6$s', hidden, sorted, tbl, condition,
      CASE WHEN json_typeof(part -> 'after') = 'array' THEN outpost.key_condition(tbl, keys, '>', part -> 'after') ELSE 'true' END,
      CASE WHEN json_typeof(part -> 'upto') = 'array' THEN outpost.key_condition(tbl, keys, '<=', part -> 'upto') ELSE 'true' END)
    INTO row_count, digest USING organization;
    RETURN NEXT;
    place := place + 1;
  END LOOP;
END
$$;

-- The texts of the rows of one such range, in the order of the keys.
CREATE OR REPLACE FUNCTION outpost.range_rows(organization uuid, tbl text, columns text, keys text, part json, condition text DEFAULT 'true')
RETURNS SETOF text LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT %1$s FROM outpost.%2$I WHERE organization_id = $1 AND (%3$s) AND %4$s AND %5$s ORDER BY %6$s',
    outpost.row_expression(tbl, columns), tbl, condition,
    CASE WHEN json_typeof(part -> 'after') = 'array' THEN outpost.key_condition(tbl, keys, '>', part -> 'after') ELSE 'true' END,
    CASE WHEN json_typeof(part -> 'upto') = 'array' THEN outpost.key_condition(tbl, keys, '<=', part -> 'upto') ELSE 'true' END,
    outpost.sorted_by(tbl, keys))
  USING organization;
END
$$;

GRANT USAGE ON SCHEMA outpost_seal TO outpost_edge, outpost_hq;
