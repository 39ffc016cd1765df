/* Is there room for the list and the report side by side? */
import { signal } from '@preact/signals';

const query = matchMedia('(min-width: 56rem)');
export const wide = signal(query.matches);
query.addEventListener('change', () => {
  wide.value = query.matches;
});
