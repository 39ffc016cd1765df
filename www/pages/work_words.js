/* The words of the engine room come with its pages, not with the first view. */
import words from '../text/en_work.json';
import { learn } from '../lib/text.js';

learn(words);
