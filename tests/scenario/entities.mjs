// Records of any entity, made from its description: for tests that go over all of
// them. An entity whose rules want more than its kinds say stands in SPECIAL.
import fs from 'node:fs';
import path from 'node:path';
import * as lib from './lib.mjs';
import { importFile, json, one, query } from './lib.mjs';

export const ENTITIES = json(['record', 'entities']);
const stamps = /^(id|version|created_at|created_by|updated_at|updated_by|deleted_at|deleted_by)$/;
export const isStamp = (name) => stamps.test(name);

// ---- one value ----

const RANGE = 10n ** 12n;
const units = (text, scale) => BigInt(text.includes('.') ? text.replace(/\.(\d*)$/, (_, d) => d.padEnd(scale, '0')) : text + '0'.repeat(scale));
export function decimalText(v, scale) {
  const digits = String(v < 0n ? -v : v).padStart(scale + 1, '0');
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, '');
  return `${v < 0n ? '-' : ''}${text === '' ? '0' : text}`;
}
const big = (r) => BigInt(r.below(1e9)) * BigInt(r.below(1e9));

function textOf(r, p, mark) {
  const words = p.name === 'email' ? `user${mark}@example.org` : `${p.name} ${mark} ${r.pick(['₹', 'Ünit', '"x"', 'naïve', ''])} ${r.below(1000)}`;
  const cut = [...words].slice(0, p.max ?? 200).join('').trim();
  return cut.padEnd(p.min ?? 1, 'x');
}

// A value of a property as a record has it; `mark` tells those of one test apart.
export function valueOf(r, p, mark, reference) {
  switch (p.kind) {
    case 'integer': {
      const least = p.min ?? -1000;
      return least + r.below(Math.min((p.max ?? least + 1e6) - least + 1, 1e6));
    }
    case 'decimal': {
      const least = p.min === undefined ? -RANGE : units(p.min, p.scale);
      const most = p.max === undefined ? RANGE : units(p.max, p.scale);
      return decimalText(least + (big(r) % (most - least + 1n)), p.scale);
    }
    case 'boolean': return r.chance(0.5);
    case 'day': return new Date(Date.UTC(1990 + r.below(30), r.below(12), 1 + r.below(28))).toISOString().slice(0, 10);
    case 'instant': return new Date(Date.UTC(1990 + r.below(30), r.below(12), 1 + r.below(28), r.below(24), r.below(60), r.below(60), r.below(1000))).toISOString().replace('Z', `${String(r.below(1000)).padStart(3, '0')}Z`);
    case 'json': return r.pick([{}, { a: [1, 'zwei', null, { b: '1.50' }] }, { [`k${mark}`]: r.below(100) }]);
    case 'choice': return r.pick(p.choices);
    case 'reference': return reference(p.reference);
    default: return textOf(r, p, mark);
  }
}

// ---- what no kind says ----

function importSome(p) {
  if (one(p.db, 'SELECT count(*) FROM run') !== '0') return;
  const file = path.join(p.dir, 'messy.csv');
  fs.writeFileSync(file, lib.messySales(9, 1200));
  importFile(p, file);
}
const exceptions = (p) => (importSome(p), query(p.db, "SELECT id FROM reject WHERE state = 'open' AND id NOT IN (SELECT exception FROM review WHERE deleted_at IS NULL) ORDER BY id").map((row) => Number(row[0])));
const keys = (p) => (importSome(p), query(p.db, 'SELECT key FROM sale ORDER BY key').map((row) => row[0]));
const card = (r) => ({ kind: r.pick(['stat', 'line', 'bars', 'table']), title: `Card "${r.below(1000)}"`, measure: r.pick(['orders', 'quantity', 'revenue', 'average']), group: r.pick(['region', 'product', 'order_date']), filter: r.pick([{}, { region: 'North' }, { from: '2024-01-01', product: 'Dairy' }]), span: r.pick([1, 2]) });
const subjects = (p) => query(p.db, "SELECT DISTINCT 'rule ' || name FROM rule UNION ALL SELECT s.name FROM sqlite_schema s WHERE s.type IN ('table', 'view') UNION ALL SELECT s.name || '.' || c.name FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type IN ('table', 'view')").map((row) => row[0]);

