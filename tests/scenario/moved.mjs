// Programs whose clock the test moves: a test build adds what $OUTPOST_CLOCK holds.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import * as lib from './lib.mjs';

// A tenant with a clock of its own: { ...place, set(iso), now(), json(...args), ok, refuses, work() }.
export function movedPlace(t, iso) {
  const p = lib.place(t);
  const clock = path.join(p.dir, 'clock');
  const options = { binary: lib.OUTPOST_TEST, env: { OUTPOST_CLOCK: clock } };
  const set = (to) => {
    fs.writeFileSync(`${clock}.new`, String(Math.round((Date.parse(to) - Date.now()) * 1000)));
    fs.renameSync(`${clock}.new`, clock); // never read half written
  };
  const now = () => Date.now() + Number(fs.readFileSync(clock, 'utf8')) / 1000;
  set(iso);
  const moved = {
    ...p, options, set, now,
    json: (...args) => lib.json([...args, ...p.args], options),
    refuses: (args, pattern, code) => lib.refuses([...args, ...p.args], pattern, code, options),
    save: (entity, object) => lib.json(['record', 'save', entity, JSON.stringify(object), ...p.args], options),
    slots: (name) => moved.json('schedule', 'show', name, '--limit', '5000').slots.map((s) => ({ ...s, slot: s.slot.replace(/:00\.000000Z$/, 'Z') })).reverse(),
    // Only what the test makes is to run.
    quiet: () => {
      for (const s of moved.json('schedule', 'list')) moved.json('schedule', 'pause', s.name);
    },
    // A process that works until it is stopped: { stop(signal) }.
    work: () => {
      const { child, ended } = lib.start(['jobs', 'work', ...p.args], options);
      t.after(() => child.kill('SIGKILL'));
      return { child, ended, stop: (signal = 'SIGTERM') => (child.kill(signal), ended) };
    },
    // A server without workers: { port, stop() }.
    serve: async () => {
      const { child, ended } = lib.start(['serve', '--data', p.data, '--listen', '127.0.0.1:0', '--workers', '0'], options);
      t.after(() => child.kill('SIGKILL'));
      const port = await new Promise((resolve, reject) => {
        child.stdout.on('data', (bytes) => resolve(Number(/:(\d+)\//.exec(String(bytes))[1])));
        ended.then((how) => reject(new Error(`serve ended: ${JSON.stringify(how)}`)));
      });
      return { port, stop: () => (child.kill('SIGTERM'), ended) };
    },
  };
  return moved;
}

export async function until(is, what, seconds = 15) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await is();
    if (answer) return answer;
    assert.ok(Date.now() < end, `${what} did not come within ${seconds} s`);
    await lib.sleep(25);
  }
}
