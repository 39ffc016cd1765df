/* What somebody is in the midst of writing: kept in this browser at each step, so that whoever
** reloads the page in the next moment loses nothing; each person has his own.
**
**   const [sheet, change] = useSheet('outpost.count', EMPTY); change((old) => ({ ...old, lines }))
*/
import { useState } from 'preact/hooks';
import { owner } from './session.js';
import { store, stored } from './stored.js';

const ownName = (name) => (owner() === 'local' ? name : `${name}.${owner()}`);

function kept(name, empty) {
  try {
    return { ...empty, ...JSON.parse(stored(ownName(name))) };
  } catch {
    return empty;
  }
}

function keep(name, sheet) {
  store(ownName(name), JSON.stringify(sheet));
  return sheet;
}

export function useSheet(name, empty) {
  const [sheet, setSheet] = useState(() => kept(name, empty));
  return [sheet, (change) => setSheet((old) => keep(name, change(old)))];
}
