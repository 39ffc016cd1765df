/* What the wizard knows: the file, what was recognised in it, what the reader of the
** page chose. It lives outside the wizard, so that a file dropped anywhere on the
** page is there when the wizard opens. */
import { signal } from '@preact/signals';
import { address, del, get, post } from '../lib/api.js';
import { DATASETS } from '../lib/dataset.js';
import { progressed } from '../lib/live.js';
import { go, link, route } from '../lib/route.js';

/* Settings of the reader that can be given; '' is "as recognised". */
export const DIALECT = ['encoding', 'delimiter', 'quote', 'escape', 'header', 'skip', 'decimal', 'date-order'];
const TAKES_FILES = ['imports/new', 'upload']; /* pages that a dropped file is for */

const NONE = { step: 'file', file: null, as: DATASETS[0], look: null, map: {}, unique: [], existing: 'reject', dialect: {}, test: null, real: null };
export const draft = signal(NONE);
export const brought = signal(null); /* a file that the wizard has not taken up yet */

export const change = (changes) => {
  draft.value = { ...draft.value, ...changes };
};
export const forget = () => change(NONE);

/* Anew, and without the file that was sent but not imported. */
export function begin() {
  const { look, real } = draft.value;
  if (look && !real) del(address(`/api/uploads/${look.upload}`)).catch(() => {}); /* it goes by itself, only later */
  change(NONE);
}

export function bringFile(file) {
  begin();
  brought.value = file;
  if (!TAKES_FILES.includes(route.value.path)) go(link('imports/new'));
}

/* What GET /api/uploads/ID says, made into choices. */
export function recognised(look) {
  const map = Object.fromEntries(look.mapping.map((row) => [row.field, row.heading ?? '']));
  change({ look, map, unique: look.unique ?? [], existing: look.existing ?? 'reject', test: null });
}

export async function lookAt(upload, dialect = {}) {
  const { data } = await get(address(`/api/uploads/${upload}`, { as: draft.value.as, ...dialect }));
  recognised(data);
  change({ dialect });
}

/* As what it lacks the least: what it is, until somebody says otherwise. */
export async function recognise(upload) {
  const looks = await Promise.all(DATASETS.map(async (as) => ({ as, look: (await get(address(`/api/uploads/${upload}`, { as }))).data })));
  const lacks = ({ look }) => look.mapping.filter((row) => !row.optional && !row.heading).length;
  const [best] = looks.sort((a, b) => lacks(a) - lacks(b));
  change({ as: best.as });
  recognised(best.look);
}

export async function takeAs(as) {
  change({ as });
  await lookAt(draft.value.look.upload, draft.value.dialect);
}

/* A picture or a workbook has none: what it is stands in look.problem. */
export const hasTable = (look) => look.columns.length > 0;

/* Each of these must have its column: the server refuses the import otherwise. */
export const missing = ({ look, map }) => look.mapping.filter((row) => !row.optional && !map[row.field]).map((row) => row.field);

/* The mapping as the reader of the page left it: only what differs from what is
** found by itself, so that what is found stays marked as found. */
function given({ look, map }) {
  const same = look.mapping.every((row) => (row.heading ?? '') === map[row.field]);
  return same ? [] : look.mapping.filter((row) => map[row.field]).map((row) => `${row.field}=${map[row.field]}`);
}

export async function start(dryRun) {
  const now = draft.value;
  const { data } = await post(
    address('/api/imports', {
      as: now.as,
      upload: now.look.upload,
      dry_run: dryRun ? 1 : null,
      map: given(now),
      unique: now.unique.join(','),
      existing: now.existing,
      ...now.dialect,
    }),
  );
  progressed({ import: data.import, name: now.look.name, dry_run: dryRun, state: 'waiting', rows: 0, bytes: 0, bytes_total: now.look.bytes, seconds: 0 });
  return data.import;
}
