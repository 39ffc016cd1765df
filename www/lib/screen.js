/* How much room there is. On paper the answer must be the one of the screen, or a
** printed report would be that of a telephone. */
import { signal } from '@preact/signals';

function follow(text) {
  const query = matchMedia(text);
  const answer = signal(query.matches);
  query.addEventListener('change', () => {
    if (!matchMedia('print').matches) answer.value = query.matches;
  });
  return answer;
}

/* Is a finger what points here? */
export const touch = follow('(pointer: coarse)');
/* Room for the rail beside the page. Narrower, the navigation is a bar below it. */
export const wide = follow('(min-width: 60rem)');
