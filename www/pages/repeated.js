/* Many rows of a file have the key of an earlier one: perhaps it is the key that is wrong, and not the rows. */
import { count } from '../lib/decimal.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';

export const Repeated = ({ result, stored }) => result.repeated && html`<p class="notice tone-warn" data-notice="repeated"><${Icon} name="warn" /> <span>${t(stored ? 'import.repeated_stored' : 'import.repeated', { n: count(result.repeated.rows), key: result.repeated.key })}</span></p>`;
