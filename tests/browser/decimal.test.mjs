// Figures of the page against a second way of making them, and that one against
// the language's own number formatting where it takes decimal text exactly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, count, divide, exact, money, percent, quantity, sum } from '../../www/lib/decimal.js';
import { rupees } from './oracle.mjs';

const language = new Intl.NumberFormat('en-IN', { minimumFractionDigits: 2, maximumFractionDigits: 2, roundingMode: 'halfEven' });
const languageIsExact = language.format('9007199254740993.125') === '9,00,71,99,25,47,40,993.12';

// A small generator, so that a failure can be repeated.
function random(seed) {
  return (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
}

function digits(next, n) {
  return Array.from({ length: n }, () => next(10)).join('');
}

test('money is rounded half to even and grouped in lakh and crore', () => {
  for (const [text, shown] of [
    ['0', '0.00'], ['1234567.89', '12,34,567.89'], ['123456789012', '1,23,45,67,89,012.00'], ['0.005', '0.00'], ['0.015', '0.02'],
    ['0.025', '0.02'], ['999.995', '1,000.00'], ['99999.995', '1,00,000.00'], ['-1234567.895', '\u221212,34,567.90'], ['2297200.8603', '22,97,200.86'],
  ])
    assert.equal(money(text), shown, text);
});

test('a hundred thousand random amounts', () => {
  const next = random(11);
  for (let i = 0; i < 100000; i++) {
    const whole = BigInt(digits(next, 1 + next(15))).toString();
    const half = next(4) === 0 ? '5' : digits(next, next(4));
    const text = `${next(5) ? '' : '-'}${whole}.${digits(next, 2)}${half}`;
    const expected = rupees(text);
    if (!/[1-9]/.test(expected)) continue; // the sign of a rounded nothing
    assert.equal(money(text), expected, text);
    if (languageIsExact) assert.equal(language.format(text).replace('-', '\u2212'), expected, text);
  }
});

test('sums lose nothing', () => {
  const next = random(5);
  const amounts = Array.from({ length: 10000 }, () => `${next(2) ? '' : '-'}${digits(next, 12).replace(/^0+(?=\d)/, '')}.${digits(next, 4)}`);
  const total = amounts.reduce((n, text) => n + BigInt(text.replace('.', '')), 0n);
  const scaled = sum(amounts);
  assert.equal(BigInt(scaled.replace('.', '')), total);
  assert.equal(sum([]), '0');
  assert.equal(sum(['0.1', '0.2']), '0.3');
});

test('the rest', () => {
  assert.equal(divide(5n, 2n), 2n);
  assert.equal(divide(7n, 2n), 4n);
  assert.equal(divide(-5n, 2n), -2n);
  assert.equal(divide(-7n, -2n), 4n);
  assert.equal(quantity('12.500'), '12.5');
  assert.equal(quantity('1200'), '1,200');
  assert.equal(quantity('1200.000'), '1,200');
  assert.equal(exact('1234.5'), '1,234.50');
  assert.equal(exact('1234.5678'), '1,234.5678');
  assert.equal(exact('5000'), '5,000');
  assert.equal(exact('not a number'), 'not a number');
  assert.equal(count(10000000), '1,00,00,000');
  assert.equal(percent(4575, 5000, 2), '91.50\u00a0%');
  assert.equal(percent(0, 0), '');
  assert.equal(compare('9.5', '10'), -1);
  assert.equal(compare('-9.5', '-10'), 1);
  assert.equal(compare('1.50', '1.5'), 0);
});
