/* The report of one run, as the server has it now. */
import { useMemo } from 'preact/hooks';
import { address } from '../lib/api.js';
import { useLive } from '../lib/live.js';

const LISTS = ['audits', 'controls', 'mapping', 'unknown_columns', 'decisions', 'oddities', 'by_region', 'by_product', 'by_day', 'timeline'];

/* A run that ended early has no figures yet: its report has the same shape. */
export function complete(run) {
  const lists = Object.fromEntries(LISTS.map((name) => [name, run[name] ?? []]));
  return { totals: {}, rejected: {}, ...run, ...lists };
}

/* { run, error, again } of GET /api/runs/ID. */
export function useRun(id) {
  const { answer, error, again } = useLive(address(`/api/runs/${encodeURIComponent(id)}`));
  const run = useMemo(() => answer && complete(answer.data), [answer]);
  return { run, error, again };
}
