// Two organizations in one database at headquarters, each with edges and people: nobody sees or changes a row of the other, by whatever
// statement, setting, role or name. The rows of the other one hold a word that must never be printed, and a hash over all of
// them says that none was touched. upstream_rls.sql looks at the shape of it, table by table.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { LONG, ROOT, json, ok, place, random } from './lib.mjs';
import { startPostgres } from './postgres.mjs';

const WORD = 'FOREIGN';

// A value for a column of `whose` row: what is a key differs, and all that is text holds the word.
const VALUES = {
  uuid: () => 'gen_random_uuid()', text: (w) => `'${w.word}-' || gen_random_uuid()`, name: (w) => `'${w.word}_' || substr(md5(random()::text), 1, 8)`,
  integer: () => '1', bigint: () => '(random() * 1000000)::bigint', boolean: () => 'true', bytea: (w) => `'${w.word}'::bytea`,
  json: (w) => `'{"a":"${w.word}"}'`, jsonb: (w) => `'{"a":"${w.word}"}'`, date: () => "'2024-02-29'", 'timestamp with time zone': () => 'now()', xid8: () => 'pg_current_xact_id()',
};
const value = (w, c) => (c.name === 'organization_id' ? `'${w.id}'` : c.name === 'origin' ? '1' : (VALUES[c.type.replace(/\(.*/, '')] ?? (() => '1.5'))(w));

async function headquarters(t) {
  const hq = await startPostgres(t);
  // as Supabase has it: one login for all clients, that becomes what their tokens say
  hq.psql("CREATE ROLE authenticated NOLOGIN; CREATE ROLE authenticator LOGIN NOINHERIT PASSWORD 'a' IN ROLE authenticated");
  ok(['upstream', 'init', '--dsn', hq.dsn()]);
  const sides = ['ours', 'theirs'].map((slug) => {
    const p = place(t, slug);
    const edge = json(['upstream', 'enroll', '--dsn', hq.dsn(), ...p.args]);
    hq.psql(`ALTER ROLE ${edge.role} PASSWORD 'e'; CREATE ROLE ${slug}_jane LOGIN PASSWORD 'j' IN ROLE outpost_hq;
      INSERT INTO outpost.member VALUES ('${edge.organization_id}', '${slug}_jane', 'hq')`);
    return { slug, id: edge.organization_id, word: slug === 'ours' ? 'OWN' : WORD, edge: { user: edge.role, password: 'e' }, jane: { user: `${slug}_jane`, password: 'j' }, edge_id: edge.edge };
  });
  return { hq, ours: sides[0], theirs: sides[1] };
}

// Every table, with its columns; { name: [{ name, type, required }] }.
function tables(hq) {
  const found = new Map();
  for (const [table, name, type, required] of hq.rows(`SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull AND NOT a.atthasdef
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'outpost'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum`)) {
    if (!found.has(table)) found.set(table, []);
    found.get(table).push({ name, type, required: required === 't' });
  }
  for (const table of ['hq', 'schema_part']) found.delete(table);
  return found;
}

const insertion = (table, columns, w, only = () => true) => {
  const set = columns.filter((c) => (c.required || (c.type === 'text' && c.name !== 'state')) && only(c.name));
  return `INSERT INTO outpost."${table}" (${set.map((c) => `"${c.name}"`).join(', ')}) VALUES (${set.map((c) => value(w, c)).join(', ')})`;
};

// What the other organization has, all of it.
const everything = (hq, all, w) => hq.psql([...all.keys()].map((table) => `SELECT '${table}', count(*), md5(string_agg(md5(x::text), '' ORDER BY md5(x::text))) FROM outpost."${table}" x WHERE organization_id = '${w.id}'`).join(' UNION ALL '));

// Who asks, and as what: { name, options for psql, before }.
const people = ({ ours }) => [
  { name: 'edge', whose: ours.edge, before: '' },
  { name: 'somebody at headquarters', whose: ours.jane, before: '' },
  { name: 'somebody with a token', whose: { user: 'authenticator', password: 'a' }, before: `SET ROLE authenticated; SET request.jwt.claims = '{"organization_id":"${ours.id}","role":"authenticated"}';` },
];

test('row-level security has the shape that is meant, everywhere (pgTAP)', { timeout: 120_000 }, async (t) => {
  const { hq } = await headquarters(t);
  const tap = hq.psql(undefined, { input: `\\i ${path.join(ROOT, 'tests/scenario/upstream_rls.sql')}` }).split('\n');
  assert.deepEqual(tap.filter((line) => /^(not ok|#|Bail)/.test(line)), []);
  assert.ok(tap.filter((line) => line.startsWith('ok')).length > 300);
  // It can fail: each of these is noticed.
  for (const [what, noticed] of [
    ['ALTER TABLE outpost.stores NO FORCE ROW LEVEL SECURITY', /stores: row-level security is enabled/],
    ['CREATE POLICY more ON outpost.stores USING (true)', /no policy lets everything through/],
    ['CREATE VIEW outpost.open_view AS SELECT * FROM outpost.stores', /view open_view asks for its reader/],
    ['CREATE MATERIALIZED VIEW outpost.kept AS SELECT * FROM outpost.stores', /no materialized view/],
    ['CREATE UNIQUE INDEX leak ON outpost.stores (customer_id)', /outpost.leak leads with the organization/],
    ['GRANT TRUNCATE ON outpost.stores TO outpost_hq', /nobody else truncates/],
    ['ALTER ROLE outpost_edge BYPASSRLS', /outpost_edge is nobody special/],
    ["CREATE FUNCTION outpost.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM outpost.stores'", /no function of the schema runs as its owner/],
  ]) {
    hq.psql(what);
    const bad = hq.psql(undefined, { input: `\\i ${path.join(ROOT, 'tests/scenario/upstream_rls.sql')}` }).split('\n').filter((line) => line.startsWith('not ok'));
    assert.match(bad.join('\n'), noticed, what);
    hq.psql('ALTER TABLE outpost.stores FORCE ROW LEVEL SECURITY; DROP POLICY IF EXISTS more ON outpost.stores; DROP VIEW IF EXISTS outpost.open_view; DROP MATERIALIZED VIEW IF EXISTS outpost.kept; ' +
      'DROP INDEX IF EXISTS outpost.leak; REVOKE TRUNCATE ON outpost.stores FROM outpost_hq; ALTER ROLE outpost_edge NOBYPASSRLS; DROP FUNCTION IF EXISTS outpost.f()');
  }
});

test('two organizations: each sees its own rows of every table, and neither touches one of the other', { timeout: 300_000 }, async (t) => {
  const place = await headquarters(t);
  const { hq, ours, theirs } = place;
  const all = tables(hq);
  const fill = (w) => {
    const rows = [...all].filter(([table]) => !['organizations', 'member', 'edge', 'origin'].includes(table)).map(([table, columns]) => `${insertion(table, columns, w)} ON CONFLICT DO NOTHING`);
    hq.psql(`SET session_replication_role = replica; ${rows.join('; ')}; UPDATE outpost.organizations SET name = '${w.word}' WHERE organization_id = '${w.id}';
      UPDATE outpost.edge SET name = '${w.word}' WHERE organization_id = '${w.id}'`);
  };
  fill(theirs);
  const before = everything(hq, all, theirs);
  assert.ok(!/\|0\|/.test(before), 'there is a row of the other one in each table');

  for (const { name, whose, before: first } of people(place)) {
    await t.test(name, () => {
      fill(ours);
      const may = new Map(hq.rows(`${first} SELECT c.relname, has_table_privilege(c.oid, 'SELECT'), has_any_column_privilege(c.oid, 'INSERT'), has_any_column_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'DELETE')
        FROM pg_class c WHERE c.relnamespace = 'outpost'::regnamespace AND c.relkind IN ('r', 'v')`, whose).map(([table, ...rights]) => [table, rights.map((r) => r === 't')]));
      assert.ok([...may.values()].filter(([select]) => select).length > 40);
      const readable = [...all.keys()].filter((table) => may.get(table)[0]);
      const counted = hq.rows(`${first} ${readable.map((table) => `SELECT '${table}', count(*) FILTER (WHERE organization_id = '${ours.id}'), count(*) FILTER (WHERE organization_id <> '${ours.id}') FROM outpost."${table}"`).join(' UNION ALL ')}`, whose);
      assert.deepEqual(counted.filter(([, own, foreign]) => own === '0' || foreign !== '0'), []);
      const views = [...may].filter(([table, [select]]) => select && !all.has(table) && !['hq', 'schema_part'].includes(table)).map(([table]) => table);
      const seen = hq.rows(`${first} ${views.map((v) => `SELECT '${v}', count(*) FROM outpost."${v}" WHERE organization_id <> '${ours.id}'`).join(' UNION ALL ') || "SELECT 'none', 0"}`, whose);
      assert.deepEqual(seen.filter(([, foreign]) => foreign !== '0'), []);

      // What may not be written is told so; none of it may change a row of the other organization.
      const refused = [];
      const script = [];
      for (const [table, columns] of all) {
        const [, insert, update, remove] = may.get(table);
        if (insert) script.push(insertion(table, columns, { ...theirs, word: 'MINE' }));
        if (update) script.push(...columns.map((c) => `UPDATE outpost."${table}" SET "${c.name}" = "${c.name}"`));
        if (update) script.push(`UPDATE outpost."${table}" SET organization_id = '${theirs.id}'`);
        if (remove) script.push(`DELETE FROM outpost."${table}"`);
        script.push(`TRUNCATE outpost."${table}"`, `LOCK TABLE outpost."${table}" IN ACCESS EXCLUSIVE MODE`, `COPY outpost."${table}" FROM PROGRAM 'true'`);
        if (insert) refused.push(table);
      }
      assert.ok(refused.length > 5);
      // each in a savepoint: what is refused takes nothing else along
      const said = hq.psql(undefined, { ...whose, input: `\\set ON_ERROR_STOP 0\n\\set ON_ERROR_ROLLBACK on\n${first}\nBEGIN;\n${script.join(';\n')};\nCOMMIT;\n` });
      assert.ok(!said.includes(WORD));
      assert.equal(everything(hq, all, theirs), before);
      for (const table of refused) {
        hq.psql(`${first} BEGIN; ${insertion(table, all.get(table), { ...theirs, word: 'MINE' })}`, { ...whose, refused: /row-level security policy|permission denied|has another hash/ });
      }
    });
  }

  await t.test('an edge adds rows of its own origins alone', () => {
    hq.psql(`INSERT INTO outpost.edge (organization_id, edge_id, name, role_name) VALUES ('${ours.id}', gen_random_uuid(), 'till-2', 'till_2');
      INSERT INTO outpost.origin (organization_id, origin, edge_id, epoch) SELECT organization_id, 2, edge_id, 1 FROM outpost.edge WHERE name = 'till-2'`);
    const add = (origin) => `INSERT INTO outpost.change_log (organization_id, origin, seq, hlc, at, actor, unit, event, count, text, hash) VALUES ('${ours.id}', ${origin}, 5, 5, now(), 'x', 'x', 'X', 1, '', '')`;
    hq.psql(`BEGIN; ${add(1)}; ROLLBACK`, ours.edge);
    hq.psql(add(2), { ...ours.edge, refused: /row-level security policy "own_added"/ });
    hq.psql(`UPDATE outpost.lane SET origin = 2`, { ...ours.edge, refused: /row-level security/ });
    hq.psql(`INSERT INTO outpost.origin (organization_id, origin, edge_id, epoch) SELECT organization_id, 9, edge_id, 9 FROM outpost.edge WHERE name = 'till-2'`, { ...ours.edge, refused: /row-level security/ });
    hq.psql("UPDATE outpost.change_log SET actor = 'me'", { ...ours.edge, refused: /permission denied/ });
    hq.psql('DELETE FROM outpost.batch', { ...ours.edge, refused: /permission denied/ });
    assert.equal(hq.psql("UPDATE outpost.edge SET version = 'x' WHERE name = 'till-2' RETURNING 1", ours.edge), '');
  });

  await t.test('settings, roles, names and the like open nothing', () => {
    const claims = `{"organization_id":"${theirs.id}","role":"authenticated"}`;
    const rows = `SELECT count(*) FROM outpost.stores WHERE organization_id = '${theirs.id}'`;
    const tricks = [
      `SELECT set_config('request.jwt.claims', '${claims}', false)`, `SET request.jwt.claims = '${claims}'`, `SET outpost.organization_id = '${theirs.id}'`,
      'SET ROLE outpost_edge', 'SET ROLE outpost_hq', 'SET ROLE outpost_owner', 'SET ROLE postgres', `SET ROLE ${theirs.edge.user}`, 'SET ROLE authenticated', `SELECT set_config('role', 'outpost_owner', false)`,
      `SET SESSION AUTHORIZATION ${theirs.edge.user}`, 'SET SESSION AUTHORIZATION DEFAULT', `SELECT set_config('session_authorization', 'postgres', false)`, 'SET row_security = off', 'SET session_replication_role = replica',
      `CREATE TEMPORARY TABLE member AS SELECT '${theirs.id}'::uuid AS organization_id, session_user::name AS role_name; SET search_path = pg_temp, outpost`,
      `CREATE FUNCTION pg_temp.session_user() RETURNS name LANGUAGE sql AS 'SELECT ''${theirs.edge.user}''::name'; SET search_path = pg_temp, pg_catalog`,
      `CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'; SELECT count(*) FROM outpost.stores WHERE pg_temp.leak(name)`,
      `CREATE VIEW pg_temp.v AS SELECT * FROM outpost.stores; SELECT count(*) FROM pg_temp.v WHERE organization_id = '${theirs.id}'`,
      'ALTER TABLE outpost.stores DISABLE ROW LEVEL SECURITY', 'DROP POLICY members ON outpost.stores', 'GRANT SELECT ON outpost.stores TO PUBLIC', `ALTER ROLE ${theirs.edge.user} PASSWORD 'mine'`,
      `INSERT INTO outpost.member VALUES ('${theirs.id}', session_user, 'edge')`, `UPDATE outpost.member SET organization_id = '${theirs.id}'`, 'COPY outpost.stores TO STDOUT', 'TABLE outpost_seal.key',
      'SELECT * FROM pg_stats WHERE schemaname = \'outpost\'', `CREATE TABLE outpost.mine (x text)`,
    ];
    for (const whose of [ours.edge, ours.jane]) {
      for (const trick of tricks) {
        const said = hq.psql(undefined, { ...whose, input: `\\set ON_ERROR_STOP 0\n${trick};\n${rows};\nSET search_path = DEFAULT;\n${rows};\nTABLE outpost.stores;\n` });
        assert.ok(!said.includes(WORD), `${trick}: ${said}`);
        for (const line of said.split('\n')) assert.ok(!/^[1-9]\d*$/.test(line) || /COPY|leak/.test(trick), `${trick}: ${said}`);
      }
    }
    // Without its claim, with a wrong one, or as itself, the login of all clients sees nothing.
    for (const first of ['SET ROLE authenticated;', `SET ROLE authenticated; SET request.jwt.claims = '{}';`, '']) {
      const said = hq.psql(undefined, { user: 'authenticator', password: 'a', input: `\\set ON_ERROR_STOP 0\n${first}\nSELECT count(*) FROM outpost.stores;` });
      assert.ok(said === '0' || said === '', said);
    }
    assert.equal(everything(hq, all, theirs), before);
  });

  await t.test('random statements', () => {
    const r = random(21);
    const names = [...all.keys()];
    const statement = () => {
      const table = r.pick(names);
      const columns = all.get(table);
      const c = r.pick(columns);
      const where = r.pick(['', ` WHERE organization_id = '${theirs.id}'`, ` WHERE "${c.name}"::text LIKE '%${WORD.slice(0, 4)}' || '%'`, ` WHERE EXISTS (SELECT FROM outpost."${r.pick(names)}" y WHERE y.organization_id = '${theirs.id}')`]);
      return r.pick([
        () => `SELECT * FROM outpost."${table}" x${where}`, () => `SELECT "${c.name}", count(*) FROM outpost."${table}"${where} GROUP BY 1`,
        () => `UPDATE outpost."${table}" SET "${c.name}" = ${value({ ...theirs, word: 'MINE' }, c)}${where} RETURNING *`, () => `DELETE FROM outpost."${table}"${where} RETURNING *`,
        () => `${insertion(table, columns, { ...r.pick([ours, theirs]), word: 'MINE' })} ON CONFLICT DO NOTHING RETURNING *`,
        () => `SELECT a.* FROM outpost."${table}" a FULL JOIN outpost."${r.pick(names)}" b USING (organization_id)${r.pick(['', ' FOR UPDATE OF a'])}`,
        () => `MERGE INTO outpost."${table}" d USING (SELECT '${theirs.id}'::uuid AS id) s ON d.organization_id = s.id WHEN MATCHED THEN DELETE`,
      ])();
    };
    for (const whose of [ours.edge, ours.jane]) {
      const script = Array.from({ length: LONG ? 5000 : 200 }, statement).join(';\n');
      const said = hq.psql(undefined, { ...whose, input: `\\set ON_ERROR_STOP 0\n${script};\n` });
      assert.ok(!said.includes(WORD), said.split('\n').find((line) => line.includes(WORD)));
    }
    assert.equal(everything(hq, all, theirs), before);
  });
});
