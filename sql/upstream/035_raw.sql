-- The cells of a file's records, read from the bytes that headquarters keeps of it (raw_chunk): what the views raw_DATASET are made of.
-- Cells are cut as src/format/parse.c cuts them where a record is as it should be; one that is not, and a file that is no delimited
-- text, has its bytes in raw_data alone.

-- Half to even, as figures are rounded everywhere.
CREATE OR REPLACE FUNCTION outpost.per_unit(amount numeric, quantity numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT round((q + CASE WHEN 2 * abs(r) > abs(quantity) OR (2 * abs(r) = abs(quantity) AND mod(q, 2) <> 0)
                         THEN CASE WHEN (amount < 0) = (quantity < 0) THEN 1 ELSE -1 END ELSE 0 END) / 100, 2)
  FROM (SELECT div(amount * 100, nullif(quantity, 0)) AS q, mod(amount * 100, nullif(quantity, 0)) AS r) x
$$;

-- A record with quotes or escapes; NULL: its quotes are not as they should be.
CREATE OR REPLACE FUNCTION outpost.cut_quoted(record text, delimiter text, quote text, escape text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  cells  text[] := '{}';
  cell   text := '';
  inside boolean := false;
  quoted boolean := false;
  c      text;
  i      int := 1;
BEGIN
  WHILE i <= length(record) LOOP
    c := substr(record, i, 1);
    IF inside AND c = escape AND i < length(record) THEN
      i := i + 1;
      cell := cell || substr(record, i, 1);
    ELSIF inside AND c = quote AND substr(record, i + 1, 1) = quote THEN
      i := i + 1;
      cell := cell || quote;
    ELSIF inside AND c = quote THEN
      inside := false;
    ELSIF inside THEN
      cell := cell || c;
    ELSIF substr(record, i, length(delimiter)) = delimiter THEN
      cells := cells || CASE WHEN quoted THEN cell ELSE btrim(cell, E' \t') END;
      cell := '';
      quoted := false;
      i := i + length(delimiter) - 1;
    ELSIF c = quote AND NOT quoted AND btrim(cell, E' \t') = '' THEN
      inside := true;
      quoted := true;
      cell := '';
    ELSIF c = quote OR (quoted AND c NOT IN (' ', E'\t')) THEN
      RETURN NULL;
    ELSIF NOT quoted THEN
      cell := cell || c;
    END IF;
    i := i + 1;
  END LOOP;
  IF inside THEN RETURN NULL; END IF;
  RETURN cells || CASE WHEN quoted THEN cell ELSE btrim(cell, E' \t') END;
END $$;

CREATE OR REPLACE FUNCTION outpost.cut_record(record text, dialect json) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT CASE
    WHEN coalesce(d.delimiter, '') = '' THEN NULL
    WHEN position(d.quote IN record) = 0 THEN ARRAY (SELECT btrim(c, E' \t') FROM string_to_table(record, d.delimiter) WITH ORDINALITY AS s(c, n) ORDER BY n)
    ELSE outpost.cut_quoted(record, d.delimiter, d.quote, d.escape) END
  FROM (SELECT CASE dialect->>'delimiter' WHEN 'tab' THEN E'\t' WHEN 'space' THEN ' ' ELSE dialect->>'delimiter' END AS delimiter,
               CASE dialect->>'quote' WHEN 'none' THEN NULL ELSE dialect->>'quote' END AS quote,
               CASE dialect->>'escape' WHEN 'none' THEN NULL WHEN 'backslash' THEN E'\\' ELSE dialect->>'escape' END AS escape) d
$$;

-- Bytes as a text; what is none, or has zeros, in PostgreSQL's escapes.
CREATE OR REPLACE FUNCTION outpost.text_of(bytes bytea, encoding text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  RETURN convert_from(bytes, encoding);
EXCEPTION WHEN others THEN
  RETURN encode(bytes, 'escape');
END $$;

-- The records of a run's table in the order of the file.
CREATE OR REPLACE FUNCTION outpost.raw_rows(organization uuid, of_origin integer, of_run bigint)
RETURNS TABLE (record bigint, line bigint, cells text[], raw_data text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  dialect  json;
  encoding text;
  k        outpost.raw_chunk;
  bytes    bytea;
  spans    bytea;
  at       int;
  i        int;
  b        int;
  shift    int;
  n        bigint;
  lines    bigint;
BEGIN
  SELECT r.settings->'dialect' INTO dialect FROM outpost.run AS r
  WHERE r.organization_id = organization AND r.origin = of_origin AND r.run = of_run;
  encoding := coalesce(dialect->>'encoding', 'UTF-8');
  FOR k IN SELECT * FROM outpost.raw_chunk AS c WHERE c.organization_id = organization AND c.origin = of_origin AND c.run = of_run ORDER BY c.chunk LOOP
    bytes := k.bytes || ''::bytea; -- unpacked once
    spans := k.records || ''::bytea;
    record := k.record;
    line := k.line;
    at := 1;
    i := 0;
    WHILE i < length(spans) LOOP
      n := 0;
      shift := 0;
      LOOP
        b := get_byte(spans, i);
        i := i + 1;
        n := n | ((b & 127)::bigint << shift);
        shift := shift + 7;
        EXIT WHEN b < 128;
      END LOOP;
      lines := 1;
      IF n & 4 <> 0 THEN
        lines := 0;
        shift := 0;
        LOOP
          b := get_byte(spans, i);
          i := i + 1;
          lines := lines | ((b & 127)::bigint << shift);
          shift := shift + 7;
          EXIT WHEN b < 128;
        END LOOP;
      END IF;
      IF n & 3 = 1 THEN
        raw_data := rtrim(outpost.text_of(substr(bytes, at, (n >> 3)::int), encoding), E'\r\n');
        cells := outpost.cut_record(raw_data, dialect);
        RETURN NEXT;
      END IF;
      at := at + (n >> 3)::int;
      record := record + 1;
      line := line + lines;
    END LOOP;
  END LOOP;
END $$;
