// Merging once more (src/replicate/merge.h), as sets: an edit is { origin, stamp, before, after, seen }, where `seen` is the set of
// edits that its author knew of. What a set of edits comes to does not know of any order of arrival.
export const LATEST = ['a', 'b', 'c'];
export const DELTA = ['n'];
const SHOWN = [...LATEST, ...DELTA, 'deleted'];

export const later = (x, y) => x.stamp - y.stamp || x.origin - y.origin;
const touches = (e, f) => (e.before ? e.before[f] !== e.after[f] : true);

// The value that shows and whose it is.
export function shown(edits, f) {
  const of = edits.filter((e) => touches(e, f));
  if (DELTA.includes(f)) return { value: of.reduce((sum, e) => sum + e.after[f] - (e.before?.[f] ?? 0), 0) };
  const winner = of.sort(later).at(-1);
  return winner && { value: winner.after[f], winner };
}

export function state(edits) {
  if (edits.length === 0) return null;
  const row = Object.fromEntries(SHOWN.map((f) => [f, shown(edits, f).value]));
  const version = edits.reduce((sum, e) => sum + e.after.version - (e.before?.version ?? 0), 0);
  return { ...row, version };
}

// Its author changed the field again, or somebody to whom it showed did.
const goneOn = (edits, e, f) => edits.some((x) => touches(x, f) && x.seen.has(e) && (x.origin === e.origin || x.before?.[f] === e.after[f]));

// Edits of a field that do not show and that nobody went on from, as "field:stamp:origin". Values of a test are never the
// same twice, so nobody comes to a value by chance; only a record that was restored is again what it was.
export function lost(edits) {
  const all = [];
  const name = (f, e) => all.push(`${f === 'deleted' ? 'deleted_at' : f}:${e.stamp}:${e.origin}`);
  const gone = shown(edits, 'deleted')?.value;
  const restored = edits.filter((e) => e.before?.deleted && !e.after.deleted);
  const deletions = edits.filter((e) => e.after.deleted && !e.before?.deleted && restored.every((x) => later(x, e) < 0));
  for (const f of [...LATEST, 'deleted']) {
    const { value, winner } = shown(edits, f);
    for (const e of edits.filter((x) => touches(x, f))) {
      if (goneOn(edits, e, f)) continue;
      if (e !== winner) {
        if (e.after[f] !== value) name(f, e);
      } else if (f !== 'deleted' && gone && deletions.some((d) => d !== e && !d.seen.has(e) && !e.seen.has(d) && d.origin !== e.origin)) name(f, e);
    }
  }
  return all.sort();
}

// ---- random ----

export function random(seed) {
  let x = seed >>> 0 || 1;
  const next = () => {
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    return x;
  };
  return { below: (n) => next() % n, of: (list) => list[next() % list.length], chance: (p) => next() / 2 ** 32 < p };
}

// Edits of several origins that sometimes hear of what the others did. Stamps of one origin only grow; those of another may be
// anywhere: clocks differ.
export function edits(r, { origins = 3, count = 8, deletes = true } = {}) {
  const all = [];
  let serial = 0;
  const clocks = Array.from({ length: origins }, () => 10 + r.below(40));
  const seen = Array.from({ length: origins }, () => new Set());
  const first = { origin: 1, stamp: 10, before: null, after: { a: 'a0', b: 'b0', c: 'c0', n: 100, deleted: false, version: 1 }, seen: new Set() };
  clocks[0] = Math.max(clocks[0], 10);
  all.push(first);
  for (const s of seen) s.add(first);
  while (all.length < count) {
    const k = r.below(origins);
    if (r.chance(0.25)) {
      // Hears of what another knows: both are at headquarters then. His clock is behind no stamp that he has seen.
      for (const e of seen[r.below(origins)]) {
        seen[k].add(e);
        clocks[k] = Math.max(clocks[k], e.stamp);
      }
      continue;
    }
    const before = state([...seen[k]]);
    const after = { ...before, version: before.version + 1 };
    if (before.deleted || (deletes && r.chance(0.12))) after.deleted = !before.deleted;
    else for (const f of LATEST) if (r.chance(0.4)) after[f] = `${f}${++serial}`;
    if (!after.deleted && !before.deleted && r.chance(0.4)) after.n += r.below(21) - 10;
    if (JSON.stringify({ ...before, version: 0 }) === JSON.stringify({ ...after, version: 0 })) continue;
    clocks[k] += 1 + r.below(12);
    const e = { origin: k + 1, stamp: clocks[k], before, after, seen: new Set(seen[k]) };
    seen[k].add(e);
    all.push(e);
  }
  return all;
}

// A random order in which they may arrive: each after what its author knew.
export function arrival(r, all) {
  const order = [];
  const left = new Set(all);
  while (left.size) {
    const ready = [...left].filter((e) => [...e.seen].every((x) => !left.has(x)));
    const e = r.of(ready);
    order.push(e);
    left.delete(e);
  }
  return order;
}
