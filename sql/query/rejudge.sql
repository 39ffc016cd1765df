-- name: reject_outcomes
SELECT id & 0xffffffff, instr(faults, ?2) FROM reject WHERE id BETWEEN ?1 << 32 AND (?1 + 1 << 32) - 1 ORDER BY id;

-- name: reject_faults
SELECT faults FROM reject WHERE id = ?1;

-- name: reject_solver
SELECT x.solved_run FROM reject x JOIN run r ON r.id = x.id >> 32 WHERE x.id = ?1 AND r.dataset = ?2;

-- name: rejudge_undone
SELECT EXISTS (SELECT 1 FROM run_undone);

-- name: rejudge_is_undone
SELECT 1 FROM run_undone WHERE run = ?1;

-- name: rejudge_updates
SELECT EXISTS (SELECT 1 FROM run WHERE settings ->> '$.existing' = 'update');

-- name: rejudge_corrections
SELECT EXISTS (SELECT 1 FROM reject WHERE solved_run IS NOT NULL) OR EXISTS (SELECT 1 FROM run WHERE kind = 'correction');
