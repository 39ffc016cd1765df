/* The words of the field-sales pages come with them, not with the first view. */
import words from '../text/en_shop.json';
import { learn } from '../lib/text.js';

learn(words);
