/* Which rows of a long list are chosen: some by their ids, or all that fit a
** filter, also those that are not loaded. Values, never changed in place.
**
**   NONE                        nothing
**   { ids: Set, all: false }    these
**   { ids: Set, all: true }     every row that fits, and so each that is shown */
export const NONE = { ids: new Set(), all: false };
export const ALL = { ids: new Set(), all: true };

export const has = (selection, id) => selection.all || selection.ids.has(id);
export const size = (selection, total) => (selection.all ? total : selection.ids.size);
export const isEmpty = (selection) => !selection.all && !selection.ids.size;

/* To take one out of "all" leaves the others that are shown: a row that nobody saw
** must not stay chosen by accident. */
export function toggle(selection, id, order) {
  const ids = new Set(selection.all ? order : selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, all: false };
}

/* From one row to another, both included, in the order of the list. */
export function extend(selection, order, from, to) {
  const [a, b] = [order.indexOf(from), order.indexOf(to)];
  if (b < 0) return selection;
  const start = a < 0 ? b : a;
  return { ids: new Set([...selection.ids, ...order.slice(Math.min(start, b), Math.max(start, b) + 1)]), all: false };
}

/* What is no longer in the list is no longer chosen. */
export function only(selection, order) {
  if (selection.all) return selection;
  const ids = new Set(order.filter((id) => selection.ids.has(id)));
  return ids.size === selection.ids.size ? selection : { ids, all: false };
}

/* What the server is told to act on. */
export const target = (selection, filter) => (selection.all ? { filter } : { ids: [...selection.ids] });
