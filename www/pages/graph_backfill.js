/* Past days run again: from, to, and how many runs were ordered. */
import { useState } from 'preact/hooks';
import { address, post } from '../lib/api.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Form } from '../parts/form.js';
import { toast } from '../parts/toast.js';

const FIELDS = [
  { name: 'from', label: t('scope.from'), kind: 'day', required: true },
  { name: 'to', label: t('scope.to'), kind: 'day', required: true },
];

export function Backfill({ name }) {
  const [turn, setTurn] = useState(0); /* a new form after each order */
  const save = async (values) => {
    const { data } = await post(address(`/api/graphs/${encodeURIComponent(name)}/backfill`), values);
    toast({ text: t('graphs.backfilled', { n: data.runs }) });
    setTurn(turn + 1);
  };
  return html`<${Form} key=${turn} fields=${FIELDS} value=${{}} onSave=${save} save=${t('graphs.backfill_do')} />`;
}
