/* The words of the stock pages come with them, not with the first view. */
import words from '../text/en_stock.json';
import { learn } from '../lib/text.js';

learn(words);
