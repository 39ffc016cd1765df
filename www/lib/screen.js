/* Is there room for the list and the report side by side? On paper the answer must
** be the one of the screen, or a printed report would be a list. */
import { signal } from '@preact/signals';

const query = matchMedia('(min-width: 56rem)');
export const wide = signal(query.matches);
query.addEventListener('change', () => {
  if (!matchMedia('print').matches) wide.value = query.matches;
});