// ENTITY: { make(r, i, place): a whole record, change(r): some of its properties } instead of what is made
// from the description, or only { set: { property: (r, i, place) => value, undefined for none } }. most: so many
// can be there at once; prepare(place): what must be done before the first is made.
const SPECIAL = {
  role: { set: { permissions: (r) => r.pick(['*.read', 'sales.write stock.read', 'people.write, audit.read']) } },
  order: { // its sums are those of its lines, and here it has none
    set: { total_amount: () => '0', item_count: () => 0, status: () => 'draft', number: (r, i) => `N-${i}-${r.below(1e6)}` },
    change: (r) => r.pick([{ notes: `n${r.below(1e6)}` }, { due_date: '2031-01-01' }, { source: 'scan' }]),
  },
  order_item: {
    set: { position: (r, i) => 1 + i, quantity: () => '2.5', unit_price: () => '3.4999', total_price: () => '8.75' },
    change: (r) => r.pick([{ note: `n${r.below(1e6)}` }, { quantity: '3', total_price: '10.5' }, { unit_price: '4', total_price: '10', quantity: '2.5' }]),
  },
  mail_server: {
    make: (r, i) => ({ name: `server ${i}`, host: r.pick(['mail.example.org', '192.0.2.7', '2001:db8::1']), security: r.pick(['starttls', 'tls']), login: r.pick([null, 'ünit']), sender: r.pick(['a@example.org', 'Außen <b@example.org>']) }),
    change: (r) => r.pick([{ port: 1 + r.below(65535) }, { active: r.chance(0.5) }, { hold_unclear: r.chance(0.5) }, { authorities: `x${r.below(9)}` }]),
  },
  net_allow: {
    make: (r, i) => ({ peer: r.pick([`10.${r.below(255)}.${i}.0/24`, `fd00::${i}`, `host${i}.lan`]), note: `because ${i} "x"` }),
    change: (r) => ({ note: `why ${r.below(1e6)}` }),
  },
  webhook: {
    make: (r, i) => ({ name: `hook ${i}`, url: `https://erp.example/${r.below(100)}`, events: r.pick(['*', 'run.*, job.dead', '-']) }),
    change: (r) => r.pick([{ url: `https://b.example:8443/${r.below(1e6)}?a=b` }, { active: r.chance(0.5) }, { events: 'run.completed' }]),
  },
  rule: {
    make: (r, i) => ({ dataset: 'sales', name: `rule_${i}`, stage: 'business', kind: 'range', field: r.pick(['quantity', 'revenue']), params: { max: String(1000 + r.below(1000)) }, category: 'BUSINESS_RULE_VIOLATION', message: `message ${i}`, active: r.chance(0.5), position: 200 + i }),
    change: (r) => r.pick([{ message: `said ${r.below(1e6)}` }, { params: { min: String(r.below(10)) } }, { active: r.chance(0.5) }, { position: r.below(1000), stage: 'quality' }]),
  },
  reference_item: {
    make: (r, i) => ({ list: r.pick(['regions', 'products', 'colours']), value: `Wert ${i} ₹ "${r.below(100)}"` }),
    change: (r) => ({ value: `changed ${r.below(1e9)}` }),
  },
  mapping_memory: {
    make: (r, i) => ({ dataset: 'sales', headings: `bon${r.below(1e6)}\x1fspalte ${i}`, maps: { order_id: `Bon ${i}`, region: r.pick(['Gebiet', 'Ort "x"']) }, unique_key: r.pick([null, 'order_id']), existing: r.pick(['reject', 'update', null]) }),
    change: (r) => r.pick([{ maps: { product: `Ware ${r.below(100)}` } }, { existing: r.pick(['reject', 'update']) }, { unique_key: null }]),
  },
  tab: {
    make: (r, i) => ({ title: `Tab ${i} ₹ ${r.below(100)}`, cards: Array.from({ length: r.below(4) }, () => card(r)), position: r.below(1000) }),
    change: (r) => r.pick([{ cards: [card(r), card(r)] }, { position: r.below(1000) }]),
  },
  steward: {
    make: (r, i, p) => ({ subject: subjects(p)[i], owner: r.pick(['Sales', 'Ünit 2', null]), description: `what ${i} is` }),
    change: (r) => r.pick([{ owner: `O${r.below(1e6)}` }, { description: null }]),
  },
  review: {
    make: (r, i, p) => ({ exception: exceptions(p)[i], assignee: r.pick(['mo', 'Ünit 3', null]), ...r.pick([{}, { decision: 'accepted', reason: `because ${i}` }]) }),
    change: (r) => r.pick([{ assignee: `A${r.below(1e6)}` }, { assignee: null }, { decision: 'accepted', reason: `why "${r.below(100)}"` }, { decision: null, reason: null }]),
  },
  topic: {
    make: (r, i) => ({ name: `feed-${i}-${r.below(1e6)}`, help: `what "${i}" says`, fields: [{ name: 'sku', kind: 'text' }, { name: 'value', kind: r.pick(['decimal', 'integer']) }], types: { SEEN: ['sku'] }, key: r.pick([[], ['sku']]), retention_days: r.below(30) }),
    change: (r) => r.pick([{ help: `said ${r.below(1e6)}` }, { retention_bytes: r.below(1e9) }, { partitions: 1 + r.below(64) }, { beyond_groups: r.chance(0.5) }]),
  },
  stock_reservation: { // of nothing: what there is of something is for stock.test.mjs
    make: (r, i) => ({ sku: `SKU-${i}`, warehouse: 'W1', quantity: '0', reference: `ORDER-${i}` }),
    change: (r) => r.pick([{ customer: `C${r.below(1e6)}` }, { state: r.pick(['open', 'released', 'fulfilled']) }, { until: '2031-01-01' }]),
  },
  legal_hold: { set: { subject: () => 'stock_transactions', from_day: (r) => r.pick([null, `2024-01-0${1 + r.below(9)}`]), until_day: (r) => r.pick([null, `2024-02-0${1 + r.below(9)}`]) } },
  retention_policy: {
    set: { subject: () => 'stock_transactions' },
    most: 1,
    prepare: (p) => json(['record', 'list', 'retention_policy', ...p.args]).forEach((row) => json(['record', 'delete', 'retention_policy', row.id, ...p.args])),
  },
  alert: { // while it is not resolved there is one for a kind and subject
    make: (r, i) => ({ kind: `kind_${i}`, subject: `Ünit "${i}"`, state: r.pick(['low', 'out']), severity: r.pick(['info', 'critical']), title: `title ${i}`, text: r.pick([null, `text ${i}`]), detail: r.pick([{}, { available: 3 }]), address: '#/stock' }),
    change: (r) => r.pick([{ status: 'acknowledged', note: `note ${r.below(1e6)}` }, { severity: 'warning' }, { state: `s${r.below(1e6)}` }]),
  },
  alert_route: {
    make: (r, i) => ({ name: `route ${i}`, kind: r.pick(['low_*', '*']), severity: r.pick(['info', 'critical']), ...r.pick([{ channel: 'email', target: `a${i}@example.org` }, { channel: 'webhook', target: `https://example.org/${i}` }]) }),
    change: (r) => r.pick([{ kind: `k${r.below(1e6)}` }, { active: r.chance(0.5) }]),
  },
  metric: {
    make: (r, i) => ({ metric_type: r.pick(['revenue', 'inventory', 'staffing', 'costs']), metric_date: `20${10 + Math.floor((i % 280) / 28)}-02-${String((i % 28) + 1).padStart(2, '0')}`, metric_value: String(1 + r.below(2e6)), data: r.pick([{}, { category: 'A "x"' }, { categories: { A: '1.50', Ü: '2' } }]) }),
    change: (r) => r.pick([{ metric_value: `${r.below(1e6)}.5` }, { data: { category: `c${r.below(100)}` } }]),
  },
  reorder_rule: {
    make: (r, i) => ({ sku: `SKU-${i}`, warehouse: r.pick([null, 'W1']), category: null, service_level: r.pick(['0.95', '0.5']), lead_time_days: r.pick(['7', '2.5']), pack_size: r.pick([null, '12']) }),
    change: (r) => r.pick([{ order_cost: `${1 + r.below(100)}.25` }, { method: r.pick(['eoq', 'min_max']) }, { active: r.chance(0.5) }, { cover_days: 1 + r.below(90) }]),
  },
  reorder_proposal: { // one open one for an item in a warehouse
    make: (r, i) => ({ sku: `SKU-${i}`, warehouse: 'W1', quantity: String(1 + r.below(100)), method: r.pick(['eoq', 'min_max', 'fixed']), state: 'low', risk: '0.25', reason: `because ${i}` }),
    change: (r) => r.pick([{ note: `n${r.below(1e6)}` }, { status: 'dismissed' }, { supplier: `S${r.below(10)}` }]),
  },
  connector: {
    make: (r, i) => ({ name: `c ${i}`, type: 'folder', settings: { folder: `in${i}` }, sync_frequency: r.pick(['hourly', 'daily']) }),
    change: (r) => r.pick([{ status: r.pick(['paused', 'active']) }, { sync_frequency: 'manual' }, { credentials: `ref-${r.below(9)}` }]),
  },
  schedule: {
    make: (r, i) => ({ name: `plan-${i}`, cron: r.pick(['0 2 * * *', '*/15 8-17 * * mon-fri', '@weekly']), zone: r.pick(['UTC', 'Europe/Berlin']), ...r.pick([{ kind: 'jobs_tidy' }, { kind: 'graph', graph: 'weekly_summary' }]), catch_up: r.pick(['skip', 'once', 'all']) }),
    change: (r) => r.pick([{ cron: `${r.below(60)} 3 * * *` }, { active: r.chance(0.5) }, { help: `said ${r.below(1e6)}` }, { payload: { days: r.below(30) } }]),
  },
  graph: {
    make: (r, i) => ({ name: `graph_${i}`, tasks: [{ name: 'first', kind: 'jobs_tidy' }, { name: 'second', kind: 'jobs_tidy', after: ['first'], retries: r.below(5) }], retries: r.below(9), start_day: r.pick([null, '2024-11-01']) }),
    change: (r) => r.pick([{ owner: `O${r.below(1e6)}` }, { retry_delay_s: r.below(1000) }, { catch_up: r.chance(0.5) }, { tasks: [{ name: 'only', kind: 'jobs_tidy', after: [] }] }]),
  },
  note: {
    make: (r, i, p) => ({ dataset: 'sales', key: keys(p)[i], text: `note "${i}"` }),
    change: (r) => ({ text: `said ${r.below(1e6)}` }),
  },
};

