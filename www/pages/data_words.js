/* The words of imports, exceptions and rules come with their pages, not with the first view. */
import words from '../text/en_data.json';
import { learn } from '../lib/text.js';

learn(words);
