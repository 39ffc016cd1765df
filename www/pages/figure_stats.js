/* Headline figures that explain themselves, each with its tick: the same figure
** computed a second time in another way. */
import { useEffect, useRef } from 'preact/hooks';
import { address, useAnswer, useKept } from '../lib/api.js';
import { moneyOf } from '../lib/dataset.js';
import { mean } from '../lib/decimal.js';
import { readFigure, shownFigure } from '../lib/figure.js';
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';
import { Stats } from '../parts/stat.js';
import { Tick } from '../parts/tick.js';
import { figureOf, Why } from '../parts/why.js';

/* The address that explains a figure: formula, SQL, rows; with tick the second
** computation, too, which costs as much as the first one or more. */
export function whyPath(figure, more) {
  const { dataset, measure, scope } = readFigure(figure);
  return address(`/api/why/${dataset}/${measure}`, { ...scope, ...more });
}

/* { tick: { ok, first, second, method } | null, failed: there is none } of a figure; asked again
** when its value is another one. */
function useTick(figure, value) {
  const { answer, error, again } = useAnswer(figure && whyPath(figure, { tick: 1 }));
  const asked = useRef(value);
  useEffect(() => {
    if (asked.current === value) return;
    asked.current = value;
    again();
  }, [value]);
  return { tick: answer?.data.tick ?? null, failed: !!error || !!answer };
}

function OwnTick({ figure, value }) {
  const { tick, failed } = useTick(figure, value);
  const known = useKept(tick);
  if (known) return html`<${Tick} ok=${known.ok} label=${t(known.ok ? 'why.agrees' : 'why.differs')} />`;
  return html`<span class=${`tick ${failed ? 'tick-none' : 'tick-wait'}`} role="img" aria-label=${t(failed ? 'why.unchecked' : 'why.checking')}></span>`;
}

/* measures: names; values: their figures, by name; more: for each name what else
** stands in the row of its stat (parts/stat.js). */
export function FigureStats({ scope, label, measures, values, more = {} }) {
  const rows = measures.map((name) => {
    const value = name === 'average' && values.average === undefined ? mean(values[moneyOf()], values.orders) : values[name];
    const figure = figureOf(name, scope);
    const title = nameOf('measure', name);
    const label = html`${title} <${OwnTick} key=${figure} figure=${figure} value=${String(value)} />`;
    return { id: name, label, value: html`<${Why} figure=${figure} label=${title}>${shownFigure(name, value)}<//>`, ...more[name] };
  });
  return html`<${Stats} label=${label} rows=${rows} />`;
}
