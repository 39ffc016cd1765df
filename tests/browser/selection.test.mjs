// What is chosen in a long list, and which word somebody meant: without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../www/lib/near.js';
import { ALL, NONE, extend, has, isEmpty, only, size, target, toggle } from '../../www/lib/selection.js';

const order = [11, 12, 13, 14, 15];
const ids = (selection) => [...selection.ids].sort();

test('one after the other, and up to there', () => {
  const two = toggle(toggle(NONE, 12, order), 14, order);
  assert.deepEqual(ids(two), [12, 14]);
  assert.deepEqual(ids(toggle(two, 12, order)), [14]);
  assert.deepEqual(ids(extend(two, order, 15, 13)), [12, 13, 14, 15]);
  assert.deepEqual(ids(extend(NONE, order, 99, 13)), [13], 'where it began is gone');
  assert.equal(extend(two, order, 11, 99), two);
  assert.deepEqual(ids(NONE), [], 'nothing is changed in place');
});

test('all that fit, also those that are not loaded', () => {
  assert.ok(has(ALL, 999));
  assert.equal(size(ALL, 12345), 12345);
  assert.deepEqual(target(ALL, { state: 'open' }), { filter: { state: 'open' } });
  const without = toggle(ALL, 13, order);
  assert.deepEqual(ids(without), [11, 12, 14, 15], 'what nobody saw is not chosen by accident');
  assert.deepEqual(target(without, { state: 'open' }), { ids: [11, 12, 14, 15] });
});

test('what is gone is not chosen', () => {
  const two = toggle(toggle(NONE, 12, order), 14, order);
  assert.deepEqual(ids(only(two, [11, 14])), [14]);
  assert.equal(only(two, order), two);
  assert.ok(isEmpty(only(two, [])));
});

test('the word that was meant', () => {
  const regions = ['North', 'South', 'East', 'West', 'Central'];
  const cases = { Nort: 'North', north: 'North', ' Souht ': 'South', Esat: 'East', Centrall: 'Central', Cenrtla: 'Central', Atlantis: null, '': null, Est: null };
  for (const [text, word] of Object.entries(cases)) assert.equal(nearest(text, regions), word, JSON.stringify(text));
  assert.equal(nearest('Nort', []), null);
  assert.equal(nearest(null, regions), null);
});
