// A finger on a page with hasTouch, and how long a person would need for what it did:
//
//   a tap        log2(distance / size + 1) / 6.95 seconds, Fitts' law with the throughput of a finger on a telephone
//                (I. S. MacKenzie, "Fitts' throughput and the remarkable case of touch-based target selection", HCII 2015)
//   a letter     60 / (36.2 * 5) seconds on the keys of the screen (K. Palin and others, "How do people type on mobile
//                devices?", MobileHCI 2019: 36.2 words of five letters a minute)
//   a decision   1.35 seconds, the operator M of the keystroke-level model (S. Card, T. Moran, A. Newell,
//                Communications of the ACM 23(7), 1980)
import assert from 'node:assert/strict';
import { WAIT } from './chromium.mjs';

const BITS_PER_SECOND = 6.95;
const LETTER = 60 / (36.2 * 5);
const DECISION = 1.35;

export function finger(page) {
  const { width, height } = page.viewportSize();
  let at = { x: width / 2, y: height / 2 };
  const hand = { taps: 0, letters: 0, decisions: 0, seconds: 0 };
  // What is tapped must be seen: nothing is scrolled for it. thought: one had to decide before.
  hand.tap = async (target, { thought = true } = {}) => {
    await target.waitFor(WAIT);
    const box = await target.boundingBox();
    const to = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    assert.ok(to.x >= 0 && to.x <= width && to.y >= 0 && to.y <= height, `${target} is in view`);
    const size = Math.min(box.width, box.height);
    assert.ok(size >= 44, `${target} is ${box.width}x${box.height}`);
    await page.touchscreen.tap(to.x, to.y);
    hand.taps++;
    hand.decisions += Number(thought);
    hand.seconds += Math.log2(Math.hypot(to.x - at.x, to.y - at.y) / size + 1) / BITS_PER_SECOND + (thought ? DECISION : 0);
    at = to;
  };
  hand.type = async (letters) => {
    await page.keyboard.type(letters, { delay: 60 }); // slower than a scanner, which the page tells from a hand
    hand.letters += letters.length;
    hand.seconds += letters.length * LETTER;
  };
  hand.said = () => `${hand.taps} taps, ${hand.letters} letters, ${hand.decisions} decisions: ${hand.seconds.toFixed(1)} s`;
  return hand;
}
