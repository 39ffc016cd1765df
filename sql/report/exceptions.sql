-- report: exceptions
-- columns: id int, run_id text, original_record_id int, error_category text, pipeline_stage text, error_details text,
-- columns: timestamp time, raw_data text, line int, state text, byte_offset int, byte_length int
SELECT x.id, r.uuid, x.id & 0xffffffff, x.category, x.stage,
       (SELECT group_concat(value ->> 'reason', '; ') FROM json_each(x.faults)), r.ended_at,
       rtrim(CAST(x.raw AS TEXT), char(10, 13)), x.line, x.state, x.offset, length(x.raw)
FROM reject x JOIN run r ON r.id = x.id >> 32
WHERE :run IS NULL OR r.uuid = :run ORDER BY x.id;
