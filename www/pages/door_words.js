/* The words of the doors and of the house around them come with their pages. */
import words from '../text/en_doors.json';
import { learn } from '../lib/text.js';

learn(words);