// ---- a whole record ----

// How records of an entity are made and changed: { entity, make(r, i, place), change(r), natural, most, prepare(place) }.
// natural: the properties of its first unique key. `more` are SPECIALs of the test's own, `run` calls
// the program (another one, perhaps).
export function maker(entity, { entities = ENTITIES, special = {}, run = json } = {}) {
  const own = special[entity.name] ?? SPECIAL[entity.name] ?? {};
  const isKey = (p) => entity.unique.some((key) => key.includes(p.name));
  const reference = (r, place) => (name) => makeOne(entities.find((e) => e.name === name), r, r.below(1e9), place, { entities, special, run }).id;
  const value = (p, r, i, place) => (own.set && p.name in own.set ? own.set[p.name](r, i, place) : valueOf(r, p, i, reference(r, place)));
  const make = (r, i, place) => {
    const given = entity.properties.filter((p) => p.required || isKey(p) || (own.set && p.name in own.set) || (p.reference !== entity.name && r.chance(0.6)));
    return Object.fromEntries(given.map((p) => [p.name, value(p, r, i, place)]).filter(([, v]) => v !== undefined));
  };
  const change = (r) => {
    const free = entity.properties.filter((p) => !isKey(p) && !p.reference && !(own.set && p.name in own.set));
    const some = free.filter(() => r.chance(0.4));
    return Object.fromEntries((some.length || !free.length ? some : [r.pick(free)]).map((p) => [p.name, !p.required && p.default === undefined && r.chance(0.2) ? null : value(p, r, r.below(1e6))]));
  };
  return { entity, make: own.make ?? make, change: own.change ?? change, natural: entity.unique[0] ?? [], most: own.most ?? Infinity, prepare: own.prepare ?? (() => {}) };
}

// One record of it, stored.
export function makeOne(entity, r, i, place, options = {}) {
  const run = options.run ?? json;
  const how = maker(entity, options);
  how.prepare(place);
  return run(['record', 'save', entity.name, JSON.stringify(how.make(r, i, place)), ...place.args]);
}
