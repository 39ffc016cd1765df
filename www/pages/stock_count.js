/* The count sheet: every scan of an item adds one, a figure may be typed over it; what is
** booked is the difference to what the ledger says at that moment. The sheet survives a
** reload: it is kept in the browser until it is booked. */
import { useEffect, useState } from 'preact/hooks';
import { address, post } from '../lib/api.js';
import { html } from '../lib/html.js';
import { link } from '../lib/route.js';
import { useScan } from '../lib/scan.js';
import { useSheet } from '../lib/sheet.js';
import { t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { toast, toastFailure } from '../parts/toast.js';
import { find, useWarehouses } from './stock.js';

const KEY = 'outpost.count';
const EMPTY = { warehouse: '', lines: [] };

/* The lines of a sheet after one more of something was seen; the newest stands first. */
export function seen(lines, found) {
  const same = (line) => line.sku === found.sku && line.lot === found.lot && line.location === found.location;
  const line = lines.find(same) ?? { ...found, counted: '0' };
  const counted = /^\d+$/.test(line.counted) ? String(BigInt(line.counted) + BigInt(found.count ?? 1)) : line.counted;
  return [{ ...line, counted }, ...lines.filter((one) => !same(one))];
}

function Line({ line, onCount, onRemove }) {
  return html`<li class="count-line" data-sku=${line.sku}>
    <div><b>${line.sku}</b>${(line.name || line.lot) && html`<p class="note">${[line.name, line.lot].filter(Boolean).join(' \u00b7 ')}</p>`}</div>
    <label><span class="hidden">${t('counting.counted')} ${line.sku}</span><input inputmode="decimal" value=${line.counted} onInput=${(event) => onCount(event.target.value)} /></label>
    <button type="button" class="quiet square" aria-label=${t('counting.remove', { sku: line.sku })} onClick=${onRemove}><${Icon} name="cross" /></button>
  </li>`;
}

export function Count() {
  const [sheet, setSheet] = useSheet(KEY, EMPTY);
  const [code, setCode] = useState('');
  const warehouses = useWarehouses();
  useEffect(() => {
    if (!sheet.warehouse && warehouses.length) setSheet((old) => ({ ...old, warehouse: warehouses[0] }));
  }, [warehouses.join()]);

  const add = async (text) => {
    const found = await find(text);
    const line = found?.sku ? { sku: found.sku, name: found.name ?? '', lot: found.lot ?? '', location: found.location ?? '', count: found.count } : { sku: text, name: '', lot: '', location: '' };
    if (!found?.sku) toast({ text: t('counting.unknown', { code: text }) });
    setSheet((old) => ({ ...old, lines: seen(old.lines, line) }));
  };
  useScan(add);
  const submit = (event) => {
    event.preventDefault();
    if (code.trim()) add(code.trim());
    setCode('');
  };
  const book = async () => {
    try {
      const lines = sheet.lines.map(({ sku, lot, location, counted }) => ({ sku, counted, ...(lot && { lot }), ...(location && { location }) }));
      const { data } = await post(address('/api/stock/count'), { warehouse: sheet.warehouse, lines });
      toast({ text: t('counting.booked', { n: data.filter((one) => Number(one.quantity) !== 0).length }) });
      setSheet((old) => ({ ...EMPTY, warehouse: old.warehouse }));
    } catch (error) {
      toastFailure(error);
    }
  };
  const change = (sku, lot) => (counted) => setSheet((old) => ({ ...old, lines: old.lines.map((line) => (line.sku === sku && line.lot === lot ? { ...line, counted } : line)) }));
  const remove = (gone) => () => setSheet((old) => ({ ...old, lines: old.lines.filter((line) => line !== gone) }));
  const ready = sheet.warehouse && sheet.lines.length > 0 && sheet.lines.every((line) => /^\d+(\.\d{1,4})?$/.test(line.counted.trim()));
  return html`<div class="page">
    <${PageHead} title=${t('counting.title')} note=${t('counting.note')} back=${{ href: link('stock'), label: t('page.stock') }} actions=${html`<button type="button" class="button" disabled=${!ready} onClick=${book}><${Icon} name="check" /> ${t('counting.book', { n: sheet.lines.length })}</button>`} />
    <${Card} title=${t('counting.warehouse')}>
      <form class="count-head" onSubmit=${submit}>
        <label class="scope-field"><span>${t('stock.warehouse')}</span><input list="warehouses" value=${sheet.warehouse} onInput=${(event) => setSheet((old) => ({ ...old, warehouse: event.target.value }))} /></label>
        <datalist id="warehouses">${warehouses.map((one) => html`<option key=${one} value=${one} />`)}</datalist>
        <label class="scope-field"><span>${t('counting.code')}</span><input data-scan="own" value=${code} onInput=${(event) => setCode(event.target.value)} autocomplete="off" spellcheck="false" /></label>
        <button type="submit" class="plain"><${Icon} name="plus" /> ${t('counting.add')}</button>
      </form>
      ${sheet.lines.length ? html`<ul class="count-lines">${sheet.lines.map((line) => html`<${Line} key=${`${line.sku}/${line.lot}`} line=${line} onCount=${change(line.sku, line.lot)} onRemove=${remove(line)} />`)}</ul>` : html`<p class="note">${t('counting.none')}</p>`}
    <//>
  </div>`;
}
