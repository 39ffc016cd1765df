/* Which rows the pages of figures speak of.
**
**   there     signal: the datasets that files came in for lately; set by the frame
**   dataset   signal: as= of the address, or else the first of DATASETS that there are files of
**   moneyOf   the measure of it that is an amount */
import { computed, signal } from '@preact/signals';
import { route } from './route.js';

export const DATASETS = ['sales', 'invoices'];
const MONEY = { sales: 'revenue', invoices: 'total' };

export const there = signal([]);
export const dataset = computed(() => route.value.query.as ?? DATASETS.find((name) => there.value.includes(name)) ?? there.value[0] ?? DATASETS[0]);
export const moneyOf = (name = dataset.value) => MONEY[name] ?? 'orders';
