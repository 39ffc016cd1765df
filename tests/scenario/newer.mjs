// A program of the future: this one, with other files in sql/entity and sql/dataset, linked from the objects of the test build.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { OUTPOST_TEST, ROOT } from './lib.mjs';

const variant = path.dirname(OUTPOST_TEST);
export const unbuilt = ['link', 'flags', 'obj/gen/sql.o'].every((name) => fs.existsSync(path.join(variant, name))) ? false : `there are no objects in ${variant}`;
// The number of the last migration that this program knows.
export const HEAD = Math.max(...[...fs.readdirSync(path.join(ROOT, 'sql/migrate/tenant')).map((name) => parseInt(name, 10)), ...['entities', 'datasets'].flatMap((one) => [...fs.readFileSync(path.join(ROOT, `build/gen/${one}.sql`), 'utf8').matchAll(/^-- migration: (\d+)/gm)])].map((x) => Number(x[1] ?? x)).filter(Number.isFinite));

// files: { 'gadget.entity': text, 'returns.dataset': text }, new ones and those that take the place of one of ours. Its path.
export function buildNewer(dir, name, files) {
  const gen = path.join(dir, name);
  fs.mkdirSync(gen);
  for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(gen, file), text);
  const run = (command, args) => execFileSync(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  const list = (folder, end) => fs.readdirSync(path.join(ROOT, folder)).filter((f) => f.endsWith(end)).map((f) => path.join(folder, f));
  for (const kind of ['entity', 'dataset']) {
    const fresh = Object.keys(files).filter((file) => file.endsWith(`.${kind}`));
    const old = list(`sql/${kind}`, `.${kind}`).filter((f) => !fresh.includes(path.basename(f)));
    run(`build/host/${kind === 'entity' ? 'embed_entities' : 'embed_datasets'}`, [gen, ...old, ...fresh.map((file) => path.join(gen, file))]);
  }
  const reports = fs.readdirSync(path.join(gen, 'report')).map((file) => path.join(gen, 'report', file));
  run('build/host/embed_sql', [gen, path.join(gen, 'entities.sql'), path.join(gen, 'datasets.sql'), ...reports, ...['query', 'report', 'migrate/tenant', 'migrate/system', 'upstream'].flatMap((f) => list(`sql/${f}`, '.sql'))]);
  assert.equal(fs.readFileSync(path.join(gen, 'sql.h'), 'utf8'), fs.readFileSync(path.join(ROOT, 'build/gen/sql.h'), 'utf8'));
  const flags = fs.readFileSync(path.join(variant, 'flags'), 'utf8').trim();
  const objects = ['sql', 'entities', 'datasets'].map((one) => {
    run('sh', ['-c', `${flags} -O0 -U_FORTIFY_SOURCE -c ${gen}/${one}.c -o ${gen}/${one}.o`]);
    return `${gen}/${one}.o`;
  });
  const link = fs.readFileSync(path.join(variant, 'link'), 'utf8').trim().replace(/\S+\/gen\/sql\.o/, objects[0]).replace(/\S+\/gen\/entities\.o/, objects[1]).replace(/\S+\/gen\/datasets\.o/, objects[2]);
  run('sh', ['-c', `${link} -o ${gen}/outpost`]);
  return path.join(gen, 'outpost');
}
